import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.lake.lake import Lake
from storage.lake.layout import part_path
from storage.lake.parts import arrow_of, measure, write_part
from storage.ledger.parts import Part
from storage.ledger.sqlite import SqliteLedger
from tests.lake.world import NOON, article, commit, files, open_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    ledger = open_ledger(tmp_path)
    commit(ledger, [article(number) for number in range(20)])
    Lake(tmp_path, ledger).flush(at=NOON)
    yield ledger
    ledger.close()


def part_of(root: Path, table: str) -> Path:
    (path,) = (path for path in files(root) if path.startswith(table))
    return root / path


def test_a_sound_store_has_no_problem_with_rows_in_the_journal_too(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    commit(ledger, [article(number) for number in range(20, 30)])
    assert Lake(tmp_path, ledger).verify() == []


@pytest.mark.parametrize("place", [0, 0.01, 0.25, 0.5, 0.75, 0.99, 1])
@pytest.mark.parametrize("table", ["articles", "polls", "outcomes"])
def test_a_flipped_byte_is_found_wherever_it_is(
    tmp_path: Path, ledger: SqliteLedger, table: str, place: float
) -> None:
    file = part_of(tmp_path, table)
    content = bytearray(file.read_bytes())
    content[int(place * (len(content) - 1))] ^= 0x10
    file.write_bytes(content)
    problems = Lake(tmp_path, ledger).verify()
    assert {problem.path for problem in problems} == {file.relative_to(tmp_path).as_posix()}
    assert any("SHA-256" in problem.what for problem in problems)
    assert not any(problem.warning for problem in problems)


def test_a_missing_part_is_found(tmp_path: Path, ledger: SqliteLedger) -> None:
    file = part_of(tmp_path, "articles")
    file.unlink()
    (problem,) = Lake(tmp_path, ledger).verify()
    assert problem.path == file.relative_to(tmp_path).as_posix()
    assert problem.what == "is missing"


@pytest.mark.parametrize("size", [0, 3, 100])
def test_a_cut_off_part_is_found(tmp_path: Path, ledger: SqliteLedger, size: int) -> None:
    file = part_of(tmp_path, "outcomes")
    file.write_bytes(file.read_bytes()[:size])
    whats = [problem.what for problem in Lake(tmp_path, ledger).verify()]
    assert len(whats) == 2
    assert any(what.startswith("cannot be read") for what in whats)
    assert any(f"has {size} bytes" in what for what in whats)


def test_a_part_of_another_table_is_found(tmp_path: Path, ledger: SqliteLedger) -> None:
    shutil.copyfile(part_of(tmp_path, "polls"), part_of(tmp_path, "articles"))
    problems = Lake(tmp_path, ledger).verify()
    assert any("is no part of articles" in problem.what for problem in problems)


def test_a_part_with_other_rows_is_found(tmp_path: Path, ledger: SqliteLedger) -> None:
    file = part_of(tmp_path, "articles")
    write_part(file, "articles", arrow_of("articles", [article(1)]), scheme="")
    whats = {problem.what for problem in Lake(tmp_path, ledger).verify()}
    assert "has 1 rows, the ledger says 20" in whats


def test_a_damaged_journal_row_is_found(tmp_path: Path, ledger: SqliteLedger) -> None:
    commit(ledger, [article(number) for number in range(20, 30)])
    with sqlite3.connect(tmp_path / "state" / "ledger.db") as db:
        db.execute("UPDATE journal SET body = zeroblob(length(body)) WHERE article_id = 'a00023'")
    db.close()
    (problem,) = Lake(tmp_path, ledger).verify()
    assert problem.path == "state/ledger.db"
    assert "cannot be read" in problem.what


def test_a_file_that_is_no_part_is_named_as_a_warning(tmp_path: Path, ledger: SqliteLedger) -> None:
    file = part_of(tmp_path, "articles")
    shutil.copyfile(file, file.with_name("copy.parquet"))
    (problem,) = Lake(tmp_path, ledger).verify()
    assert problem.path == "articles/dt=2026-11-23/copy.parquet"
    assert problem.warning


def test_a_revision_stored_twice_is_found_in_parts_and_journal(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    commit(ledger, [article(50)])
    (batch,) = (
        each for each in ledger.assign_batches(at=NOON, limit=10) if each.table == "articles"
    )
    path = part_path("articles", batch.day, batch.batch_id)
    data = arrow_of("articles", [article(7)])
    write_part(tmp_path / path, "articles", data, scheme="")
    size, digest = measure(tmp_path / path)
    part = Part(
        table="articles", path=path, batch_id=batch.batch_id, rows=1, bytes=size, sha256=digest
    )
    ledger.close_batch(batch.batch_id, part)
    problems = Lake(tmp_path, ledger).verify()
    assert ["revision 0 of article a00007 is stored 2 times" in each.what for each in problems] == [
        True
    ]
