"""``newsfold store prune``: rows and archived pages that are older than they are to be kept."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import click

from ingest.cli.context import Context
from ingest.cli.output import say
from ingest.clock import system_clock
from ingest.dedup.signature import SCHEME
from ingest.upkeep.retention import begins, outdated, outdated_pages
from storage.archive import removal as archive
from storage.archive.writer import FOLDER as ARCHIVE
from storage.lake.lake import Lake
from storage.lake.removal import Touched
from storage.lake.rewrite import Day


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folder:
    """A day's folder of a table, or of the archive: how much of what it has is to go."""

    table: str
    day: str
    gone: int
    of: int

    @property
    def unit(self) -> str:
        return "page" if self.table == ARCHIVE else "row"


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(context: Context, dry_run: bool, yes: bool) -> None:
    """Remove rows and archived pages that are older than the configuration keeps them.

    How long that is, `store.retention` says, and `retention` of a feed. Whole days go. The ledger
    keeps what was seen, so that nothing of it is fetched anew. The daemon does so by itself.
    """
    config, at = context.load_config(), system_clock()
    kept = begins(config, at=at)
    edits, pages = outdated(kept), outdated_pages(kept)
    ledger = context.open_ledger()
    left: list[tuple[str, str]] = []
    try:
        lake = Lake(config.data, ledger, scheme=SCHEME)
        found = [
            *_of_rows(lake.touched(edits)),
            *_of_pages(archive.touched_files(config.data, pages)),
        ]
        if not context.as_json:
            _announce(context, found)
        is_wanted = not dry_run and _agreed(found, yes=yes)
        if is_wanted:
            days = [day for day in lake.edit(edits, at=at) if isinstance(day, Day)]
            files = archive.remove_captures(config.data, pages)
            left = [
                *((day.table, day.day) for day in days),
                *dict.fromkeys((ARCHIVE, file.day) for file in files if file.is_left),
            ]
    finally:
        ledger.close()
    counts = {unit: sum(one.gone for one in found if one.unit == unit) for unit in ("row", "page")}
    if context.as_json:
        say.emit_json(
            {
                "done": is_wanted and not left,
                "rows": counts["row"],
                "pages": counts["page"],
                "days": [
                    {"table": one.table, "day": one.day, f"{one.unit}s": one.gone} for one in found
                ],
                "left": [{"table": table, "day": day} for table, day in left],
            }
        )
    elif not config.store.retention and not edits:
        say.note(context, "nothing is ever too old: the configuration sets no retention")
    else:
        what = " and ".join(
            say.plural(count, unit) for unit, count in counts.items() if count or unit == "row"
        )
        did = "removed" if is_wanted else "to remove; nothing was changed"
        say.note(context, f"{what} {did}")
    if left:
        raise click.exceptions.Exit(1)


def _of_rows(found: Iterable[Touched]) -> list[_Folder]:
    return [
        _Folder(table=one.day.table, day=one.day.day, gone=one.gone, of=one.day.rows)
        for one in found
    ]


def _of_pages(found: Iterable[archive.Touched]) -> list[_Folder]:
    """Return files by their day."""
    days: dict[str, _Folder] = {}
    for one in found:
        so_far = days.get(one.day, _Folder(table=ARCHIVE, day=one.day, gone=0, of=0))
        days[one.day] = replace(so_far, gone=so_far.gone + one.gone, of=so_far.of + one.pages)
    return list(days.values())


def _announce(context: Context, found: Sequence[_Folder]) -> None:
    for one in found:
        what = f"{one.gone:,} of {say.plural(one.of, one.unit)}"
        context.records.print(f"{one.day}  {one.table}: {what}")


def _agreed(found: Sequence[_Folder], *, yes: bool) -> bool:
    if yes or not found or not sys.stdin.isatty():
        return True
    what = "rows and pages" if any(one.table == ARCHIVE for one in found) else "rows"
    return click.confirm(f"Remove these {what} for good?", err=True)
