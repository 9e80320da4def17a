"""Rows as a table that fits the terminal."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import IO

import pyarrow as pa
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from storage.answers.cells import one_line, rows

_MOST_ROWS = 500  # more than anyone reads; the other formats give all
_LONGEST = 200  # characters of one cell that are looked at
_NARROWEST = 8  # columns below which a cell says nothing
_GAP = 2  # between two columns


def write_table(table: pa.Table, stream: IO[str], *, width: int) -> None:
    """Write rows as a table of at most ``width`` terminal columns, one line a row.

    Long cells are cut with ``…``. Columns for which there is no room at all, and rows beyond the
    first 500, are left out, and a line at the end says so.
    """
    console = Console(file=stream, width=width, highlight=False, emoji=False, markup=False)
    shown = list(islice(rows(table), _MOST_ROWS))
    cells = [[_cell(row[index]) for row in shown] for index in range(table.num_columns)]
    names = [one_line(name) for name in table.column_names]
    wishes = [
        max(map(cell_len, [name, *column]), default=0)
        for name, column in zip(names, cells, strict=True)
    ]
    floors = [
        min(wish, _NARROWEST) if _can_be_cut(column.type) else wish
        for wish, column in zip(wishes, table.schema, strict=True)
    ]
    widths = _fit(wishes, floors, width)
    drawn = Table(
        box=SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False, collapse_padding=True
    )
    for index, size in enumerate(widths):
        right = _is_number(table.schema[index].type)
        drawn.add_column(
            Text(_cut(names[index], size)),
            width=size,
            no_wrap=True,
            justify="right" if right else "left",
        )
    for position in range(len(shown)):
        drawn.add_row(
            *(Text(_cut(cells[index][position], size)) for index, size in enumerate(widths))
        )
    if widths:
        console.print(drawn)
    for note in _notes(table, names[len(widths) :], len(shown)):
        console.print(Text(note, style="dim"), soft_wrap=False)


def _cell(value: object) -> str:
    match value:
        case bytes():
            return f"<{len(value)} bytes>"
        case str():
            return one_line(value[:_LONGEST])
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        case _:
            return one_line(value)[:_LONGEST]


def _fit(wishes: list[int], floors: list[int], width: int) -> list[int]:
    """Give each column its floor, and share what is left among those that wish for more.

    Columns at the end for which even the floor is too much are left out, but for the first.
    """
    count = len(wishes)
    while count > 1 and sum(floors[:count]) + _GAP * (count - 1) > width:
        count -= 1
    left = width - _GAP * (count - 1)
    by_need = sorted(range(count), key=lambda index: wishes[index] - floors[index])
    spare = left - sum(floors[:count])
    given = [min(floor, left) for floor in floors[:count]]
    for done, index in enumerate(by_need):
        more = max(0, min(wishes[index] - floors[index], spare // (count - done)))
        given[index] += more
        spare -= more
    return given


def _cut(text: str, size: int) -> str:
    """Cut a text to so many terminal columns; wide characters count two."""
    if cell_len(text) <= size:
        return text
    return set_cell_size(text, size - 1).rstrip() + "…"


def _can_be_cut(kind: pa.DataType) -> bool:
    """Tell whether the beginning of a value still says something: not of a number or a time."""
    return not (_is_number(kind) or pa.types.is_temporal(kind) or pa.types.is_boolean(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _notes(table: pa.Table, hidden: list[str], shown: int) -> Iterator[str]:
    if hidden:
        yield f"no room for: {', '.join(hidden)}"
    if shown < table.num_rows:
        yield f"{table.num_rows - shown:,} more rows; another --format gives all"
    else:
        yield f"{shown:,} {'row' if shown == 1 else 'rows'}"
