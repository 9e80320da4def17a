"""``newsfold store verify``: every stored file, the ledger and the indexes checked."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import click
from rich.text import Text

import storage
from ingest.cli.context import Context
from ingest.cli.output import say
from storage.lake.lake import Lake
from storage.lake.verify import Problem
from storage.ledger.sqlite import SqliteLedger
from storage.repair.store import compared

_LEDGER = "state/ledger.db"
_REMEDY = "`newsfold store repair` makes it anew from what can be read of it, and from Parquet."
_MEND = "`newsfold store repair` brings the ledger in line with what is stored."
_SEARCH = "state/search.db"
_REINDEX = "`newsfold store reindex` builds it anew."
_MOST_NAMED = 5
_FOLD = "state/fold"
_FOLD_REMEDY = "Remove the file: the next crawl makes it anew from the ledger."


@click.command("verify")
@click.pass_obj
def command(context: Context) -> None:
    """Check every stored file, the ledger and the fold's index, down to each page's checksum.

    Lists what is wrong and what to do about it; exits 1 if anything is. May run beside a crawl.
    """
    data = context.data_folder()
    ledger = context.open_ledger()
    try:
        problems = [*_ledger_problems(ledger), *Lake(data, ledger).verify()]
        problems += [] if any(not it.warning for it in problems) else _compared(data)
        parts = ledger.parts()
    finally:
        ledger.close()
    rows = sum(part.rows for part in parts)
    if context.as_json:
        say.emit_json(
            {
                "ok": not problems,
                "files": len(parts),
                "rows": rows,
                "bytes": sum(part.bytes for part in parts),
                "problems": [_record(problem) for problem in problems],
            }
        )
    else:
        for problem in problems:
            _print(context, problem)
        checked = f"{say.plural(len(parts), 'file')} with {say.plural(rows, 'row')}"
        found = say.plural(len(problems), "problem") if problems else "all is well"
        say.note(context, f"{checked} and the ledger checked: {found}")
    if problems:
        raise click.exceptions.Exit(1)


def _ledger_problems(ledger: SqliteLedger) -> Iterator[Problem]:
    try:
        for sentence in ledger.checks():
            yield Problem(path=_LEDGER, what=sentence, remedy=_REMEDY)
        for sentence in ledger.fold_checks():
            file, what = sentence.split(": ", 1)
            yield Problem(path=f"{_FOLD}/{file}", what=what, remedy=_FOLD_REMEDY)
    except sqlite3.DatabaseError as error:
        yield Problem(path=_LEDGER, what=f"cannot be read: {error}", remedy=_REMEDY)


def _compared(data: Path) -> Iterator[Problem]:
    """Compare ledger, rows and search index, all of which can be read."""
    found = compared(data)
    for keys, what in (
        (found.missing, "the newest revision of {} is stored nowhere: {}"),
        (found.unknown, "it does not know the newest rows of {}: {}"),
    ):
        if keys:
            some = ", ".join(f"{key} ({revision})" for key, revision in keys[:_MOST_NAMED])
            rest = ", …" if len(keys) > _MOST_NAMED else ""
            said = what.format(say.plural(len(keys), "article"), some + rest)
            yield Problem(path=_LEDGER, what=said, remedy=_MEND)
    with storage.open(data) as store:
        for said in store.search_problems():
            yield Problem(path=_SEARCH, what=said, remedy=_REINDEX, warning=True)


def _print(context: Context, problem: Problem) -> None:
    kind = ("warning", "yellow") if problem.warning else ("error", "red")
    line = Text.assemble(kind, " ", say.said(problem.path, "bold"), ": ", say.said(problem.what))
    say.flowing(context, line)
    say.flowing(context, say.said(problem.remedy), indent=2)


def _record(problem: Problem) -> dict[str, object]:
    return {
        "level": "warning" if problem.warning else "error",
        "path": problem.path,
        "what": problem.what,
        "remedy": problem.remedy,
    }
