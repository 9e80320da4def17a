import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from storage.errors import StoreError
from storage.ledger.ddl import SCHEMA_VERSION
from storage.ledger.seals import SEALED
from storage.ledger.sqlite import SqliteLedger
from tests.ledger.values import NOON, entry, failed, poll


def _alter(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def test_a_ledger_is_made_with_its_folder_and_opens_again(path: Path) -> None:
    first = SqliteLedger(path)
    first.commit_poll(poll(entry("a")))
    first.close()
    second = SqliteLedger(path)
    assert list(second.known_entries("f")) == ["a"]
    second.close()


def test_an_empty_file_becomes_a_ledger(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    ledger = SqliteLedger(path)
    assert ledger.checks() == []
    ledger.close()


def test_the_file_is_in_wal_mode_and_syncs_fully(path: Path) -> None:
    ledger = SqliteLedger(path)
    with ledger._database.writing() as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA busy_timeout").fetchone() == (30_000,)
    ledger.close()


def test_a_newer_schema_is_refused_by_the_name_of_its_file(path: Path) -> None:
    SqliteLedger(path).close()
    newer = SCHEMA_VERSION + 1
    _alter(path, f"UPDATE meta SET value = '{newer}' WHERE key = 'schema_version'")
    with pytest.raises(StoreError, match="newer Newsfold") as refused:
        SqliteLedger(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert f"version {newer}" in str(refused.value)


def _shape(path: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(path)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
    shape = {
        name: sorted(
            row[1:4] + row[5:] for row in connection.execute(f"PRAGMA table_info('{name}')")
        )
        for name in tables
    }
    connection.close()
    return shape


def test_a_ledger_of_the_first_version_is_brought_to_this_one_with_all_it_holds(
    path: Path,
) -> None:
    path.parent.mkdir()
    first = (Path(__file__).parent / "schema_1.sql").read_text()
    connection = sqlite3.connect(path)
    connection.executescript(first)
    connection.execute(
        "INSERT INTO feeds (feed_id, url, name, etag, failures, retired, extra)"
        " VALUES ('f', 'http://f.example/', 'F', '\"x\"', 0.5, 0, '{}')"
    )
    connection.commit()
    connection.close()

    ledger = SqliteLedger(path)
    state = ledger.feed("f")
    ledger.close()
    SqliteLedger(path.parent / "fresh.db").close()

    assert state is not None
    assert (state.etag, state.failures, state.schedule, state.skip_hours) == ('"x"', 0.5, (), ())
    assert _shape(path) == _shape(path.parent / "fresh.db")


def test_a_ledger_without_a_version_is_refused(path: Path) -> None:
    SqliteLedger(path).close()
    _alter(path, "DELETE FROM meta")
    with pytest.raises(StoreError, match="which version"):
        SqliteLedger(path)


def test_a_database_of_something_else_is_refused(path: Path) -> None:
    path.parent.mkdir()
    _alter(path, "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreError, match="something else"):
        SqliteLedger(path)


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"This is no database at all. " * 100)
    with pytest.raises(StoreError, match="not a database"):
        SqliteLedger(path)


def test_many_that_open_a_new_ledger_at_once_all_get_it(path: Path) -> None:
    with ThreadPoolExecutor(max_workers=16) as threads:
        ledgers = list(threads.map(lambda _: SqliteLedger(path), range(16)))
        list(threads.map(lambda n: ledgers[n].commit_poll(poll(entry(f"e{n}"))), range(16)))
    assert len(ledgers[0].known_entries("f")) == 16
    for ledger in ledgers:
        ledger.close()


def test_who_reads_in_another_thread_does_not_wait_for_who_writes(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.commit_poll(poll(entry("a")))
    with ThreadPoolExecutor(max_workers=1) as thread, ledger.writing() as writer:
        writer.commit(failed(entry("a")))
        known = thread.submit(ledger.known_entries, "f").result(timeout=10)
        assert known["a"].outcome == "pending"
    assert ledger.known_entries("f")["a"].outcome == "failed"
    ledger.close()


def test_an_exception_drops_the_whole_transaction(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.commit_poll(poll(entry("a"), entry("b")))
    before = ledger.snapshot()
    with suppress(KeyboardInterrupt), ledger.writing() as writer:
        writer.commit(failed(entry("a")))
        raise KeyboardInterrupt
    assert ledger.snapshot() == before
    assert ledger.known_entries("f")["a"].outcome == "pending"
    with ledger.writing() as writer:
        writer.commit(failed(entry("b")))
    ledger.close()


def test_signatures_of_two_schemes_are_not_mixed(path: Path) -> None:
    ledger = SqliteLedger(path)
    assert ledger.fold_scheme() is None
    ledger.set_fold_scheme("minhash/128")
    ledger.set_fold_scheme("minhash/128")
    with pytest.raises(StoreError, match="minhash/256"):
        ledger.set_fold_scheme("minhash/256")
    assert ledger.fold_scheme() == "minhash/128"
    ledger.close()


def test_a_run_can_be_made_after_the_clock_went_back(path: Path) -> None:
    ledger = SqliteLedger(path)
    later = ledger.begin_run(kind="crawl", at=NOON)
    earlier = ledger.begin_run(kind="crawl", at=NOON.replace(year=2025))
    assert earlier < later
    ledger.close()


def test_every_table_has_seals_and_what_another_writes_shows(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.commit_poll(poll(entry("a"), entry("b")))
    with ledger._database.reading() as db:
        found = db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        assert {name for (name,) in found} == set(SEALED)
    assert ledger.checks() == []
    _alter(path, "UPDATE entries SET title = 'Another' WHERE guid = 'a'")
    (said,) = ledger.checks()
    assert said.startswith("1 rows of entries are not as they were written")
    ledger.close()
