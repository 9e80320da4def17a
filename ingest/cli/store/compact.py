"""``newsfold store compact``: the files of a day into few."""

from collections.abc import Sequence
from datetime import date

import click

from ingest.cli.context import Context
from ingest.cli.output import say
from ingest.clock import system_clock
from ingest.errors import UsageError
from storage.lake.compaction import Which
from storage.lake.lake import Lake
from storage.lake.rewrite import Day
from storage.ledger.parts import Part


@click.command("compact")
@click.option("--day", metavar="YYYY-MM-DD", help="Compact this day alone, over or not.")
@click.option("--all", "even_open", is_flag=True, help="Compact days that are not over yet, too.")
@click.option("--dry-run", is_flag=True, help="Say what would be compacted, and change nothing.")
@click.pass_obj
def command(context: Context, day: str | None, even_open: bool, dry_run: bool) -> None:
    """Make the files of each day that is over into few, sorted by time.

    The daemon does so by itself. Readers and a crawl may go on meanwhile.
    """
    which = Which(day=_day(day), even_open=even_open or day is not None)
    data, at = context.data_folder(), system_clock()
    ledger = context.open_ledger()
    try:
        lake = Lake(data, ledger)
        found = lake.to_compact(which, at=at)
        done = [] if dry_run else list(lake.compact(which, at=at))
    finally:
        ledger.close()
    if context.as_json:
        told = [_compacted(one.before, one.parts) for one in done]
        would = [_compacted(one, None) for one in found] if dry_run else told
        say.emit_json({"done": not dry_run, "days": would})
        return
    for one in found if dry_run else [it.before for it in done]:
        files = say.plural(len(one.parts), "file")
        context.records.print(f"{one.day}  {one.table}: {files}, {say.plural(one.rows, 'row')}")
    if dry_run:
        say.note(context, f"{say.plural(len(found), 'folder')} to compact; nothing was changed")
        return
    fewer = sum(len(it.before.parts) - len(it.parts) for it in done)
    left = len(found) - len(done)
    rest = f"; {say.plural(left, 'folder')} left as they were" if left > 0 else ""
    said = f"{say.plural(len(done), 'folder')} compacted, {say.plural(fewer, 'file')} fewer{rest}"
    say.note(context, said)


def _day(given: str | None) -> str | None:
    try:
        return None if given is None else date.fromisoformat(given).isoformat()
    except ValueError:
        raise UsageError(f'--day: expected a day like 2026-11-23, got "{given}"') from None


def _compacted(before: Day, after: Sequence[Part] | None) -> dict[str, object]:
    told: dict[str, object] = {
        "table": before.table,
        "day": before.day,
        "rows": before.rows,
        "files": len(before.parts),
        "bytes": sum(part.bytes for part in before.parts),
    }
    if after is not None:
        told |= {"files_now": len(after), "bytes_now": sum(part.bytes for part in after)}
    return told
