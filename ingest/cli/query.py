"""``newsfold query``: SELECTs over the stored articles, written in one of several formats."""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

import click

from ingest.cli.arguments.durations import DURATION
from ingest.cli.context import Context
from ingest.cli.output import say
from ingest.cli.output.files import check_outside, write_file
from ingest.cli.output.rows import PIPED_WIDTH, show
from storage.answers.formats import Format, Rows, write
from storage.query.parameters import Parameters
from storage.query.session import statements

_BY_SUFFIX = {f".{kind.value}": kind for kind in Format} | {
    ".md": Format.MARKDOWN,
    ".ndjson": Format.JSONL,
}
_NAMED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


@click.command()
@click.argument("sql", required=False)
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
    "given",
    multiple=True,
    metavar="VALUE",
    help="The value of ? or $1, then of the next; NAME=VALUE that of $NAME; repeatable.",
)
@click.option("--examples", is_flag=True, help="Print queries that work on any store.")
@click.pass_obj
def command(
    context: Context,
    *,
    sql: str | None,
    wanted: str | None,
    output: Path | None,
    timeout: timedelta,
    given: tuple[str, ...],
    examples: bool,
) -> None:
    """Run a SELECT and print its rows. Without one: a shell on a terminal, else those of stdin.

    \b
    Views: articles    newest revision of each article
           revisions   every revision
           duplicates  articles folded into others, with the numbers
           stories     sets of folded articles
           polls, outcomes, feeds

    \b
    newsfold query "SELECT site, count(*) FROM articles GROUP BY ALL ORDER BY 2 DESC"
    newsfold query "FROM articles WHERE site = ?" --param example.org -o rows.parquet
    newsfold query "FROM articles WHERE site = $site" --param site=example.org
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    if examples:
        _print_examples(context)
        return
    kind = _format(context, wanted, output)
    if sql is None and output is None and sys.stdin.isatty() and context.records.is_terminal:
        from ingest.cli.shell.session import Shell  # noqa: PLC0415 - loads only for this

        with context.open_store() as store:
            Shell(context, store, kind=kind, timeout=timeout).run()
        return
    asked = statements(sys.stdin.read()) if sql in (None, "-") else [str(sql)]
    if not asked:
        raise click.UsageError("there is no query; `newsfold query --examples` shows some")
    if output is not None and len(asked) > 1:
        raise click.UsageError(f"{output}: one statement fills a file, not {len(asked)}")
    if output is not None:
        check_outside(output, context.data_folder())
    with context.open_store() as store:
        for statement in asked:
            started = time.monotonic()
            table = store.sql(statement, _parameters(statement, given), timeout=timeout)
            if output is None:
                show(context, table, kind)
            else:
                _write_to(output, table, kind)
            if kind is not Format.TABLE:  # a table has its own last line
                rows = say.plural(table.num_rows, "row")
                where = f" in {output}" if output else ""
                say.note(context, f"{rows}{where} · {time.monotonic() - started:.1f} s")


def _print_examples(context: Context) -> None:
    if context.as_json:
        from storage.query.examples import EXAMPLES  # noqa: PLC0415 - loads only for this

        say.emit_json([{"question": each.question, "sql": each.sql} for each in EXAMPLES])
        return
    from ingest.cli.shell.session import examples  # noqa: PLC0415 - loads only for this

    click.echo(examples(), nl=False)


def _parameters(statement: str, given: Sequence[str]) -> Parameters:
    """Return the values by name if the statement has such names, else in their order."""
    named = {m[1]: m[2] for m in map(_NAMED.fullmatch, given) if m}
    used = {name: value for name, value in named.items() if re.search(rf"\${name}\b", statement)}
    if used and len(used) < len(given):
        raise click.UsageError(
            "--param: either all by NAME=VALUE, as the query names them, or none"
        )
    return used or given


def _write_to(output: Path, table: Rows, kind: Format) -> None:
    def rows_into(raw: IO[bytes]) -> None:
        if kind is Format.PARQUET:
            write(table, kind, raw)
            return
        with _as_text(raw) as text:
            write(table, kind, text, width=PIPED_WIDTH)

    write_file(output, rows_into)


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
