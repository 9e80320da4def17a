"""A file of an older version, and one of a newer, are read beside today's by every engine."""

from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import storage
from storage.schema import TABLES
from tests.query.samples import article, put_part

LATER = "language"
KEPT = {"old": None, "now": "{}", "next": "{}"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store of three versions: the oldest lacks two columns, the newest has one more."""
    old = put_part(tmp_path, "articles", "1", [article("old")], day="2026-11-21")
    pq.write_table(pq.ParquetFile(old).read().drop_columns([LATER, "extra"]), old)
    put_part(tmp_path, "articles", "2", [article("now")], day="2026-11-22")
    new = put_part(tmp_path, "articles", "3", [article("next")], day="2026-11-23")
    more = pq.ParquetFile(new).read().append_column("mood", pa.array(["calm"]))
    pq.write_table(more, new)
    return tmp_path


def test_our_views_give_every_column_of_today(root: Path) -> None:
    with storage.open(root) as store:
        rows = store.articles().arrow()
    assert rows.column_names == [*TABLES["articles"].names, "dt"]
    assert dict(zip(rows["article_id"].to_pylist(), rows["extra"].to_pylist(), strict=True)) == KEPT


def test_duckdb_reads_them(root: Path) -> None:
    query = "SELECT article_id, extra, mood FROM read_parquet(?, union_by_name = true) ORDER BY ALL"
    with duckdb.connect() as connection:
        rows = connection.execute(query, [f"{root}/articles/**/*.parquet"]).fetchall()
    assert rows == [("next", "{}", "calm"), ("now", "{}", None), ("old", None, None)]


@pytest.mark.parametrize("first", ["old", "now"])
def test_polars_reads_them(root: Path, first: str) -> None:
    newest = sorted((root / "articles").rglob("*.parquet"))
    files = newest if first == "old" else newest[1:] + newest[:1]
    frame = pl.scan_parquet(
        files,
        schema=dict(pl.read_parquet_schema(newest[1])),
        missing_columns="insert",
        extra_columns="ignore",
    ).collect()
    assert dict(zip(frame["article_id"], frame["extra"], strict=True)) == KEPT


def test_pandas_reads_them_with_the_schema_of_a_newer_file(root: Path) -> None:
    schema = TABLES["articles"]
    frame = pd.read_parquet(root / "articles", schema=schema)
    kept = {
        key: None if pd.isna(extra) else extra
        for key, extra in zip(frame["article_id"], frame["extra"], strict=True)
    }
    assert kept == KEPT
