import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from storage.errors import StoreError
from storage.ledger.base import Ledger
from storage.ledger.parts import Batch, JournalState, Part
from storage.ledger.sqlite import SqliteLedger
from tests.ledger.values import HOUR, NOON, article, entry, new, poll, stored

DAY = timedelta(days=1)


def _article(ledger: Ledger, name: str, *, days: int = 0) -> None:
    at = NOON + days * DAY
    ledger.commit_poll(poll(entry(name, at=at), at=at))
    with ledger.writing() as writer:
        writer.commit(new(entry(name), stored(name, at=at)))


def _part(batch: Batch, *, rows: int | None = None) -> Part:
    return Part(
        table=batch.table,
        path=f"{batch.table}/dt={batch.day}/part-{batch.batch_id}.parquet",
        batch_id=batch.batch_id,
        rows=batch.rows if rows is None else rows,
        bytes=1234,
        sha256="0" * 64,
    )


def test_an_empty_journal_has_nothing_to_flush(ledger: Ledger) -> None:
    assert ledger.journal_state() == JournalState(rows=0, oldest_at=None)
    assert ledger.assign_batches(at=NOON, limit=9) == []
    assert ledger.open_batches() == []
    assert ledger.snapshot().rows == dict.fromkeys(
        ("articles", "duplicates", "polls", "outcomes"), ()
    )


def test_the_journal_tells_how_much_waits_and_since_when(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a"), at=NOON + HOUR))
    ledger.commit_poll(poll(entry("b"), at=NOON))
    assert ledger.journal_state() == JournalState(rows=4, oldest_at=NOON)
    ledger.assign_batches(at=NOON, limit=9)
    assert ledger.journal_state() == JournalState(rows=0, oldest_at=None)


def test_each_table_and_day_gets_a_batch_of_its_own(ledger: Ledger) -> None:
    _article(ledger, "a")
    _article(ledger, "b", days=1)
    batches = ledger.assign_batches(at=NOON, limit=9)
    assert {(b.table, b.day, b.rows) for b in batches} == {
        ("articles", "2026-11-23", 1),
        ("articles", "2026-11-24", 1),
        ("outcomes", "2026-11-23", 2),
        ("outcomes", "2026-11-24", 2),
        ("polls", "2026-11-23", 1),
        ("polls", "2026-11-24", 1),
    }
    assert ledger.open_batches() == batches
    assert len({b.batch_id for b in batches}) == 6


def test_a_batch_takes_the_oldest_rows_up_to_its_limit(ledger: Ledger) -> None:
    for name in "cab":
        _article(ledger, name)
    first = [b for b in ledger.assign_batches(at=NOON, limit=2) if b.table == "articles"]
    second = [b for b in ledger.assign_batches(at=NOON + HOUR, limit=2) if b.table == "articles"]
    rows = [ledger.batch_rows(b.batch_id) for b in (*first, *second)]
    assert rows == [[article(stored("c")), article(stored("a"))], [article(stored("b"))]]
    assert first[0].batch_id < second[0].batch_id


def test_what_an_open_batch_holds_is_fixed(ledger: Ledger) -> None:
    _article(ledger, "a")
    batches = ledger.assign_batches(at=NOON, limit=9)
    before = [ledger.batch_rows(b.batch_id) for b in batches]
    _article(ledger, "b")
    assert [ledger.batch_rows(b.batch_id) for b in ledger.open_batches()] == before


def test_closing_a_batch_puts_its_part_in_the_place_of_its_rows(ledger: Ledger) -> None:
    _article(ledger, "a")
    batches = ledger.assign_batches(at=NOON, limit=9)
    for batch in batches:
        ledger.close_batch(batch.batch_id, _part(batch))
    assert ledger.open_batches() == []
    assert ledger.snapshot().rows["articles"] == ()
    assert list(ledger.snapshot().parts) == ledger.parts()
    assert ledger.parts("articles") == [_part(b) for b in batches if b.table == "articles"]
    assert ledger.batch_rows(batches[0].batch_id) == []


def test_a_batch_is_closed_once(ledger: Ledger) -> None:
    _article(ledger, "a")
    batch, *_ = ledger.assign_batches(at=NOON, limit=9)
    ledger.close_batch(batch.batch_id, _part(batch))
    with pytest.raises(LookupError, match=batch.batch_id):
        ledger.close_batch(batch.batch_id, _part(batch))
    assert len(ledger.parts()) == 1


def test_a_part_without_all_rows_of_its_batch_does_not_take_their_place(ledger: Ledger) -> None:
    _article(ledger, "a")
    batch, *_ = ledger.assign_batches(at=NOON, limit=9)
    before = ledger.batch_rows(batch.batch_id)
    with pytest.raises(ValueError, match=batch.batch_id):
        ledger.close_batch(batch.batch_id, _part(batch, rows=batch.rows - 1))
    assert ledger.batch_rows(batch.batch_id) == before
    assert ledger.parts() == []


def test_a_snapshot_shows_rows_of_open_batches_too(ledger: Ledger) -> None:
    _article(ledger, "a")
    before = ledger.snapshot()
    ledger.assign_batches(at=NOON, limit=9)
    assert ledger.snapshot() == before
    assert before.rows["articles"] == (article(stored("a")),)


def test_an_article_row_can_be_had_until_it_is_flushed(ledger: Ledger) -> None:
    _article(ledger, "a")
    batches = ledger.assign_batches(at=NOON, limit=9)
    with ledger.writing() as writer:
        assert writer.unflushed_article("a", 0) == article(stored("a"))
        assert writer.unflushed_article("a", 1) is None
    for batch in batches:
        ledger.close_batch(batch.batch_id, _part(batch))
    with ledger.writing() as writer:
        assert writer.unflushed_article("a", 0) is None


def test_one_revision_cannot_be_journalled_twice(ledger: Ledger) -> None:
    _article(ledger, "a")
    ledger.commit_poll(poll(entry("b")))
    with pytest.raises(sqlite3.IntegrityError), ledger.writing() as writer:
        writer.commit(new(entry("b"), stored("a")))


def test_a_damaged_row_is_never_handed_out(path: Path) -> None:
    ledger = SqliteLedger(path)
    _article(ledger, "a")
    with ledger._database.writing() as db:
        db.execute(
            "UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), 'Text of', 'Lies on')"
            " AS BLOB) WHERE table_name = 'articles'"
        )
    (problem,) = ledger.checks()
    assert "journal row" in problem
    assert "articles" in problem
    with pytest.raises(StoreError, match="damaged"):
        ledger.snapshot()
    batches = {b.table: b.batch_id for b in ledger.assign_batches(at=NOON, limit=9)}
    with pytest.raises(StoreError, match="damaged"):
        ledger.batch_rows(batches["articles"])
    assert len(ledger.batch_rows(batches["polls"])) == 1
    ledger.close()
