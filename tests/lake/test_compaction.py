import errno
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import storage
from storage import fs
from storage.fs import no_hook
from storage.lake.lake import Lake
from storage.lake.layout import Layout
from storage.lake.parts import ROW_GROUP_ROWS
from storage.ledger.sqlite import SqliteLedger
from storage.schema import SCHEMA_VERSION, TABLES, TIME_COLUMNS
from tests.lake.world import (
    NOON,
    article,
    commit,
    everything,
    files,
    globbed,
    lake,
    open_ledger,
)

NO_PAUSE = timedelta(0)
DAY = "2026-11-23"
NEXT_DAY = NOON + timedelta(days=1)
FOLDER = f"articles/dt={DAY}"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    ledger = open_ledger(tmp_path)
    yield ledger
    ledger.close()


def open_lake(root: Path, ledger: SqliteLedger, *, on_step: fs.OnStep = no_hook) -> Lake:
    return Lake(root, ledger, scheme="a scheme", on_step=on_step, pause=NO_PAUSE)


def fill(root: Path, ledger: SqliteLedger, numbers: range, *, at: datetime = NOON) -> None:
    """Flush articles one part each, the later ones with the earlier times."""
    for number in numbers:
        moment = at - timedelta(minutes=number)
        commit(ledger, [article(number, at=moment)], at=moment)
        open_lake(root, ledger).flush(at=moment)


def compact(root: Path, ledger: SqliteLedger, *, at: datetime = NEXT_DAY) -> list[tuple[str, str]]:
    return [(it.before.table, it.before.day) for it in open_lake(root, ledger).compact(at=at)]


def in_place(root: Path, folder: str = FOLDER) -> list[Path]:
    return sorted((root / folder).iterdir())


