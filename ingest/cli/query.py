"""``newsfold query``: one SELECT over the stored articles, written in one of several formats."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

import click

from ingest.cli import say
from ingest.cli.context import UNBROKEN, Context
from ingest.cli.durations import DURATION
from ingest.cli.files import write_file
from storage.formats import Format, write

_PIPED_WIDTH = 160  # columns of a table that goes to a file or a program
_BY_SUFFIX = {f".{kind.value}": kind for kind in Format} | {
    ".md": Format.MARKDOWN,
    ".ndjson": Format.JSONL,
}


@click.command()
@click.argument("sql")
@click.option(
    "--format",
    "wanted",
    type=click.Choice([kind.value for kind in Format]),
    help="How rows are written.  [default: table, or what --output ends with]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file, which is replaced, instead of stdout.",
)
@click.option(
    "--timeout", type=DURATION, default="60s", show_default=True, help="Give up after this long."
)
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="VALUE",
    help="The value of ? or $1, then of the next; repeatable.",
)
@click.pass_obj
def command(
    context: Context,
    *,
    sql: str,
    wanted: str | None,
    output: Path | None,
    timeout: timedelta,
    parameters: tuple[str, ...],
) -> None:
    """Run one SELECT and print its rows; "-" reads it from stdin.

    \b
    Views: articles    newest revision of each article
           revisions   every revision
           duplicates  articles folded into others, with the numbers
           stories     sets of folded articles
           polls, outcomes, feeds

    \b
    newsfold query "SELECT site, count(*) FROM articles GROUP BY ALL ORDER BY 2 DESC"
    newsfold query "FROM articles WHERE site = ?" --param example.org -o rows.parquet
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    if sql == "-":
        sql = sys.stdin.read()
    kind = _format(context, wanted, output)
    started = time.monotonic()
    with context.open_store() as store:
        table = store.sql(sql, parameters, timeout=timeout)
    if output is None:
        width = _PIPED_WIDTH if context.records.width == UNBROKEN else context.records.width
        write(table, kind, sys.stdout, width=width)
    else:

        def rows_into(raw: IO[bytes]) -> None:
            if kind is Format.PARQUET:
                write(table, kind, raw)
                return
            with _as_text(raw) as text:
                write(table, kind, text, width=_PIPED_WIDTH)

        write_file(output, rows_into)
    if kind is not Format.TABLE:  # a table has its own last line
        rows = say.plural(table.num_rows, "row")
        where = f" in {output}" if output else ""
        say.note(context, f"{rows}{where} · {time.monotonic() - started:.1f} s")


def _format(context: Context, wanted: str | None, output: Path | None) -> Format:
    if wanted is not None:
        kind = Format(wanted)
    elif output is not None and output.suffix.lower() in _BY_SUFFIX:
        kind = _BY_SUFFIX[output.suffix.lower()]
    elif output is not None:
        endings = ", ".join(_BY_SUFFIX)
        raise click.UsageError(f"{output}: give a --format, or one of these endings: {endings}")
    else:
        kind = Format.JSON if context.as_json else Format.TABLE
    if kind is Format.PARQUET and output is None and context.records.is_terminal:
        raise click.UsageError("Parquet is not for a terminal: name a file with --output")
    return kind


@contextmanager
def _as_text(raw: IO[bytes]) -> Iterator[IO[str]]:
    with open(raw.fileno(), "w", encoding="utf-8", newline="", closefd=False) as text:
        yield text
