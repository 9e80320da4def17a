"""How results are said: JSON for programs, lines and tables for people.

Every string from outside passes through here on its way to the terminal, so that none of its
characters acts on it and none of its brackets is taken for markup.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import click
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import OverflowMethod
from rich.table import Table
from rich.text import Text

from ingest.cli.context import UNBROKEN, Context
from ingest.text import clean_line, clean_text
from storage.answers.cells import json_text
from storage.model import Outcome

TEXT_WIDTH = 88
"""Columns of running text: longer lines are hard to read."""

OUTCOME_STYLES = {
    Outcome.NEW: "green",
    Outcome.REVISED: "yellow",
    Outcome.UNCHANGED: "dim",
    Outcome.DUPLICATE: "cyan",
    Outcome.SKIPPED: "magenta",
    Outcome.FAILED: "red",
    Outcome.PENDING: "blue",
}

_GAP = 2  # between columns
_NARROWEST = 8  # columns in which a cell still says something
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_KILO = 1024


def emit_json(value: object) -> None:
    """Write one JSON document to stdout."""
    click.echo(json_text(value))


def said(value: object, style: str = "") -> Text:
    """Return a value as one line of text that can do no harm."""
    return Text("" if value is None else clean_line(str(value)), style=style)


def when(at: datetime | None) -> str:
    """Return a time to the second, in UTC."""
    return "never" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(length: timedelta) -> str:
    """Return a length of time in its largest unit: ``3 min``."""
    seconds = abs(length.total_seconds())
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return "0 s"


def ago(at: datetime | None, now: datetime) -> str:
    """Return how long ago a time was, or how far off it is."""
    if at is None:
        return "never"
    if abs(at - now) < timedelta(seconds=1):
        return "now"
    return f"{span(now - at)} ago" if at < now else f"in {span(at - now)}"


def size(count: int) -> str:
    """Return a number of bytes in a readable unit, powers of 1024."""
    amount, unit = float(count), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if amount < _KILO:
            break
        amount, unit = amount / _KILO, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def table(
    context: Context,
    headings: Sequence[str],
    rows: Sequence[Sequence[Text | str]],
    *,
    right: Sequence[str] = (),
    cut: Sequence[str] = (),
) -> None:
    """Print a table, one line a row.

    Args:
        context: Where to.
        headings: The columns' names.
        rows: A cell for each of them; strings must be our own.
        right: Columns set to the right: numbers.
        cut: Columns that share what room the others leave, and lose their end if it is too little.
    """
    cells = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    widths = [
        max([len(name), *(row[index].cell_len for row in cells)])
        for index, name in enumerate(headings)
    ]
    _narrow(widths, [headings.index(name) for name in cut], context.records.width)
    drawn = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name, width in zip(headings, widths, strict=True):
        drawn.add_column(
            name,
            justify="right" if name in right else "left",
            width=width,
            no_wrap=True,
            overflow="ellipsis",
            header_style="bold",
        )
    for row in cells:
        drawn.add_row(*row)
    context.records.print(drawn)


def _narrow(widths: list[int], elastic: Sequence[int], room: int) -> None:
    """Take from the widest of the elastic columns until all fit or they say nothing any more."""
    room -= _GAP * (len(widths) - 1)
    while sum(widths) > room:
        widest = max(elastic, key=lambda index: widths[index], default=None)
        if widest is None or widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def paragraphs(context: Context, text: str, *, indent: int = 0) -> None:
    """Print running text, wrapped where a person reads it and as it is elsewhere."""
    for part in clean_text(text).split("\n"):
        if part.strip():
            flowing(context, Text(part.strip()), indent=indent)


def flowing(context: Context, text: Text, *, indent: int = 0, label: Text | None = None) -> None:
    """Print one paragraph, wrapped where a person reads it.

    ``label`` stands before its first line; the others are set in as far. An address stays whole.
    """
    before = Text.assemble(" " * indent, label or "")
    width = context.records.width
    if width < UNBROKEN:
        width = max(_NARROWEST, min(width - before.cell_len, TEXT_WIDTH))
    # What no line can hold is an address, most likely, and stays one to be copied.
    longest = max((cell_len(word) for word in text.plain.split()), default=0)
    overflow: OverflowMethod = "ignore" if "://" in text.plain and longest > width else "fold"
    for line in text.wrap(context.records, width, overflow=overflow) or [Text()]:
        line.rstrip()
        context.records.print(Text.assemble(before, line), soft_wrap=True)
        before = Text(" " * before.cell_len)


def unbroken(context: Context, text: Text, *, indent: int = 0) -> None:
    """Print one line that stays one, as an address must to be copied."""
    context.records.print(Text.assemble(" " * indent, text), soft_wrap=True)


def heading(context: Context, text: str) -> None:
    """Print a section's heading."""
    context.records.print()
    context.records.print(Text(text, style="bold underline"))


def pairs(context: Context, rows: Iterable[tuple[str, Text | str | None]]) -> None:
    """Print names and values beneath each other, but those that have no value."""
    kept = [(name, value) for name, value in rows if value]
    margin = max((len(name) for name, _ in kept), default=0) + _GAP
    for name, value in kept:
        text = value if isinstance(value, Text) else said(value)
        flowing(context, text, label=Text(name.ljust(margin), "dim"))


def note(context: Context, message: str) -> None:
    """Say something beside the results, on stderr, unless quiet is wished for."""
    if not context.quiet:
        click.echo(message, err=True)
