"""Exports hold the rows that are stored, whole or not at all, and read as others read them."""

import csv
import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import storage
from storage.errors import QueryError
from storage.export import Kind, Selection, View, export, kind_of
from storage.export.dataset import write_dataset
from storage.export.files import TakenError
from storage.schema import TABLES, to_table
from storage.store import Store
from tests.query.samples import T0, article, duplicate, put_part

ROWS = [
    article("b", minute=2, title="=HYPERLINK()", text='Two lines,\n"quoted".'),
    article("a", minute=1.5, site="example.net"),
    article("a", minute=1.5, revision=1, site="example.net"),
    article("c", minute=3),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    root = tmp_path / "data"
    put_part(root, "articles", "1", ROWS[:2])
    put_part(root, "articles", "2", ROWS[2:])
    put_part(root, "duplicates", "1", [duplicate("d", of="a", minute=4)])
    return storage.open(root)


def ids(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(row["article_id"], row["revision"]) for row in rows]


def test_a_parquet_file_has_the_stores_columns_and_rows_in_order_of_time(
    store: Store, tmp_path: Path
) -> None:
    target = tmp_path / "out.parquet"
    done = export(store, Selection(), target, Kind.PARQUET)
    assert (done.rows, done.files, done.bytes) == (3, 1, target.stat().st_size)
    table = pq.read_table(target)
    assert table.schema.equals(TABLES["articles"])
    assert ids(table.to_pylist()) == [("b", 0), ("a", 1), ("c", 0)]
    assert pl.read_parquet(target).height == 3
    assert [path.name for path in tmp_path.iterdir() if path.name != "data"] == ["out.parquet"]


def test_revisions_and_every_other_view_can_be_exported(store: Store, tmp_path: Path) -> None:
    for view in View:
        target = tmp_path / f"{view}.parquet"
        export(store, Selection(view=view), target, Kind.PARQUET)
        [count] = store.sql(f"SELECT count(*) FROM {view}")[0].to_pylist()
        assert pq.read_table(target).num_rows == count
    rows = pq.read_table(tmp_path / "revisions.parquet")
    assert rows.equals(to_table("articles", [ROWS[1], ROWS[0], *ROWS[2:]]))


def test_json_lines_keep_nulls_and_write_times_by_rfc_3339(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl.gz"
    export(store, Selection(), target, Kind.JSONL)
    with gzip.open(target, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    assert ids(records) == [("b", 0), ("a", 1), ("c", 0)]
    assert list(records[0]) == TABLES["articles"].names
    assert records[0]["modified_at"] is None
    assert records[0]["published_at"] == "2026-11-23T12:02:00Z"
    assert records[0]["authors"] == ["A. Writer"]


def test_no_cell_of_csv_is_a_formula_and_lists_are_json(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    export(store, Selection(), target, Kind.CSV)
    with target.open(encoding="utf-8", newline="") as lines:
        records = list(csv.DictReader(lines))
    assert records[0]["title"] == "'=HYPERLINK()"
    assert records[0]["text"] == ROWS[0].text
    assert json.loads(records[0]["authors"]) == ["A. Writer"]
    assert records[0]["modified_at"] == ""


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (Selection(since=T0 + timedelta(minutes=2)), ["b", "a", "c"]),
        (Selection(since=T0 + timedelta(minutes=2, seconds=31)), ["c"]),
        (Selection(until=T0 + timedelta(minutes=3)), ["b", "a"]),
        (Selection(until=datetime(2026, 11, 23, tzinfo=UTC)), []),
        (Selection(feeds=("feed", "none")), ["b", "a", "c"]),
        (Selection(feeds=("fe'ed",)), []),
        (Selection(sites=("example.net",)), ["a"]),
        (Selection(languages=("de",)), []),
        (Selection(sites=("example.org",), since=T0 + timedelta(minutes=3)), ["c"]),
    ],
)
def test_rows_are_chosen_by_time_feed_language_and_site(
    store: Store, tmp_path: Path, selection: Selection, found: list[str]
) -> None:
    target = tmp_path / "out.parquet"
    export(store, selection, target, Kind.PARQUET)
    assert pq.read_table(target)["article_id"].to_pylist() == found


def test_a_view_that_has_no_feed_is_not_narrowed_by_one(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    with pytest.raises(QueryError, match="stories cannot be narrowed by feed"):
        export(store, Selection(view=View.STORIES, feeds=("feed",)), target, Kind.PARQUET)
    assert not target.exists()


def test_what_is_there_is_replaced_only_when_asked(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("mine")
    with pytest.raises(TakenError, match="--force"):
        export(store, Selection(), target, Kind.JSONL)
    assert target.read_text() == "mine"
    export(store, Selection(), target, Kind.JSONL, force=True)
    assert len(target.read_text().splitlines()) == 3


def test_no_folder_that_is_not_a_dataset_is_replaced(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "photos"
    target.mkdir()
    (target / "one.jpg").write_bytes(b"precious")
    for kind in (Kind.DATASET, Kind.PARQUET):
        with pytest.raises(TakenError):
            export(store, Selection(), target, kind, force=True)
    assert (target / "one.jpg").read_bytes() == b"precious"


@pytest.fixture
def cut(store: Store, tmp_path: Path) -> Path:  # noqa: ARG001 - it fills the folder
    """The folder of a store of which one part cannot be read."""
    part = next((tmp_path / "data").rglob("part-2.parquet"))
    part.write_bytes(part.read_bytes()[:-100])
    return tmp_path / "data"


def test_an_export_that_fails_leaves_nothing_behind(cut: Path) -> None:
    with storage.open(cut, strict=True) as store, pytest.raises(storage.errors.StoreError):
        export(store, Selection(), cut.parent / "out.parquet", Kind.PARQUET)
    assert [path.name for path in cut.parent.iterdir()] == ["data"]


def test_an_export_leaves_out_and_names_a_part_that_cannot_be_read(cut: Path) -> None:
    out = cut.parent / "out.parquet"
    with (
        storage.open(cut) as store,
        pytest.warns(storage.errors.UnreadablePartWarning, match="part-2"),
    ):
        export(store, Selection(), out, Kind.PARQUET)
    assert pq.read_metadata(out).num_rows > 0


def test_a_dataset_folder_says_what_it_holds_and_is_read_as_one(
    store: Store, tmp_path: Path
) -> None:
    target = tmp_path / "dataset"
    export(store, Selection(), target, Kind.DATASET)
    export(store, Selection(sites=("example.org",)), target, Kind.DATASET, force=True)
    shards = sorted((target / "data").iterdir())
    assert [shard.name for shard in shards] == ["train-00000-of-00001.parquet"]
    assert ds.dataset(target / "data").to_table().num_rows == 2
    _, head, _ = (target / "README.md").read_text().split("---\n", 2)
    assert head.startswith("license: unknown\n")
    assert "    path: data/train-*\n" in head
    assert "    num_examples: 2\n" in head
    for column in TABLES["articles"]:
        assert f"  - name: {column.name}\n" in head
    assert "  - name: authors\n    sequence: string\n" in head


def test_shards_keep_to_their_size_and_are_numbered_by_their_count(tmp_path: Path) -> None:
    rows = to_table("articles", [article(f"a{n}", minute=n) for n in range(400)])
    batches = rows.to_batches(max_chunksize=40)
    written = write_dataset(tmp_path, rows.schema, batches, about=Selection(), shard_bytes=20_000)
    shards = sorted((tmp_path / "data").iterdir())
    assert len(shards) > 2
    assert [shard.name for shard in shards] == [
        f"train-{n:05}-of-{len(shards):05}.parquet" for n in range(len(shards))
    ]
    assert pa.concat_tables([pq.read_table(shard) for shard in shards]).equals(rows)
    assert written.rows == 400


def test_a_dataset_of_no_rows_has_one_shard_with_the_columns(store: Store, tmp_path: Path) -> None:
    export(store, Selection(languages=("xx",)), tmp_path / "empty", Kind.DATASET)
    [shard] = (tmp_path / "empty" / "data").iterdir()
    assert pq.read_table(shard).schema.equals(TABLES["articles"])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.parquet", Kind.PARQUET),
        ("a.PARQUET", Kind.PARQUET),
        ("a.parquet.gz", None),
        ("a.jsonl", Kind.JSONL),
        ("a.ndjson.gz", Kind.JSONL),
        ("a.csv.gz", Kind.CSV),
        ("a.warc.gz", Kind.WARC),
        ("a.warc", None),
        ("folder", None),
        ("a.gz", None),
    ],
)
def test_a_format_is_told_by_the_end_of_a_name(name: str, kind: Kind | None) -> None:
    assert kind_of(Path(name)) is kind
