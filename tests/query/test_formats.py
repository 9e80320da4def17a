import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from storage.answers.formats import Format, write
from storage.query.session import Session
from storage.query.views import Source
from tests.query.samples import article

NOW = datetime(2026, 11, 23, 20, 9, 37, 5, tzinfo=UTC)
TEXT_FORMATS = [kind.value for kind in Format if kind is not Format.PARQUET]
TEXTS = st.text() | st.text(alphabet="=+-@\t\r\n\x1b\x9b\u202e'\"|,\\ a")


def written(table: pa.Table, kind: str, *, width: int = 80) -> str:
    stream = io.StringIO(newline="")
    write(table, kind, stream, width=width)
    return stream.getvalue()


@pytest.fixture
def table() -> pa.Table:
    return pa.table(
        {
            "n": [1, -2],
            "title": ["A | b", "=1+1"],
            "at": pa.array([NOW, None], pa.timestamp("us", "UTC")),
            "tags": [["x", "y"], []],
            "raw": [b"\x00\xff", None],
            "share": [0.5, float("nan")],
            "sum": pa.array([Decimal(3), None], pa.decimal128(38, 0)),
            "ok": [True, None],
        }
    )


def test_json_is_one_array(table: pa.Table) -> None:
    assert json.loads(written(table, "json")) == [
        {
            "n": 1,
            "title": "A | b",
            "at": "2026-11-23T20:09:37.000005Z",
            "tags": ["x", "y"],
            "raw": "AP8=",
            "share": 0.5,
            "sum": 3,
            "ok": True,
        },
        {
            "n": -2,
            "title": "=1+1",
            "at": None,
            "tags": [],
            "raw": None,
            "share": None,
            "sum": None,
            "ok": None,
        },
    ]
    assert json.loads(written(table.slice(0, 0), "json")) == []


def test_jsonl_is_one_object_a_line(table: pa.Table) -> None:
    lines = written(table, "jsonl").splitlines()
    assert [json.loads(line) for line in lines] == json.loads(written(table, "json"))


def test_csv_has_a_header_and_no_formulas(table: pa.Table) -> None:
    rows = list(csv.reader(io.StringIO(written(table, "csv"))))
    assert rows == [
        ["n", "title", "at", "tags", "raw", "share", "sum", "ok"],
        ["1", "A | b", "2026-11-23T20:09:37.000005Z", '["x","y"]', "AP8=", "0.5", "3", "true"],
        ["-2", "'=1+1", "", "[]", "", "nan", "", ""],
    ]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\x00=", "\x1b+"])
def test_a_cell_that_a_spreadsheet_would_run_is_marked_as_text(begin: str) -> None:
    out = written(pa.table({"a": [f"{begin}cmd|' /C calc'!A0"]}), "csv")
    assert next(iter(csv.DictReader(io.StringIO(out))))["a"].startswith("'")