def test_a_day_that_is_over_becomes_one_file_a_table_sorted_by_time(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    fill(tmp_path, ledger, range(5))
    before = everything(tmp_path, ledger)
    assert compact(tmp_path, ledger) == [("articles", DAY), ("outcomes", DAY), ("polls", DAY)]
    assert everything(tmp_path, ledger) == before
    assert lake(tmp_path, ledger) == before
    assert files(tmp_path) == {part.path for part in ledger.parts()}
    for table in ("articles", "outcomes", "polls"):
        [part] = ledger.parts(table)
        times = pq.read_table(tmp_path / part.path)[TIME_COLUMNS[table]].to_pylist()
        assert times == sorted(times)
    assert all(seen.total() == 5 for seen in globbed(tmp_path))
    assert open_lake(tmp_path, ledger).verify() == []
    assert not list((tmp_path / "tmp" / "rewrites").iterdir())


def test_a_compacted_file_is_written_as_a_flushed_one_is(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    fill(tmp_path, ledger, range(2))
    flushed = pq.ParquetFile(in_place(tmp_path)[0])
    compact(tmp_path, ledger)
    compacted = pq.ParquetFile(in_place(tmp_path)[0], page_checksum_verification=True)
    assert compacted.schema_arrow.equals(TABLES["articles"])
    assert compacted.read().num_rows == 2
    assert compacted.metadata.metadata == flushed.metadata.metadata
    assert compacted.metadata.metadata[b"signature_scheme"] == b"a scheme"
    for file in (flushed, compacted):
        column = file.metadata.row_group(0).column(file.schema_arrow.get_field_index("url"))
        assert column.compression == "ZSTD"
        assert list(file.metadata.row_group(0).sorting_columns)


def test_today_and_a_day_of_one_file_are_left_alone(tmp_path: Path, ledger: SqliteLedger) -> None:
    fill(tmp_path, ledger, range(2))
    assert compact(tmp_path, ledger, at=NOON + timedelta(hours=12, minutes=30)) == []
    compact(tmp_path, ledger)
    names = in_place(tmp_path)
    assert compact(tmp_path, ledger) == []
    assert in_place(tmp_path) == names


def test_late_rows_of_a_compacted_day_land_beside_it_and_are_compacted_again(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    fill(tmp_path, ledger, range(3))
    compact(tmp_path, ledger)
    earlier = set(in_place(tmp_path))
    fill(tmp_path, ledger, range(3, 5))
    before = everything(tmp_path, ledger)
    assert len(in_place(tmp_path)) == 3
    assert ("articles", DAY) in compact(tmp_path, ledger)
    assert everything(tmp_path, ledger) == before
    assert len(in_place(tmp_path)) == 1
    assert not earlier & set(in_place(tmp_path)), "a name never comes again"


def test_rows_that_wait_in_the_journal_are_not_touched(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    fill(tmp_path, ledger, range(3))
    commit(ledger, [article(3)])
    before = everything(tmp_path, ledger)
    compact(tmp_path, ledger)
    assert everything(tmp_path, ledger) == before
    with storage.open(tmp_path) as store:
        assert store.sql("SELECT count(*) AS n FROM articles").to_pylist() == [{"n": 4}]


def test_a_flush_into_a_day_that_is_being_written_anew_is_not_lost(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    fill(tmp_path, ledger, range(3))
    other = open_ledger(tmp_path)
    flushed: list[str] = []

    def flush_meanwhile(step: str) -> None:
        if step == "write" and not flushed:
            flushed.append(step)
            fill(tmp_path, other, range(3, 4))

    store = open_lake(tmp_path, ledger, on_step=flush_meanwhile)
    done = [it.before.table for it in store.compact(at=NEXT_DAY)]
    other.close()
    assert done == [], "the day is left for the next time"
    assert lake(tmp_path, ledger)["articles"].total() == 4
    assert store.verify() == []
    assert ("articles", DAY) in compact(tmp_path, ledger)


def test_many_rows_keep_the_size_of_row_groups(tmp_path: Path, ledger: SqliteLedger) -> None:
    half = ROW_GROUP_ROWS // 2 + 500
    for first in (0, half):
        commit(ledger, [article(number) for number in range(first, first + half)])
        open_lake(tmp_path, ledger).flush(at=NOON)
    before = everything(tmp_path, ledger)
    compact(tmp_path, ledger)
    assert everything(tmp_path, ledger) == before
    metadata = pq.read_metadata(in_place(tmp_path)[0])
    sizes = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
    assert sizes == [ROW_GROUP_ROWS, 1_000]


def test_a_part_of_an_older_schema_gets_the_columns_it_lacks(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    fill(tmp_path, ledger, range(2))
    part = ledger.parts("articles")[0]
    data = pq.read_table(tmp_path / part.path).drop_columns(["extra", "tags"])
    older = data.replace_schema_metadata({"schema_version": "0", "signature_scheme": "a scheme"})
    rewrite_in_place(tmp_path, ledger, part.path, older)
    compact(tmp_path, ledger)
    [compacted] = in_place(tmp_path)
    stored = pq.read_table(compacted)
    assert stored.schema.names == TABLES["articles"].names
    assert stored.schema.metadata[b"schema_version"] == str(SCHEMA_VERSION).encode()
    assert sorted(row["extra"] is None for row in stored.to_pylist()) == [False, True]


def test_signatures_of_two_schemes_stay_in_two_files(tmp_path: Path, ledger: SqliteLedger) -> None:
    fill(tmp_path, ledger, range(4))
    for part in ledger.parts("articles")[:2]:
        data = pq.read_table(tmp_path / part.path)
        other = data.replace_schema_metadata({"signature_scheme": "an older scheme"})
        rewrite_in_place(tmp_path, ledger, part.path, other)
    before = everything(tmp_path, ledger)
    compact(tmp_path, ledger)
    assert everything(tmp_path, ledger) == before
    schemes = [pq.read_schema(file).metadata[b"signature_scheme"] for file in in_place(tmp_path)]
    assert sorted(schemes) == [b"a scheme", b"an older scheme"]
    assert compact(tmp_path, ledger) == []


def test_a_damaged_part_is_not_made_into_a_sound_one(tmp_path: Path, ledger: SqliteLedger) -> None:
    fill(tmp_path, ledger, range(3))
    file = tmp_path / ledger.parts("articles")[1].path
    data = bytearray(file.read_bytes())
    data[200] ^= 1
    file.write_bytes(data)
    names = in_place(tmp_path)
    assert compact(tmp_path, ledger) == [("outcomes", DAY), ("polls", DAY)]
    assert in_place(tmp_path) == names


def test_where_folders_cannot_be_exchanged_the_parts_are_one_by_one(
    tmp_path: Path, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(one: Path, _other: Path) -> None:
        raise OSError(errno.EINVAL, "not on this filesystem", str(one))

    monkeypatch.setattr(fs, "exchange", refuse)
    fill(tmp_path, ledger, range(4))
    before = everything(tmp_path, ledger)
    assert ("articles", DAY) in compact(tmp_path, ledger)
    assert everything(tmp_path, ledger) == before
    assert len(in_place(tmp_path)) == 1
    assert all(seen.total() == 4 for seen in globbed(tmp_path))
    assert open_lake(tmp_path, ledger).verify() == []


def test_our_readers_see_each_row_once_at_every_step(tmp_path: Path, ledger: SqliteLedger) -> None:
    fill(tmp_path, ledger, range(4))
    seen: Counter[int] = Counter()
    with storage.open(tmp_path) as store:

        def look(_step: str) -> None:
            query = "SELECT count(*) AS n, count(DISTINCT url) AS d FROM articles"
            [row] = store.sql(query).to_pylist()
            assert row["n"] == row["d"]
            seen[row["n"]] += 1

        list(open_lake(tmp_path, ledger, on_step=look).compact(at=NEXT_DAY))
    assert seen.keys() == {4}
    assert seen[4] > 20


def test_a_copied_folder_without_a_ledger_is_read_as_ever(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    fill(tmp_path, ledger, range(4))
    compact(tmp_path, ledger)
    copied = tmp_path / "copied"
    shutil.copytree(tmp_path / "articles", copied / "articles")
    with storage.open(copied) as store:
        assert store.sql("SELECT count(*) AS n FROM articles").to_pylist() == [{"n": 4}]


def rewrite_in_place(root: Path, ledger: SqliteLedger, path: str, data: pa.Table) -> None:
    """Put other content into a part, as another version would have written it."""
    pq.write_table(data, root / path)
    stored = next(part for part in ledger.parts() if part.path == path)
    content = Layout(root).file(path).read_bytes()
    changed = replace(stored, bytes=len(content), sha256=sha256(content).hexdigest())
    with ledger._database.writing() as db:
        db.execute(
            "UPDATE parts SET bytes = ?, sha256 = ? WHERE path = ?",
            [changed.bytes, changed.sha256, path],
        )
