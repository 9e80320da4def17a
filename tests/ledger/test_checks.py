from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.ledger.sqlite import SqliteLedger
from tests.ledger.values import NOON, copy, entry, new, poll, stored


@pytest.fixture
def full(path: Path) -> Iterator[SqliteLedger]:
    ledger = SqliteLedger(path)
    ledger.commit_poll(poll(*map(entry, "abc")))
    with ledger.writing() as writer:
        writer.commit(new(entry("a"), stored("A", bands=(1, 2))))
        writer.commit(copy(entry("b"), stored("B", bands=(1,), story="A", duplicate_of="A")))
    run = ledger.begin_run(kind="crawl", at=NOON)
    ledger.claim_pending(run, now=NOON, limit=1)
    ledger.assign_batches(at=NOON, limit=1)
    yield ledger
    ledger.close()


def test_a_ledger_in_use_has_no_problems(full: SqliteLedger) -> None:
    assert full.checks() == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE entries SET outcome = 'lost' WHERE guid = 'a'", "1 entries have an outcome"),
        ("UPDATE entries SET payload = NULL", "1 entries are pending without the payload"),
        ("UPDATE runs SET ended_at = 1", "1 entries are claimed by runs that ended"),
        ("UPDATE entries SET article_id = 'X' WHERE guid = 'a'", "1 entries are done with an"),
        ("UPDATE articles SET duplicate_of = 'X' WHERE article_no = 2", "1 articles are copies"),
        ("UPDATE articles SET duplicate_of = NULL", "1 stories do not have exactly one"),
        ("UPDATE journal SET article_id = 'X' WHERE article_id = 'A'", "1 journal rows are of"),
        ("UPDATE batches SET rows = 5 WHERE table_name = 'polls'", "1 open batches do not have"),
        ("UPDATE journal SET checksum = x'00' WHERE seq = 1", "journal row 1: "),
        ("PRAGMA foreign_keys = OFF; DELETE FROM batches", "a row of journal refers to"),
    ],
)
def test_damage_is_named(full: SqliteLedger, damage: str, said: str) -> None:
    full._database._written().executescript(damage)
    assert any(problem.startswith(said) for problem in full.checks()), full.checks()


def test_a_file_too_damaged_to_read_is_a_problem_not_a_crash(path: Path) -> None:
    ledger = SqliteLedger(path)
    for start in range(0, 200, 20):
        ledger.commit_poll(poll(*(entry(f"e{n}") for n in range(start, start + 20))))
    ledger.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size * 3 // 4)  # past the schema, so that it still opens
        file.write(b"\xa5" * 4096 * 8)
    ledger = SqliteLedger(path)
    assert any(problem.startswith("SQLite says: ") for problem in ledger.checks())
    ledger.close()
