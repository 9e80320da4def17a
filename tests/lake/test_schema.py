import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.lake.parts import arrow_of, read_part, write_part
from storage.model import Article, Duplicate, Match, OutcomeChange, Poll, Row, TextSource
from storage.schema import TABLES, TIME_COLUMNS, day_of, table_of, time_of, to_table
from tests.lake.world import NOON, article, change, poll

KINDS = {"articles": Article, "duplicates": Duplicate, "polls": Poll, "outcomes": OutcomeChange}


def duplicate(number: int) -> Duplicate:
    values: dict[str, Any] = dataclasses.asdict(article(number))
    return Duplicate(
        **{**values, "text": None},
        duplicate_of="a0",
        match=Match.NEAR,
        similarity=0.9,
        containment=0.95,
    )


ROWS: dict[str, Row] = {
    "articles": article(1),
    "duplicates": duplicate(2),
    "polls": poll(3),
    "outcomes": change(article(4)),
}


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_the_fields_of_the_row_in_order(table: str) -> None:
    assert TABLES[table].names == [each.name for each in dataclasses.fields(KINDS[table])]


@pytest.mark.parametrize("table", TABLES)
def test_a_row_finds_its_table_time_and_day(table: str) -> None:
    row = ROWS[table]
    assert table_of(row) == table
    assert time_of(row) == getattr(row, TIME_COLUMNS[table])
    assert day_of(row) == "2026-11-23"


def test_a_day_is_a_utc_day() -> None:
    early = datetime(2026, 11, 24, 1, tzinfo=timezone(timedelta(hours=2)))
    assert day_of(article(1, at=early)) == "2026-11-23"


@pytest.mark.parametrize("table", TABLES)
def test_every_field_comes_back_from_parquet(table: str, tmp_path: Path) -> None:
    row = ROWS[table]
    write_part(tmp_path / "part", table, arrow_of(table, [row]), scheme="")
    expected = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in dataclasses.asdict(row).items()
    }
    assert read_part(tmp_path / "part").to_pylist() == [expected]


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("a\ud83d\ude00b", "a\U0001f600b"),
        ("a\ud800b", "a\ufffdb"),
        ("a\udfffb", "a\ufffdb"),  # noqa: PT014 - ruff takes lone surrogates for one another
        ("a\x00b", "a\x00b"),
    ],
)
def test_a_string_that_is_not_clean_does_not_fail_its_batch(
    text: str, stored: str, tmp_path: Path
) -> None:
    row = dataclasses.replace(article(1), text=text, tags=(text,))
    file = tmp_path / "part.parquet"
    write_part(file, "articles", arrow_of("articles", [article(0), row]), scheme="")
    expected = [("The text of story 0.", []), (stored, [stored])]
    table = read_part(file)
    assert list(zip(*table.select(["text", "tags"]).to_pydict().values(), strict=True)) == expected
    assert pl.read_parquet(file, columns=["text", "tags"]).rows() == expected
    with duckdb.connect() as connection:
        query = "SELECT text, tags FROM read_parquet(?)"
        assert connection.execute(query, [str(file)]).fetchall() == expected


@given(
    title=st.none() | st.text(st.characters(codec="utf-8")),
    tags=st.lists(st.text(st.characters(codec="utf-8"))),
    published=st.none() | st.datetimes(datetime(1, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - Hypothesis wants bounds without a zone
    signature=st.binary(),
)
def test_values_survive_the_way_to_arrow(
    title: str | None, tags: list[str], published: datetime | None, signature: bytes
) -> None:
    row = dataclasses.replace(
        article(1), title=title, tags=tuple(tags), published_at=published, signature=signature
    )
    (back,) = to_table("articles", [row]).to_pylist()
    assert back["title"] == title
    assert back["tags"] == tags
    assert back["published_at"] == published
    assert back["signature"] == signature


def test_enumerations_are_plain_strings() -> None:
    table = to_table("articles", [article(1)])
    assert table.schema.field("text_source").type == pa.string()
    assert table["text_source"].to_pylist() == [str(TextSource.PAGE)]


def test_no_rows_make_an_empty_table_with_the_whole_schema() -> None:
    assert to_table("polls", []).schema == TABLES["polls"]


def test_a_part_is_made_as_the_design_says(tmp_path: Path) -> None:
    rows = [article(number, at=NOON - timedelta(seconds=number)) for number in range(10_000)]
    file = tmp_path / "part.parquet"
    write_part(file, "articles", arrow_of("articles", rows), scheme="minhash-1")
    with pq.ParquetFile(file) as parquet:
        metadata = parquet.metadata
        group = metadata.row_group(0)
        columns = {
            group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)
        }
        assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [
            8192,
            1808,
        ]
        assert {column.compression for column in columns.values()} == {"ZSTD"}
        assert group.sorting_columns == (
            pq.SortingColumn(parquet.schema_arrow.get_field_index("fetched_at")),
        )
        assert metadata.metadata[b"schema_version"] == b"1"
        assert metadata.metadata[b"signature_scheme"] == b"minhash-1"
        assert metadata.metadata[b"writer"].startswith(b"newsfold ")
        assert parquet.schema_arrow.equals(TABLES["articles"])
    times = read_part(file, ["fetched_at"])["fetched_at"].to_pylist()
    assert times == sorted(times)
    with duckdb.connect() as connection:
        bloomed = connection.execute(
            "SELECT DISTINCT path_in_schema FROM parquet_metadata(?) WHERE bloom_filter_length > 0",
            [str(file)],
        ).fetchall()
    assert {name for (name,) in bloomed} == {"article_id", "url"}


def test_a_damaged_page_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "part.parquet"
    write_part(file, "articles", arrow_of("articles", [article(1)]), scheme="")
    with pq.ParquetFile(file) as parquet:
        column = parquet.metadata.row_group(0).column(0)
        end = column.dictionary_page_offset + column.total_compressed_size
    content = bytearray(file.read_bytes())
    content[end - 1] ^= 1
    file.write_bytes(content)
    with pytest.raises(OSError, match="CRC"):
        read_part(file)
