"""``newsfold store prune``: rows that are older than they are to be kept."""

import sys
from collections.abc import Sequence

import click

from ingest.cli.context import Context
from ingest.cli.output import say
from ingest.clock import system_clock
from ingest.dedup.signature import SCHEME
from ingest.upkeep.retention import outdated
from storage.lake.lake import Lake
from storage.lake.removal import Touched
from storage.lake.rewrite import Day


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(context: Context, dry_run: bool, yes: bool) -> None:
    """Remove rows that are older than the configuration keeps them; the daemon does so by itself.

    How long that is, `store.retention` says, and `retention` of a feed. Whole days go. The ledger
    keeps what was seen, so that nothing of it is fetched anew.
    """
    config, at = context.load_config(), system_clock()
    edits = outdated(config, at=at)
    ledger = context.open_ledger()
    left: list[Day] = []
    try:
        lake = Lake(config.data, ledger, scheme=SCHEME)
        found = lake.touched(edits)
        if not context.as_json:
            _announce(context, found)
        is_wanted = not dry_run and _agreed(found, yes=yes)
        if is_wanted:
            left = [day for day in lake.edit(edits, at=at) if isinstance(day, Day)]
    finally:
        ledger.close()
    rows = sum(one.gone for one in found)
    if context.as_json:
        say.emit_json(
            {
                "done": is_wanted and not left,
                "rows": rows,
                "days": [
                    {"table": one.day.table, "day": one.day.day, "rows": one.gone} for one in found
                ],
                "left": [{"table": day.table, "day": day.day} for day in left],
            }
        )
    elif not config.store.retention and not edits:
        say.note(context, "nothing is ever too old: the configuration sets no retention")
    else:
        did = "removed" if is_wanted else "to remove; nothing was changed"
        say.note(context, f"{say.plural(rows, 'row')} {did}")
    if left:
        raise click.exceptions.Exit(1)


def _announce(context: Context, found: Sequence[Touched]) -> None:
    for one in found:
        what = f"{one.gone:,} of {say.plural(one.day.rows, 'row')}"
        context.records.print(f"{one.day.day}  {one.day.table}: {what}")


def _agreed(found: Sequence[Touched], *, yes: bool) -> bool:
    if yes or not found or not sys.stdin.isatty():
        return True
    return click.confirm("Remove these rows for good?", err=True)