@settings(deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
def test_csv_gives_back_every_text_but_controls(texts: list[str]) -> None:
    out = written(pa.table({"a": texts}), "csv")
    kept = ["".join(c for c in text if c in "\t\n" or not is_control(c)) for text in texts]
    cells = [row[0] if row else "" for row in csv.reader(io.StringIO(out, newline=""))][1:]
    assert len(cells) == len(kept)
    for cell, text in zip(cells, kept, strict=True):
        assert cell in (text, "'" + text)


def is_control(character: str) -> bool:
    return ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0


def test_tsv_is_one_line_a_row() -> None:
    table = pa.table({"a": ["x\ty", "1\n2", "c:\\n"], "b": [None, 1, 2]})
    assert written(table, "tsv") == "a\tb\nx\\ty\t\n1\\n2\t1\nc:\\\\n\t2\n"


def test_markdown_escapes_markup(table: pa.Table) -> None:
    evil = pa.table({"n": [1], "t": ["a|b <img src=x> [l](http://x) `c` *d*\n# e &amp;"]})
    assert written(evil, "markdown") == (
        "| n | t |\n"
        "| ---: | --- |\n"
        "| 1 | a\\|b \\<img src=x\\> \\[l\\](http://x) \\`c\\` \\*d\\* # e \\&amp; |\n"
    )
    assert written(table, "markdown").count("\n") == 4


def test_parquet_goes_to_a_file_or_the_bytes_beneath_a_text_stream(
    table: pa.Table, tmp_path: Path
) -> None:
    with (tmp_path / "a.parquet").open("wb") as file:
        write(table, "parquet", file)
    beneath = io.BytesIO()
    text = io.TextIOWrapper(beneath)
    write(table, "parquet", text)
    for source in (tmp_path / "a.parquet", io.BytesIO(beneath.getvalue())):
        assert pq.ParquetFile(source).read().schema.equals(table.schema)


@pytest.mark.parametrize("width", [20, 40, 80, 120, 300])
def test_a_table_fits_the_terminal(width: int) -> None:
    rows = [
        article(f"a{n}", text="Long text. " * 100, title="津波警報が解除された" * 5)
        for n in range(3)
    ]
    with Session(Source(rows={"articles": rows}), folders=[]) as session:
        out = written(session.table("FROM articles"), "table", width=width)
    assert max(cell_len(line) for line in out.splitlines()) <= width
    assert out.endswith("3 rows\n")
    assert "…" in out or "no room for" in out


def test_a_table_says_which_columns_it_left_out() -> None:
    table = pa.table({f"column_{n}": ["a long value of some words"] for n in range(10)})
    out = written(table, "table", width=60)
    assert "no room for: column_6" in out.replace("\n", " ")


def test_a_table_says_how_many_rows_it_left_out() -> None:
    out = written(pa.table({"n": range(1_234)}), "table")
    assert "734 more rows" in out


def test_a_table_keeps_numbers_and_times_whole() -> None:
    out = written(
        pa.table(
            {"t": ["x" * 100], "at": pa.array([NOW], pa.timestamp("us", "UTC")), "n": [10**12]}
        ),
        "table",
        width=60,
    )
    assert "2026-11-23 20:09:37Z" in out
    assert str(10**12) in out


def test_a_table_takes_no_markup_from_texts() -> None:
    out = written(pa.table({"t": ["[red]x[/red] :smile: [link=http://x]y[/link]"]}), "table")
    assert "[red]x[/red] :smile: [link=http://x]y[/link]" in out


@pytest.mark.parametrize("kind", TEXT_FORMATS)
@settings(deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=3))
def test_no_control_character_comes_out(kind: str, texts: list[str]) -> None:
    table = pa.table({"a": texts, "l": [[text] for text in texts]})
    out = written(table, kind)
    assert not [c for c in out if is_control(c) and c not in "\n\t"]


@pytest.mark.parametrize("kind", ["json", "jsonl"])
@settings(deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=3))
def test_json_gives_back_every_text(kind: str, texts: list[str]) -> None:
    out = written(pa.table({"a": texts}), kind)
    records = (
        json.loads(out)
        if kind == "json"
        else [json.loads(line) for line in out.split("\n") if line]
    )
    assert [record["a"] for record in records] == texts


@pytest.mark.parametrize("kind", TEXT_FORMATS)
@pytest.mark.parametrize(
    "expression",
    [
        "TIMESTAMP 'infinity'",
        "INTERVAL 3 DAY",
        "DATE '2026-11-23'",
        "TIME '12:00'",
        "uuid()",
        "{'a': 1, 'b': [TIMESTAMPTZ '2026-11-23 12:00:00Z']}",
        "MAP {'k': 1}",
        "'a'::ENUM ('a', 'b')",
        "1.25::DECIMAL(10, 2)",
        "170141183460469231731687303715884105727::HUGEINT",
        "NULL",
        "'\\x00'::BLOB",
        "'101'::BIT",
        "[NULL, 'x']",
        "DATE '9999-12-31' + INTERVAL 40000 DAY",
    ],
)
def test_every_kind_of_value_can_be_written(kind: str, expression: str) -> None:
    with Session(Source(), folders=[]) as session:
        table = session.table(f"SELECT {expression} AS value")
    out = written(table, kind)
    assert "value" in out
    if kind == "json":
        json.loads(out)


def test_an_unknown_format_is_refused(table: pa.Table) -> None:
    with pytest.raises(ValueError, match="xml"):
        written(table, "xml")
