"""Bytes written over at random places of a store's files: none gives wrong data unseen."""

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from storage.errors import StoreError
from storage.lake.lake import Lake
from storage.ledger.fold.segment import Header
from tests.conftest import TABLE
from tests.faults.newsroom import Newsroom, crawl, open_ledger
from tests.faults.test_kills import KILLS
from tests.ledger.values import NOON, entry, poll

OVERWRITES = 80 if KILLS <= 100 else 200
OF_OTHERS = 30 if KILLS <= 100 else 200  # their checksums are older, and the same each time
MOST_BYTES = 16
NEWSROOM = Newsroom(items=60)

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with parts, a journal, pending entries and segments of the fold's index."""
    root = tmp_path_factory.mktemp("sound")
    crawl(root, NEWSROOM, at=NOON)
    ledger = open_ledger(root)
    ledger.commit_poll(poll(*(entry(f"waits-{n}", feed="h") for n in range(300)), feed="h"))
    ledger.close()
    return root


def problems(root: Path) -> list[str]:
    """Return all that `store verify` says, or why the store cannot be opened."""
    try:
        ledger = open_ledger(root)
    except (StoreError, sqlite3.Error) as error:
        return [str(error)]
    try:
        found = [*ledger.checks()]
        found += [] if found else ledger.fold_checks()
        return [*found, *(p.what for p in Lake(root, ledger).verify())]
    except (StoreError, sqlite3.Error) as error:
        return [str(error)]
    finally:
        ledger.close()


def contents(path: Path) -> list[Any] | None:
    """Return all that a reader of the database is given; ``None`` if that is an error."""
    db = sqlite3.connect(path)
    try:
        names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return [
            sorted(map(repr, db.execute(f"SELECT * FROM {name}"))) for (name,) in names.fetchall()
        ]
    except (sqlite3.Error, UnicodeDecodeError):  # the second: SQLite quotes what it found
        return None
    finally:
        db.close()


def overwritten(
    sound: Path, root: Path, pattern: str, *, times: int
) -> Iterator[tuple[Path, Path]]:
    """Yield copies of a store, each with some bytes of one file written over, and that file."""
    chance = random.Random(pattern)
    for number in range(times):
        store = root / str(number)
        shutil.copytree(sound, store)
        file = chance.choice(sorted(store.glob(pattern)))
        data = bytearray(file.read_bytes())
        length = chance.randint(1, MOST_BYTES)
        place = chance.randrange(len(data) - length)
        data[place : place + length] = chance.randbytes(length)
        file.write_bytes(data)
        yield store, file
        shutil.rmtree(store)


def test_no_overwrite_of_the_ledger_gives_wrong_data_unseen(
    sound: Path, root: Path, record_property: Record
) -> None:
    truth = contents(sound / "state" / "ledger.db")
    tally: Counter[str] = Counter()
    unseen = []
    for store, file in overwritten(sound, root, "state/ledger.db", times=OVERWRITES):
        found = contents(file)
        said = problems(store)
        kind = (
            "no data touched" if found == truth else "an error" if found is None else "wrong data"
        )
        tally[f"{kind}, {'told' if said else 'untold'}"] += 1
        if kind != "no data touched" and not said:
            unseen.append((store.name, kind))
    record_property(TABLE, f"{OVERWRITES} overwrites of the ledger: {dict(tally)}")
    assert unseen == []
    assert tally["wrong data, told"] > OVERWRITES // 10


def test_every_overwrite_of_a_part_is_told(
    sound: Path, root: Path, record_property: Record
) -> None:
    pattern = "*/dt=*/*.parquet"
    unseen = [
        file
        for store, file in overwritten(sound, root, pattern, times=OF_OTHERS)
        if file.read_bytes() != (sound / file.relative_to(store)).read_bytes()
        and not problems(store)
    ]
    record_property(TABLE, f"{OF_OTHERS} overwrites of parts: {len(unseen)} untold")
    assert unseen == []


def test_every_overwrite_of_what_a_segment_says_is_told(
    sound: Path, root: Path, record_property: Record
) -> None:
    tally: Counter[str] = Counter()
    for store, file in overwritten(sound, root, "state/fold/*.fold", times=OF_OTHERS):
        before = said_by(sound / file.relative_to(store))
        kind = "padding" if said_by(file) == before else "told" if problems(store) else "untold"
        tally[kind] += 1
    record_property(TABLE, f"{OF_OTHERS} overwrites of segments: {dict(tally)}")
    assert not tally["untold"]
    assert tally["told"] > 10


def said_by(file: Path) -> list[bytes]:
    """Return a segment's header and arrays, without what fills its pages up."""
    data = file.read_bytes()
    line, rest = data[len(b"newsfold fold\n") :].split(b"\n", 1)
    try:
        layout = msgspec.json.decode(line, type=Header).layout()
    except msgspec.DecodeError:
        return [data]
    arrays = [data[begin : begin + kind.itemsize * length] for kind, length, begin in layout]
    return [data[: len(data) - len(rest)], rest[:16], *arrays]
