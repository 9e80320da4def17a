import pytest

import storage
from ingest.errors import NewsfoldError
from storage.model import Match, Outcome, Reason
from tests.regroup.desk import NEAR, NEARER, OTHER, TEXT, Room, id_of, prose

ABC = ("a", "b", "c")


def three(room: Room) -> None:
    room.come("a", TEXT)
    room.come("b", NEAR)
    room.come("c", NEARER)
    assert room.stories(ABC) == [["a", "b", "c"]]


def test_a_copy_whose_text_is_kept_is_a_story_of_its_own_at_once(keeping: Room) -> None:
    three(keeping)
    keeping.flush()
    done = keeping.split("b")
    assert [it.article_id for it in done.moved] == [id_of("b")]
    assert keeping.stories(ABC) == keeping.shown(ABC) == [["a", "c"], ["b"]]
    with storage.open(keeping.folder) as store:
        assert [row.text for row in store.get(id_of("b"))] == [NEAR]
        assert store.history(id_of("b"))[-1].reason is Reason.SET_APART
    assert keeping.entry("b").outcome is Outcome.NEW


def test_a_copy_without_its_text_leaves_when_its_page_was_read_again(room: Room) -> None:
    three(room)
    done = room.split("b")
    assert (done.moved, [it.article_id for it in done.reread]) == ((), [id_of("b")])
    assert room.entry("b").outcome is Outcome.PENDING
    assert room.shown(ABC) == [["a", "b", "c"]]
    change = room.read("b", NEAR)
    assert (change.outcome, change.reason) == (Outcome.NEW, Reason.SET_APART)
    assert room.stories(ABC) == room.shown(ABC) == [["a", "c"], ["b"]]
    room.flush()
    assert room.shown(ABC) == [["a", "c"], ["b"]]
    assert room.would_change() == []


def test_what_waits_to_leave_its_story_takes_nothing_into_it(room: Room) -> None:
    half = prose(3, 8)
    room.come("a", TEXT)
    room.come("b", f"{TEXT} {half}")
    assert room.article("b").duplicate_of == id_of("a")
    room.split("b")
    end = ". ".join(TEXT.split(". ")[8:])
    room.come("c", f"{end} {half}")  # near b alone
    assert room.article("c").duplicate_of is None
    room.read("b", f"{TEXT} {half}")
    assert room.stories(ABC) == room.shown(ABC) == [["a"], ["b", "c"]]


def test_what_was_split_off_stays_apart_after_a_revision(keeping: Room) -> None:
    three(keeping)
    keeping.split("b")
    keeping.come("d", prose(4))
    # It becomes a copy of another, and then again what it was.
    keeping.come("b", f"{prose(4)} And so on.")
    keeping.come("b", NEAR)
    assert ["a", "c"] in keeping.stories(ABC)


def test_a_storys_copies_never_fold_into_what_was_split_off(room: Room) -> None:
    three(room)
    room.split("b")
    room.read("b", NEAR)
    room.come("c", prose(5))
    room.come("c", NEAR)  # the same text as that of the one that was split off
    assert room.article("c").story_id != room.article("b").story_id


def test_when_the_first_is_split_off_the_next_takes_the_story_over(keeping: Room) -> None:
    three(keeping)
    keeping.flush()
    story = keeping.article("a").story_id
    keeping.split("a")
    assert keeping.stories(ABC) == keeping.shown(ABC) == [["a"], ["b", "c"]]
    assert keeping.article("b").story_id == story
    keeping.flush()
    assert keeping.shown(ABC) == [["a"], ["b", "c"]]
    assert keeping.would_change() == []


def test_when_the_first_is_split_off_copies_without_text_are_read_again(room: Room) -> None:
    three(room)
    done = room.split("a")
    assert [it.article_id for it in done.reread] == [id_of("b"), id_of("c")]
    room.read("c", NEARER)
    room.read("b", NEAR)
    assert room.stories(ABC) == room.shown(ABC) == [["a"], ["b", "c"]]
    assert room.would_change() == []


def test_two_stories_are_joined_with_all_their_copies(room: Room) -> None:
    three(room)
    room.come("x", OTHER)
    room.come("y", f"{OTHER} The end.")
    room.flush()
    room.join("y", "c")
    everything = (*ABC, "x", "y")
    assert room.stories(everything) == room.shown(everything) == [["a", "b", "c", "x", "y"]]
    with storage.open(room.folder) as store:
        matches = {row.article_id: row.match for row in store.copies(id_of("a"))}
    assert matches[id_of("x")] is Match.JOINED
    assert matches[id_of("y")] is Match.NEAR
    assert room.entry("x").reason is Reason.JOINED
    room.flush()
    assert room.shown(everything) == [["a", "b", "c", "x", "y"]]
    assert room.would_change() == []


def test_what_was_joined_stays_so_after_a_revision(room: Room) -> None:
    room.come("a", TEXT)
    room.come("x", OTHER)
    room.join("a", "x")
    change = room.come("x", prose(7))
    assert (change.outcome, change.reason) == (Outcome.DUPLICATE, Reason.JOINED)
    assert room.shown(("a", "x")) == [["a", "x"]]


def test_a_joined_first_has_its_text_when_it_is_split_off_again(room: Room) -> None:
    room.come("a", TEXT)
    room.come("x", OTHER)
    room.join("a", "x")
    room.flush()
    done = room.split("x")
    assert done.reread == ()
    assert room.shown(("a", "x")) == [["a"], ["x"]]
    with storage.open(room.folder) as store:
        assert [row.text for row in store.get(id_of("x"))] == [OTHER, OTHER]


def test_the_last_word_is_what_counts(room: Room) -> None:
    room.come("a", TEXT)
    room.come("x", OTHER)
    room.join("a", "x")
    room.split("x")
    room.join("x", "a")
    assert room.would_change() == []
    assert room.shown(("a", "x")) == [["a", "x"]]
    assert len(room.ledger.stories.verdicts()) == 1


def test_a_word_that_is_taken_back_leaves_the_rules_to_decide(keeping: Room) -> None:
    three(keeping)
    keeping.split("b")
    keeping.forget("b")
    assert keeping.ledger.stories.verdicts() == []
    assert keeping.shown(ABC) == [["a", "c"], ["b"]]
    keeping.refold()
    assert keeping.stories(ABC) == keeping.shown(ABC) == [["a", "b", "c"]]


def test_taking_a_split_back_before_the_page_was_read_keeps_the_copy(room: Room) -> None:
    three(room)
    room.split("b")
    room.forget("b")
    assert room.read("b", NEAR).reason is Reason.SAME_TEXT
    assert room.shown(ABC) == [["a", "b", "c"]]


def test_words_that_cannot_be_followed_are_refused(room: Room) -> None:
    three(room)
    room.come("x", OTHER)
    with pytest.raises(NewsfoldError, match="alone in its story"):
        room.split("x")
    with pytest.raises(NewsfoldError, match="of one story already"):
        room.join("a", "c")
    with pytest.raises(NewsfoldError, match="of one story already"):
        room.join("x", "x")
    with pytest.raises(NewsfoldError, match="nothing was said"):
        room.forget("x")
    assert room.ledger.stories.verdicts() == []
