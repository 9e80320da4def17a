"""The index through the ledger: what it finds, whatever became of its files."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from storage.ledger.base import LedgerWriter
from storage.ledger.sqlite import SqliteLedger
from storage.model import Fingerprint
from tests.ledger.fold.desk import ask, files, open_ledger, place, store
from tests.ledger.values import NOON

DAY = timedelta(days=1)


@pytest.fixture
def desk(path: Path) -> Iterator[SqliteLedger]:
    ledger = open_ledger(path)
    yield ledger
    assert ledger.fold_checks() == []
    ledger.close()


class Dropped(Exception):  # noqa: N818 - no error
    pass


def _fill(ledger: SqliteLedger, first: int, last: int) -> None:
    """Store articles one by one; each time the files are merged before the next, so none differ."""
    for number in range(first, last):
        store(ledger, place(f"a{number}", (number, -1)))
        ledger._fold.settle()


def _all(last: int) -> list[str]:
    return [f"a{number}" for number in range(last)]


def test_the_tail_becomes_files_of_which_there_are_few(desk: SqliteLedger, path: Path) -> None:
    _fill(desk, 0, 60)
    assert 1 <= len(files(path)) <= 4
    assert ask(desk, [-1]) == _all(60)
    assert [ask(desk, [number]) for number in range(60)] == [[name] for name in _all(60)]


def test_a_ledger_opened_again_finds_all_of_it(desk: SqliteLedger, path: Path) -> None:
    _fill(desk, 0, 23)
    again = open_ledger(path)
    assert ask(again, [-1]) == _all(23)
    again.close()


def test_two_processes_find_each_others_articles_and_share_files(
    desk: SqliteLedger, path: Path
) -> None:
    other = open_ledger(path)
    for number in range(40):
        store((desk, other)[number % 3 == 0], place(f"a{number}", (-1,)))
        assert ask(desk, [-1]) == ask(other, [-1]) == _all(number + 1)
    other.close()
    assert len(files(path)) <= 5


def test_what_a_transaction_adds_is_found_in_it_and_gone_if_it_is_dropped(
    desk: SqliteLedger,
) -> None:
    _fill(desk, 0, 7)
    for _ in range(3):
        with suppress(Dropped):
            store(desk, *(place(f"a{number}", (-1, 3)) for number in range(7, 20)), then=_drop)
        assert ask(desk, [-1]) == _all(7)
        assert ask(desk, [3]) == ["a3"]
    _fill(desk, 7, 20)
    assert ask(desk, [-1]) == _all(20)


def _drop(writer: LedgerWriter) -> None:
    print_ = Fingerprint(content_hash="", bands=(-1,))
    found = writer.articles_near(print_, since=NOON, limit=99, floor=0)
    assert [article.article_id for article in found] == _all(20)
    raise Dropped


def test_stale_numbers_take_no_articles_place(desk: SqliteLedger) -> None:
    store(desk, place("live blog", (1, 2)))
    for revision in range(1, 30):
        store(desk, place("live blog", (1, 2), revision=revision))
    store(desk, place("copy", (1,)))
    assert ask(desk, [1, 2], limit=2) == ["live blog", "copy"]
    assert ask(desk, [1, 2], limit=1) == ["live blog"]


def test_merging_leaves_stale_numbers_out(desk: SqliteLedger) -> None:
    for revision in range(64):
        store(desk, place("live blog", (1, revision + 9), revision=revision))
    desk._fold.settle()
    articles = sum(one.header.articles for one in desk._fold._keeper.chain)
    assert articles < 32
    assert ask(desk, [1, 72]) == ["live blog"]


def test_bands_of_leads_are_asked_for_and_limited_by_themselves(desk: SqliteLedger) -> None:
    for number in range(9):
        store(desk, place(f"a{number}", (1,), lead=(50, 51)[: 1 + number % 2]))
    assert ask(desk, [1], lead=[50, 51], limit=2) == ["a0", "a1", "a3"]
    assert ask(desk, lead=[51], limit=9) == ["a1", "a3", "a5", "a7"]


def _signed(name: str, seed: int, *, swap: int = 0, shingles: int = 300) -> Fingerprint:
    """Return a fingerprint whose signature differs in ``swap`` values from others of the seed."""
    values = np.random.default_rng(seed).integers(0, 2**32, 192, dtype=np.uint32)
    values[:swap] ^= 0xABCD
    return Fingerprint(
        content_hash=name,
        signature=values[:128].tobytes(),
        bands=(1,),
        shingles=shingles,
        lead=values[128:].tobytes(),
        lead_bands=(2,),
        lead_shingles=40,
    )


@pytest.mark.parametrize("more", [0, 20])
def test_candidates_that_hold_too_little_of_the_text_are_left_out(
    desk: SqliteLedger, more: int
) -> None:
    """J = 1 - swap/128; of equal sets J / (1 + J) * 2 is contained, of a third as large all."""
    for name, print_ in {
        "same": _signed("same", 1),
        "half": _signed("half", 1, swap=64),
        "third": _signed("third", 1, swap=85, shingles=900),
        "little": _signed("little", 1, swap=120),
        "other": _signed("other", 2),
    }.items():
        store(desk, replace(place(name), fingerprint=print_))
    _fill(desk, 100, 100 + more)
    asked = _signed("", 1)

    def near(floor: float, **changed: tuple[int, ...]) -> list[str]:
        with desk.writing() as writer:
            found = writer.articles_near(
                replace(asked, **changed),  # type: ignore[arg-type]
                since=NOON,
                limit=9,
                floor=floor,
            )
        return [article.article_id for article in found]

    assert near(0.0) == ["same", "half", "third", "little", "other"]
    assert near(0.6, lead_bands=()) == ["same", "half", "third"]
    assert near(0.7, lead_bands=()) == ["same", "third"]
    assert near(0.7, bands=()) == ["same", "half", "third", "little"]


def test_articles_fetched_before_the_time_asked_for_are_left_out(desk: SqliteLedger) -> None:
    for number in range(12):
        store(desk, place(f"a{number}", (1,), at=NOON + number * DAY))
    assert ask(desk, [1], since=NOON + 3 * DAY) == _all(12)[3:]
    assert ask(desk, [1], since=NOON + 11 * DAY) == ["a11"]


def _truncate(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size - 1)


def _flip(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_truncate, "bytes instead of"),
        (lambda file: _flip(file, 40), "no header that can be read"),
        (lambda file: file.write_bytes(b""), "no header that can be read"),
        (Path.unlink, ""),
    ],
)
@pytest.mark.parametrize("which", [0, -1])
def test_a_file_that_is_missing_or_torn_is_made_anew(
    path: Path, damage: object, said: str, which: int, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = open_ledger(path)
    _fill(ledger, 0, 30)
    ledger.close()
    assert callable(damage)
    damage(files(path)[which])
    caplog.set_level(logging.INFO)
    ledger = open_ledger(path)
    assert any(said in problem for problem in ledger.fold_checks()) or not said
    assert ask(ledger, [-1]) == _all(30)
    assert ledger.fold_checks() == []
    assert "indexed anew from the ledger" in caplog.text
    assert said in caplog.text
    caplog.clear()
    ask(ledger, [-1])
    assert not caplog.text, "it is said once"
    ledger.close()


def test_flipped_bits_are_found_by_the_check_and_before_they_are_merged(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = open_ledger(path)
    _fill(ledger, 0, 8)
    ledger.close()
    _flip(files(path)[0], 4096)
    ledger = open_ledger(path)
    (said,) = ledger.fold_checks()
    assert said.endswith("is damaged: a checksum does not match")
    _fill(ledger, 8, 30)
    assert "checksum" in caplog.text
    assert [ask(ledger, [number]) for number in range(30)] == [[name] for name in _all(30)]
    ledger._fold.settle()
    assert ledger.fold_checks() == []
    ledger.close()


def test_a_file_that_points_nowhere_is_made_anew_by_the_next_try(path: Path) -> None:
    ledger = open_ledger(path)
    _fill(ledger, 0, 8)
    (segment,) = ledger._fold._keeper.chain
    _, (_, _, rows), (_, _, starts), _ = segment.header.layout()
    ledger.close()
    data = bytearray(segment.path.read_bytes())
    data[rows:starts] = b"\xff" * (starts - rows)
    segment.path.write_bytes(data)
    ledger = open_ledger(path)
    with pytest.raises(OSError, match="is damaged; it is made anew"):
        ask(ledger, [-1])
    assert ask(ledger, [-1]) == _all(8)
    ledger.close()


def test_files_of_another_ledger_are_not_believed(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = open_ledger(tmp_path / "other" / "ledger.db")
    for number in range(30):
        store(other, place(f"b{number}", (-1,)))
    other.close()
    ledger = open_ledger(path)
    _fill(ledger, 0, 30)
    ledger.close()
    shutil.rmtree(path.parent / "fold")
    shutil.copytree(tmp_path / "other" / "fold", path.parent / "fold")
    ledger = open_ledger(path)
    assert ask(ledger, [-1]) == _all(30)
    assert "of another ledger" in caplog.text
    ledger.close()


def test_files_newer_than_a_ledger_that_was_put_back_are_not_believed(path: Path) -> None:
    ledger = open_ledger(path)
    _fill(ledger, 0, 10)
    ledger.close()
    backup = path.read_bytes()
    ledger = open_ledger(path)
    _fill(ledger, 10, 30)
    ledger.close()
    path.write_bytes(backup)
    ledger = open_ledger(path)
    assert ask(ledger, [-1]) == _all(10)
    for number in range(10, 40):
        store(ledger, place(f"c{number}", (-1, -2)))
    assert ask(ledger, [-2]) == [f"c{number}" for number in range(10, 40)]
    assert ledger.fold_checks() == []
    ledger.close()


def test_articles_older_than_the_retention_drop_out_when_files_are_merged(path: Path) -> None:
    ledger = open_ledger(path, retention=10 * DAY)
    for number in range(32):
        at = NOON + number * DAY
        ledger.maintain(at=at)
        store(ledger, place(f"a{number}", (1,), at=at))
        ledger._fold.settle()
        begin = at - 10 * DAY
        assert ask(ledger, [1], since=begin) == _all(number + 1)[-11:]
    assert sum(one.header.articles for one in ledger._fold._keeper.chain) < 24
    assert ledger.fold_checks() == []
    ledger.close()


def _aged(path: Path) -> list[str]:
    """Make a ledger whose index kept two days of 32; return what it has them of."""
    ledger = open_ledger(path, retention=2 * DAY)
    for number in range(32):
        ledger.maintain(at=NOON + number * DAY)
        store(ledger, place(f"a{number}", (1,), at=NOON + number * DAY))
        ledger._fold.settle()
    ledger.close()
    return _all(32)


def test_a_longer_retention_brings_back_what_had_dropped_out(path: Path) -> None:
    stored = _aged(path)
    ledger = open_ledger(path, retention=None)
    assert ask(ledger, [1]) == stored
    ledger.close()


def test_who_asks_for_no_time_makes_nothing_anew(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stored = _aged(path)
    caplog.set_level(logging.INFO)
    ledger = SqliteLedger(path)
    assert stored[-1] in ask(ledger, [1])
    assert not caplog.text
    ledger.close()
