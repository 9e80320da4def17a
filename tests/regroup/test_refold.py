import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import storage
from ingest.dedup.decision import FoldRules
from ingest.dedup.signature import SCHEME
from ingest.errors import NewsfoldError
from ingest.regroup.plan import Kind
from storage.ledger.sqlite import SqliteLedger
from storage.model import Fingerprint, Outcome, Reason
from tests.regroup.desk import MINUTE, NEAR, NEARER, NOON, OTHER, RULES, TEXT, Room, id_of, prose

ABC = ("a", "b", "c")
STRICT = replace(RULES, containment=0.999, late_containment=0.999)
# Half of it stands in the text: too little by default.
HALF = f"{'. '.join(TEXT.split('. ')[:6])}. {prose(9, 6)}"
LOOSE = replace(RULES, containment=0.4)


def kinds(room: Room, rules: FoldRules) -> dict[str, Kind]:
    names = {id_of(name): name for name in (*ABC, "x", "y", "h")}
    return {
        names[step.before.article_id]: step.kind
        for change in room.would_change(rules)
        for step in change.steps
        if step.kind
    }


def test_unchanged_rules_change_nothing(room: Room) -> None:
    for name, text in (("a", TEXT), ("b", NEAR), ("x", OTHER), ("c", TEXT), ("h", HALF)):
        room.come(name, text)
    room.flush()
    before = room.snapshot()
    assert room.would_change() == []
    assert room.refold().made == 0
    assert room.snapshot() == before


def test_what_was_folded_into_an_earlier_revision_stays(room: Room) -> None:
    room.come("a", TEXT)
    room.come("b", NEAR)
    room.come("a", prose(8))
    assert room.would_change() == []


def test_looking_changes_nothing(room: Room) -> None:
    room.come("a", TEXT)
    room.come("h", HALF)
    before = room.snapshot()
    assert kinds(room, LOOSE) == {"h": Kind.MERGED}
    assert room.snapshot() == before


def test_stories_that_are_near_enough_now_are_merged_with_their_copies(room: Room) -> None:
    room.come("a", TEXT)
    room.come("h", HALF)
    room.come("b", f"{HALF} The end.")
    room.flush()
    assert kinds(room, LOOSE) == {"h": Kind.MERGED, "b": Kind.MOVED}
    assert room.refold(LOOSE).made == 1
    names = ("a", "b", "h")
    assert room.stories(names) == room.shown(names) == [["a", "b", "h"]]
    with storage.open(room.folder) as store:
        last = store.history(id_of("h"))[-1]
        assert (last.outcome, last.reason) == (Outcome.DUPLICATE, Reason.REFOLDED)
        assert '"containment_needed": 0.4' in last.evidence
    room.flush()
    assert room.shown(names) == [["a", "b", "h"]]
    assert room.would_change(LOOSE) == []


def test_copies_whose_texts_are_kept_become_stories_of_their_own(keeping: Room) -> None:
    keeping.come("a", TEXT)
    keeping.come("h", HALF)
    keeping.refold(LOOSE)
    keeping.come("b", NEAR)
    assert keeping.shown(("a", "b", "h")) == [["a", "b", "h"]]
    assert kinds(keeping, RULES) == {"h": Kind.SPLIT}
    keeping.refold()
    assert keeping.stories(("a", "b", "h")) == keeping.shown(("a", "b", "h")) == [["a", "b"], ["h"]]
    assert keeping.would_change() == []


def test_copies_without_texts_are_read_again_first(room: Room) -> None:
    loose, room.run = room.run, replace(room.run, rules=LOOSE)
    room.come("a", TEXT)
    room.come("h", HALF)
    assert room.shown(("a", "h")) == [["a", "h"]]
    room.run = loose
    assert kinds(room, RULES) == {"h": Kind.WAITS}
    assert room.refold().reread == 1
    assert room.would_change() == []  # it was said already
    assert room.entry("h").outcome is Outcome.PENDING
    room.read("h", HALF)
    assert room.stories(("a", "h")) == room.shown(("a", "h")) == [["a"], ["h"]]
    assert room.would_change() == []


def test_the_order_in_which_articles_came_makes_no_difference(tmp_path: Path) -> None:
    """C bridges A and B: which came first decides what they are folded into."""
    hour = timedelta(hours=1)
    first, second = prose(21, 12), prose(22, 12)
    bridge = f"{first} {second}"
    texts = {"a": first, "b": second, "c": bridge, "x": OTHER, "y": f"{OTHER} And so on."}
    results = []
    for number, order in enumerate(("abcxy", "cbayx", "yxcab")):
        room = Room(tmp_path / str(number), keep_text=True)
        for name in order:
            room.come(name, texts[name], published=NOON + hour * "abcxy".index(name))
        room.refold()
        assert room.would_change() == []
        results.append(room.shown("abcxy"))
        room.close()
    assert results[0] == results[1] == results[2]


