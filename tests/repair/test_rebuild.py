"""A ledger that is lost or damaged is made anew, and the crawl goes on as if it had not been."""

import random
import shutil
import sqlite3
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest

from ingest.regroup.signer import SIGNER
from storage.fs import Files
from storage.lake.lake import Lake
from storage.model import Outcome
from storage.repair.rebuild import Rebuilding, Rebuilt, damage
from storage.repair.store import compared, rebuilding
from tests.lake.test_flush import Stop
from tests.regroup.desk import NEAR, OTHER, TEXT, Room, prose, url_of

PAGE = 4096
TEXTS = {
    "one": TEXT,
    "copy": NEAR,
    "other": OTHER,
    **{f"more{number}": prose(100 + number) for number in range(25)},
}
NAMES = list(TEXTS)
UNFLUSHED = "late"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with revisions, a fold, a person's word, and rows that no file has yet."""
    folder = tmp_path_factory.mktemp("filled")
    room = Room(folder, keep_text=True)
    for name, text in TEXTS.items():
        room.come(name, text)
    room.come("other", prose(55))
    room.join("more3", "more4")
    room.flush()
    room.come(UNFLUSHED, prose(77))
    room.close()
    return folder


@pytest.fixture
def lost(filled: Path, tmp_path: Path) -> Path:
    """A copy whose ledger is no more."""
    data = Path(shutil.copytree(filled, tmp_path / "data"))
    for file in (data / "state").glob("ledger.db*"):
        file.unlink()
    return data


def flip(data: Path) -> None:
    """Change a row behind the ledger's back."""
    with sqlite3.connect(data / "state" / "ledger.db") as db:
        db.execute("UPDATE feeds SET name = 'flipped'")
    db.close()


def rebuild(data: Path) -> Rebuilt | None:
    with rebuilding(data, SIGNER) as work:
        if work.finish():
            return None
        rebuilt = work.build(at=Room.at)
        work.put_in_place(rebuilt)
        return rebuilt


def problems(data: Path) -> list[str]:
    room = Room(data, keep_text=True)
    try:
        found = [*room.ledger.checks(), *(p.what for p in Lake(data, room.ledger).verify())]
    finally:
        room.close()
    differing = compared(data)
    return [*found, *differing.article_ids, *damage(data)]


def places(data: Path, names: list[str]) -> Mapping[str, object]:
    room = Room(data, keep_text=True)
    found = {
        name: (it.article_id, it.revision, it.story_id, it.duplicate_of, it.fingerprint)
        for name, it in ((name, room.article(name)) for name in names)
    }
    room.close()
    return found


def rows(data: Path) -> int:
    room = Room(data, keep_text=True)
    snapshot = room.ledger.snapshot()
    told = sum(part.rows for part in snapshot.parts if part.table in {"articles", "duplicates"})
    room.close()
    return told + len(snapshot.rows["articles"]) + len(snapshot.rows["duplicates"])


def come_again(data: Path, names: list[str]) -> set[Outcome]:
    """Have the world, unchanged, come once more."""
    room = Room(data, keep_text=True)
    room.at = max(entry.last_seen_at for entry in room.ledger.known_entries("f").values())
    texts = {**TEXTS, "other": prose(55), UNFLUSHED: prose(77)}
    outcomes = {room.come(name, texts[name]).outcome for name in names}
    room.close()
    return outcomes


def test_a_lost_ledger_is_made_of_the_files_and_an_unchanged_world_adds_nothing(
    filled: Path, lost: Path
) -> None:
    assert damage(lost) == ["is missing, and there are files it should know"]
    rebuilt = rebuild(lost)
    assert rebuilt is not None
    assert (rebuilt.mended.lost, rebuilt.findings) == ((), ())
    assert problems(lost) == []
    assert places(lost, NAMES) == places(filled, NAMES)
    before = rows(lost)
    assert come_again(lost, NAMES) == {Outcome.UNCHANGED}
    assert rows(lost) == before


