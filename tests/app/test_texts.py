"""What a text of a stored article is: a revision, nothing new, or an article of its own."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from storage.model import Outcome, OutcomeChange, Reason
from storage.regroup import Verdict, Word
from tests.app.desk import HOUR, NEAR, NOON, OTHER, TEXT, Desk, address, id_of, prose

OLD, NEW = "paper.example/old", "paper.example/new"
SENTENCES = [f"{sentence}." for sentence in TEXT.split(". ")]
BODY = "\n".join(SENTENCES)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path)
    yield opened
    assert opened.ledger.checks() == []
    opened.ledger.close()


def verdict(change: OutcomeChange | None) -> tuple[Outcome, Reason]:
    assert change is not None
    return change.outcome, change.reason


def evidence(change: OutcomeChange) -> dict[str, object]:
    told: dict[str, object] = json.loads(change.evidence)
    return told


def test_a_near_text_under_a_guid_whose_link_changed_is_the_next_revision(desk: Desk) -> None:
    desk.find(OLD, TEXT)
    state = desk.announce(OLD, version=1, link=NEW)
    change = desk.settle(state, desk.found(NEW, NEAR))
    assert verdict(change) == (Outcome.REVISED, Reason.TEXT_CHANGED)
    stored = desk.article(OLD)
    assert (stored.revision, stored.canonical_url) == (1, address(OLD))
    assert desk.ledger.article_by_url([address(NEW)]) == stored
    assert desk.ledger.article(id_of(NEW)) is None


def test_the_same_text_under_a_guid_whose_link_changed_is_unchanged(desk: Desk) -> None:
    desk.find(OLD, TEXT)
    change = desk.settle(desk.announce(OLD, version=1, link=NEW), desk.found(NEW, TEXT))
    assert verdict(change) == (Outcome.UNCHANGED, Reason.SAME_TEXT)
    assert desk.ledger.article_by_url([address(NEW)]) == desk.article(OLD)


def test_an_unrelated_text_under_a_known_guid_is_an_article_of_its_own(desk: Desk) -> None:
    desk.find(OLD, TEXT)
    change = desk.settle(desk.announce(OLD, version=1, link=NEW), desk.found(NEW, OTHER))
    assert verdict(change) == (Outcome.NEW, Reason.FIRST_SEEN)
    assert desk.article(OLD).revision == 0
    assert desk.article(NEW).story_id == id_of(NEW)


def test_a_newer_text_of_the_same_site_is_a_revision_under_one_more_address(desk: Desk) -> None:
    desk.find(OLD, TEXT, published=NOON)
    change = desk.find(NEW, NEAR, published=NOON + HOUR)
    assert verdict(change) == (Outcome.REVISED, Reason.NEWER_TEXT)
    assert change.article_id == id_of(OLD)
    assert evidence(change)["rule"] == "newer text of the same site"
    assert desk.article(OLD).revision == 1
    assert desk.ledger.article_by_url([address(NEW)]) == desk.article(OLD)
    assert desk.view("FROM duplicates") == []
    assert len(desk.view("FROM revisions")) == 2


def test_a_text_that_has_grown_under_a_new_address_is_a_revision(desk: Desk) -> None:
    desk.find(OLD, TEXT, published=NOON)
    change = desk.find(NEW, f"{TEXT} {prose(5, 14)}", published=NOON)
    assert verdict(change) == (Outcome.REVISED, Reason.NEWER_TEXT)


@pytest.mark.parametrize(
    ("name", "text", "hours"),
    [
        (NEW, TEXT, 1),  # exactly the same
        (NEW, NEAR, -1),  # published before
        ("other.example/new", NEAR, 1),  # elsewhere
    ],
)
def test_what_is_no_newer_text_of_its_site_is_folded(
    desk: Desk, name: str, text: str, hours: int
) -> None:
    desk.find(OLD, TEXT, published=NOON)
    desk.find(name, text, published=NOON + hours * HOUR)
    (row,) = desk.view("FROM duplicates")
    assert {row["article_id"], row["duplicate_of"]} == {id_of(OLD), id_of(name)}
    assert desk.article(OLD).revision == desk.article(name).revision == 0


def test_a_cut_text_of_the_same_site_is_no_revision(desk: Desk) -> None:
    desk.find(OLD, f"{TEXT} {prose(5, 14)}", published=NOON)
    assert desk.find(NEW, TEXT, published=NOON + HOUR).outcome is Outcome.DUPLICATE


# Texts of two sites, near each other; two of them of the same site, one later than the other.
WIRE = {
    OLD: (TEXT, 2),
    NEW: (NEAR, 3),
    "first": (f"{TEXT} Then it rained.", 1),
    "second": (OTHER, 1),
    "third": (f"{TEXT} {prose(5, 5)}", 4),
}


@pytest.mark.parametrize("order", list(itertools.permutations(WIRE))[::8], ids="-".join)
def test_what_is_seen_in_one_round_comes_to_the_same_stories_in_any_order(
    desk: Desk, order: tuple[str, ...]
) -> None:
    states = {name: replace(desk.announce(name), first_seen_at=NOON) for name in WIRE}
    for name in order:
        text, hours = WIRE[name]
        desk.settle(states[name], desk.found(name, text, published=NOON + hours * HOUR))
    stories = {
        frozenset(str(row["article_id"]) for row in rows)
        for _, rows in itertools.groupby(
            desk.view(
                """SELECT article_id, story_id FROM articles
                   UNION ALL SELECT article_id, story_id FROM duplicates ORDER BY story_id"""
            ),
            key=lambda row: row["story_id"],
        )
    }
    wire = {id_of(name) for name in WIRE if name != "second"}
    assert stories == {frozenset(wire), frozenset({id_of("second")})}
    firsts = {row["article_id"] for row in desk.view("FROM articles")}
    assert firsts == {id_of("first"), id_of("second")}
    assert {row["duplicate_of"] for row in desk.view("FROM duplicates")} == {id_of("first")}


@pytest.mark.parametrize(
    "furniture",
    ["Updated at 12:05", "1,204 comments", "12 May 2026", "Read also: Ten boats for sale"],
)
def test_a_change_of_boilerplate_alone_is_no_revision(desk: Desk, furniture: str) -> None:
    desk.find("first", f"{BODY}\nUpdated at 11:58")
    change = desk.find("first", f"{furniture}\n{BODY}", version=1)
    assert verdict(change) == (Outcome.UNCHANGED, Reason.SAME_PASSAGES)
    assert evidence(change)["passages_shared"] in {len(SENTENCES), len(SENTENCES) + 1}
    assert desk.article("first").revision == 0


def test_a_sentence_that_the_site_prints_under_many_headlines_is_no_news(desk: Desk) -> None:
    notice = "Our readers can now try the new edition for free until the end of the month."
    for number in range(4):
        desk.find(f"paper.example/{number}", f"{prose(10 + number)}\n{notice}")
    desk.find(OLD, BODY)
    change = desk.find(OLD, f"{BODY}\n{notice}", version=1)
    assert verdict(change) == (Outcome.UNCHANGED, Reason.SAME_PASSAGES)
    assert evidence(change)["left_out"] == 1
    assert evidence(change)["left_out_quotes"] == [notice]


def test_a_changed_number_in_a_sentence_is_a_revision(desk: Desk) -> None:
    desk.find("first", f"{BODY}\nThe police speak of 12 injured.")
    change = desk.find("first", f"{BODY}\nThe police speak of 14 injured.", version=1)
    assert verdict(change) == (Outcome.REVISED, Reason.TEXT_CHANGED)
    told = evidence(change)
    assert told["only_here"] == ["The police speak of 14 injured."]
    assert told["passages_shared"] == len(SENTENCES)


def test_a_page_that_flips_between_two_texts_does_not_fill_the_store(desk: Desk) -> None:
    for turn in range(40):
        furniture = f"{turn} comments"  # its counter goes on
        change = desk.find("first", f"{(BODY, OTHER)[turn % 2]}\n{furniture}", version=turn)
    assert len(desk.view("FROM revisions")) == 4
    told = [str(row["reason"]) for row in desk.view("FROM outcomes ORDER BY changed_at")]
    assert told.count(Reason.SEEN_BEFORE) == 18
    assert told.count(Reason.SAME_PASSAGES) == 18
    assert change.outcome is Outcome.UNCHANGED


def test_a_third_text_is_stored_after_a_flip(desk: Desk) -> None:
    for turn in range(6):
        desk.find("first", (TEXT, OTHER)[turn % 2], version=turn)
    change = desk.find("first", prose(9), version=9)
    assert verdict(change) == (Outcome.REVISED, Reason.TEXT_CHANGED)


def test_what_is_near_and_no_copy_is_linked_from_both_sides(desk: Desk) -> None:
    long = prose(5, 40)
    desk.find("first", f"{long} {TEXT}")
    quoting = f"{prose(6, 20)} {prose(5, 14)}"
    change = desk.find("second", quoting)
    assert change.outcome is Outcome.NEW
    (there,) = desk.ledger.related(id_of("second"))
    (back,) = desk.ledger.related(id_of("first"))
    assert (there.article_id, back.article_id) == (id_of("first"), id_of("second"))
    assert there.rule == back.rule
    assert there.containment == back.containment >= 0.3
    (row,) = desk.view(f"FROM articles WHERE article_id = '{id_of('second')}'")
    assert json.loads(str(row["extra"])) == {"related": [id_of("first")]}
    # A later revision of either keeps the link in sight.
    desk.find("second", f"{quoting} {prose(7, 1)}", version=1)
    (row,) = desk.view(f"FROM articles WHERE article_id = '{id_of('second')}'")
    assert json.loads(str(row["extra"])) == {"related": [id_of("first")]}


def test_a_former_first_that_was_revised_gives_way_with_its_newest_text(desk: Desk) -> None:
    desk.find("second", f"{BODY}\nThe harbour stays shut until noon.", published=NOON)
    desk.find("second", f"{BODY}\nThe harbour is open again.", version=1, published=NOON)
    desk.flush()
    change = desk.find("first", BODY, published=NOON - HOUR)
    assert verdict(change) == (Outcome.NEW, Reason.FIRST_SEEN)
    (row,) = desk.view("FROM duplicates")
    assert (row["article_id"], row["revision"]) == (id_of("second"), 1)
    assert [row["article_id"] for row in desk.view("FROM articles")] == [id_of("first")]
    assert desk.entry("second").reason is Reason.BETTER_ORIGINAL


def test_a_newer_text_of_a_copy_stays_in_its_story(desk: Desk) -> None:
    desk.find("first", TEXT, published=NOON - HOUR)
    desk.find(OLD, NEAR, published=NOON)
    change = desk.find(NEW, f"{NEAR} Then it rained.", published=NOON + HOUR)
    assert verdict(change) == (Outcome.DUPLICATE, Reason.NEAR_COPY)
    assert change.article_id == id_of(OLD)
    assert desk.article(OLD).revision == 1
    assert desk.article(OLD).duplicate_of == id_of("first")


def test_two_processes_know_each_other_s_texts_and_links(desk: Desk, tmp_path: Path) -> None:
    beside = Desk(tmp_path)
    desk.find(OLD, TEXT, published=NOON)
    beside.at += timedelta(hours=1)
    assert beside.find(NEW, NEAR, published=NOON).reason is Reason.NEWER_TEXT
    assert desk.article(OLD).revision == 1
    desk.at += timedelta(hours=2)
    first = desk.find("first", TEXT, published=NOON - HOUR)
    assert verdict(first) == (Outcome.NEW, Reason.FIRST_SEEN)
    assert beside.article(OLD).duplicate_of == id_of("first")
    beside.ledger.close()


FRONT, BACK = prose(20, 14), prose(21, 14)


@pytest.mark.parametrize("order", list(itertools.permutations(("first", "second", "third"))))
@pytest.mark.parametrize("flushed", [False, True], ids=["in the journal", "in Parquet"])
def test_two_cuts_of_one_text_are_one_story_whenever_the_whole_arrives(
    desk: Desk, order: tuple[str, ...], flushed: bool
) -> None:
    texts = {"first": f"{FRONT} {BACK}", "second": FRONT, "third": f"{prose(20, 3)} {BACK}"}
    hours = {"first": 0, "second": 1, "third": 2}
    for name in order:
        desk.find(name, texts[name], published=NOON + hours[name] * HOUR)
        if flushed:
            desk.flush()
    assert [row["article_id"] for row in desk.view("FROM articles")] == [id_of("first")]
    assert {row["duplicate_of"] for row in desk.view("FROM duplicates")} == {id_of("first")}
    (story,) = desk.view("FROM stories")
    assert (story["article_id"], story["copies"]) == (id_of("first"), 3)
    if order[-1] == "first":
        reasons = {desk.entry(name).reason for name in ("second", "third")}
        assert reasons == {Reason.BETTER_ORIGINAL, Reason.SHARED_COPY}


def test_a_text_between_two_stories_of_several_joins_one_and_leaves_the_other(desk: Desk) -> None:
    desk.find("first", FRONT, published=NOON)
    desk.find("paper.example/1", FRONT, published=NOON + HOUR)
    desk.find("second", f"{prose(20, 3)} {BACK}", published=NOON)
    desk.find("other.example/1", f"{prose(20, 3)} {BACK}", published=NOON + HOUR)
    desk.find("third", f"{FRONT} {BACK}", published=NOON + 2 * HOUR)
    assert len(desk.view("FROM stories")) == 2
    assert desk.article("third").duplicate_of in {id_of("first"), id_of("second")}


def test_two_cuts_that_a_person_set_apart_are_not_gathered_by_the_whole(desk: Desk) -> None:
    desk.find("second", FRONT, published=NOON + HOUR)
    desk.find("third", f"{prose(20, 3)} {BACK}", published=NOON + 2 * HOUR)
    with desk.ledger.writing() as writer:
        second, third = id_of("second"), id_of("third")
        word = Verdict(article_id=second, other_id=third, word=Word.APART, said_at=NOON)
        writer.stories.say([word])
    desk.find("first", f"{FRONT} {BACK}", published=NOON)
    assert desk.article("second").story_id != desk.article("third").story_id
