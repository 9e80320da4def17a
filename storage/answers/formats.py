"""Writing the rows of a query in one of several formats.

What outsiders wrote must do no harm where it is read: control characters (of which terminals make
commands) never come out raw, CSV cells are no formulas, Markdown cells no markup. JSON keeps every
character, escaped where needed; Parquet keeps every value.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import IO, assert_never, cast

import pyarrow as pa

from storage.answers.cells import json_text, one_line, plain, records, rows

Rows = pa.Table
"""The rows of a query."""


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    PARQUET = "parquet"
    MARKDOWN = "markdown"


_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TSV_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_MARKDOWN = re.compile(r"([\\`*\[\]<>|&])")


def write(table: pa.Table, format: str, stream: IO[str] | IO[bytes], *, width: int = 80) -> None:  # noqa: A002 - the word for it
    """Write rows to a stream of text; Parquet to one of bytes, or to a text stream's ``buffer``.

    Times are UTC in ISO 8601, bytes are base64, nulls are empty in CSV, TSV and Markdown. Lists
    and structures are JSON in those. ``width`` is the number of terminal columns a table may take.

    Raises:
        ValueError: there is no such format.
    """
    kind = Format(format)
    if kind is Format.PARQUET:
        _write_parquet(table, cast("IO[bytes]", getattr(stream, "buffer", stream)))
        return
    text = cast("IO[str]", stream)
    match kind:
        case Format.TABLE:
            from storage.answers.tabular import write_table  # noqa: PLC0415 - rich loads only for this

            write_table(table, text, width=width)
        case Format.JSON:
            _write_json(table, text)
        case Format.JSONL:
            for record in records(table):
                text.write(json_text(record) + "\n")
        case Format.CSV:
            _write_csv(table, text)
        case Format.TSV:
            for row in _head_and_rows(table):
                text.write("\t".join(_tsv_cell(cell) for cell in row) + "\n")
        case Format.MARKDOWN:
            _write_markdown(table, text)
        case _:
            assert_never(kind)


def _write_json(table: pa.Table, stream: IO[str]) -> None:
    between = "[\n  "
    for record in records(table):
        stream.write(between + json_text(record))
        between = ",\n  "
    stream.write("\n]\n" if table.num_rows else "[]\n")


def _head_and_rows(table: pa.Table) -> Iterator[Sequence[object]]:
    yield table.column_names
    yield from rows(table)


def _write_csv(table: pa.Table, stream: IO[str]) -> None:
    # RFC 4180, but for line feeds alone at the ends, as the tools of this family write them.
    writer = csv.writer(stream, lineterminator="\n")
    for row in _head_and_rows(table):
        writer.writerow([csv_cell(cell) for cell in row])


def csv_cell(value: object) -> str:
    """Return a value as a cell of CSV that no spreadsheet takes for a formula."""
    # Only text can pretend to be a formula; a number may begin with its minus. The character is
    # looked for before controls are taken out, and again after, since either may stand first.
    text = plain(value)
    if isinstance(value, str) and (value.startswith(_FORMULA) or text.startswith(_FORMULA)):
        return "'" + text
    return text


def _tsv_cell(value: object) -> str:
    return plain(value).translate(_TSV_ESCAPES)


def _write_markdown(table: pa.Table, stream: IO[str]) -> None:
    def line(cells: Sequence[object]) -> str:
        return f"| {' | '.join(_markdown_cell(cell) for cell in cells)} |\n"

    stream.write(line(table.column_names))
    numeric = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in _types(table)]
    stream.write(f"| {' | '.join('---:' if number else '---' for number in numeric)} |\n")
    for row in rows(table):
        stream.write(line(row))


def _types(table: pa.Table) -> list[pa.DataType]:
    return [column.type for column in table.schema]


def _markdown_cell(value: object) -> str:
    return _MARKDOWN.sub(r"\\\1", one_line(value))


def _write_parquet(table: pa.Table, stream: IO[bytes]) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415 - loads only for this

    # By way of memory: a pipe cannot be asked for its position.
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", compression_level=3)
    stream.write(buffer.getbuffer())