def test_an_entry_that_says_the_same_is_known_by_its_digest(filled: Path, lost: Path) -> None:
    rebuild(lost)
    digests = []
    for data in (filled, lost):
        room = Room(data)
        known = room.ledger.known_entries("f")
        digests.append({name: known[name].entry_hash for name in NAMES})
        room.close()
    assert digests[0] == digests[1]


@pytest.mark.parametrize("seed", range(1, 5))
def test_what_can_be_read_of_a_ledger_written_over_is_kept(
    filled: Path, tmp_path: Path, seed: int
) -> None:
    data = Path(shutil.copytree(filled, tmp_path / "data"))
    file = data / "state" / "ledger.db"
    chance = random.Random(seed)
    content = bytearray(file.read_bytes())
    for page in chance.sample(range(1, len(content) // PAGE), 1 + 2 * seed):
        content[page * PAGE : (page + 1) * PAGE] = chance.randbytes(PAGE)
    file.write_bytes(content)
    assert damage(data)
    rebuilt = rebuild(data)
    assert rebuilt is not None
    assert (data / "quarantine" / "state" / "ledger.db").read_bytes() == content
    assert problems(data) == []
    assert places(data, NAMES) == places(filled, NAMES)
    before = rows(data)
    assert come_again(data, NAMES) == {Outcome.UNCHANGED}
    assert rows(data) == before


def test_rows_that_no_file_has_and_a_persons_word_outlast_a_flipped_bit(
    filled: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(filled, tmp_path / "data"))
    flip(data)
    rebuilt = rebuild(data)
    assert rebuilt is not None
    assert rebuilt.damaged == {"feeds": 1}
    assert rebuilt.waiting > 0
    assert problems(data) == []
    assert places(data, [*NAMES, UNFLUSHED]) == places(filled, [*NAMES, UNFLUSHED])
    room = Room(data, keep_text=True)
    assert len(room.ledger.stories.verdicts()) == 1
    room.close()


def test_an_article_whose_file_is_lost_too_is_read_again(lost: Path) -> None:
    for file in lost.glob("articles/dt=*/*.parquet"):
        file.write_bytes(b"PAR1 and no more")
    rebuilt = rebuild(lost)
    assert rebuilt is not None
    assert all(one.is_reread for one in rebuilt.mended.lost)
    assert {one.url for one in rebuilt.mended.lost} == {
        url_of(name) for name in NAMES if name not in {"copy", "more4"}
    }
    assert len(rebuilt.findings) == 1
    assert problems(lost) == []
    room = Room(lost, keep_text=True)
    assert room.entry("one").outcome is Outcome.PENDING
    assert room.article("copy").duplicate_of is None
    assert room.entry("copy").outcome is Outcome.PENDING
    assert room.read("other", OTHER).outcome is Outcome.NEW
    room.close()


class StopAtRename:
    """Stops before the n-th file gets another name."""

    def __init__(self, number: int) -> None:
        self._left = number

    def __call__(self, step: str) -> None:
        self._left -= step == "rename"
        if not self._left:
            raise Stop(step)


def test_a_swap_stopped_before_any_rename_goes_on_at_the_next(memory: Path) -> None:
    for number in count(1):
        data = memory / str(number)
        room = Room(data)
        room.come("one", TEXT)
        room.flush()
        room.come("other", OTHER)
        room.close()
        before = places(data, ["one", "other"])
        flip(data)
        with rebuilding(data, SIGNER) as work:
            made = work.build(at=Room.at)
            try:
                Rebuilding(
                    root=data, signer=SIGNER, files=Files(StopAtRename(number))
                ).put_in_place(made)
            except Stop:
                stopped = True
            else:
                stopped = False
        if stopped and damage(data):
            rebuild(data)
        assert damage(data) == []
        assert places(data, ["one", "other"]) == before
        assert (data / "quarantine" / "state" / "ledger.db").is_file()
        if not stopped:
            assert number > 3
            return
    pytest.fail("it never ended")


def test_what_a_crawl_has_open_is_left_alone(filled: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(filled, tmp_path / "data"))
    room = Room(data)
    with (
        rebuilding(data, SIGNER) as work,
        pytest.raises(Exception, match="a crawl or a daemon is at work"),
    ):
        work.build(at=room.at)
    room.close()