def test_a_persons_word_outlasts_a_refold(keeping: Room) -> None:
    for name, text in (("a", TEXT), ("b", NEAR), ("c", NEARER), ("x", OTHER)):
        keeping.come(name, text)
    keeping.split("b")
    keeping.join("x", "c")
    for rules in (STRICT, LOOSE, RULES):
        keeping.refold(rules)
        assert keeping.article("b").story_id != keeping.article("a").story_id
        assert keeping.article("x").story_id == keeping.article("c").story_id
    assert keeping.would_change() == []


def test_articles_of_feeds_that_are_not_folded_stand_alone(keeping: Room) -> None:
    keeping.come("a", TEXT)
    keeping.come("b", NEAR, feed="g")
    assert keeping.shown(("a", "b")) == [["a", "b"]]
    keeping.run = replace(keeping.run, unfolded=frozenset({"g"}))
    keeping.refold()
    keeping.come("c", NEAR)
    assert keeping.shown(ABC) == [["a", "c"], ["b"]]


def test_what_is_older_is_taken_as_it_stands(room: Room) -> None:
    room.come("a", TEXT)
    room.come("h", HALF)
    room.come("b", f"{HALF} The end.")
    since = room.at - MINUTE
    assert room.would_change(LOOSE, since=since) == []
    assert len(room.would_change(LOOSE, since=NOON)) == 1


def test_a_change_that_a_crawl_overtook_is_left_for_the_next_time(room: Room) -> None:
    room.come("a", TEXT)
    room.come("h", HALF)
    with storage.open(room.folder) as store:
        refold = room._refold(store, LOOSE, None)
        with refold.drawing() as scratch:
            drawn = refold.draw(scratch)
            planned = list(refold.changes(drawn, scratch))
            room.come("b", NEAR)
            done = refold._carry(planned[0], at=room.at)
    assert (done.made, done.overtaken) == (0, 1)
    assert room.refold(LOOSE).made == 1
    assert room.shown(("a", "b", "h")) == [["a", "b", "h"]]


def age(room: Room) -> None:
    """Make the ledger one whose signatures another version made."""
    with room.ledger.writing() as writer:
        for key in room.ledger.stories.in_order():
            hashed = Fingerprint(content_hash=f"old {key}", signature=b"1234", bands=(1, 2, 3))
            writer.stories.sign(key, hashed)
    room.ledger.end_refold("another scheme")


def test_signatures_of_another_scheme_are_made_anew(room: Room) -> None:
    for name, text in (("a", TEXT), ("b", NEAR), ("x", OTHER)):
        room.come(name, text)
    wanted = room.article("x").fingerprint
    age(room)
    with pytest.raises(NewsfoldError, match="leave out --since"):
        room.refold(since=NOON)
    room.refold()
    assert room.ledger.fold_scheme() == SCHEME
    assert room.article("x").fingerprint == wanted
    # Its text is not kept: it stays with its story, and can only be told by its hash.
    assert room.shown(("a", "b", "x")) == [["a", "b"], ["x"]]
    assert room.article("b").fingerprint.bands == ()
    room.ledger.close()
    room.ledger = SqliteLedger(room.folder / "state" / "ledger.db")
    assert room.come("y", f"{OTHER} And so on.").outcome is Outcome.DUPLICATE


def test_signatures_are_not_made_anew_beside_a_crawl(room: Room) -> None:
    room.come("a", TEXT)
    age(room)
    other = SqliteLedger(room.folder / "state" / "ledger.db")
    other.begin_run(kind="crawl", at=room.at)
    with pytest.raises(NewsfoldError, match="stop it first"):
        room.refold()
    assert room.ledger.fold_scheme() == "another scheme"
    other.close()
    room.refold()
    assert room.ledger.fold_scheme() == SCHEME


_KILLED = """
import sys
from pathlib import Path
from tests.regroup.desk import Room
from tests.regroup.test_refold import LOOSE
room = Room(Path(sys.argv[1]))
print("ready", flush=True)
room.refold(LOOSE)
"""


def test_killed_at_any_instant_and_run_again_it_comes_to_the_same_end(tmp_path: Path) -> None:
    names = [f"{kind}{n}" for n in range(12) for kind in "ahb"]
    room = Room(tmp_path)
    for n in range(12):
        text = prose(100 + n)
        half = f"{'. '.join(text.split('. ')[:6])}. {prose(200 + n, 6)}"
        room.come(f"a{n}", text)
        room.come(f"h{n}", half)
        room.come(f"b{n}", f"{half} The end.")
    room.flush()
    room.close()
    for attempt in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", _KILLED, str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        try:
            child.wait(timeout=0.2 + 0.4 * attempt)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
        child.stdout.close()
        room = Room(tmp_path)
        assert room.ledger.checks() == []
        room.close()
    room = Room(tmp_path)
    room.refold(LOOSE)
    assert room.shown(names) == sorted([f"a{n}", f"b{n}", f"h{n}"] for n in range(12))
    assert room.would_change(LOOSE) == []
    room.close()
