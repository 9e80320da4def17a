"""``newsfold store import``: articles that others collected."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from ingest.cli.context import Context
from ingest.cli.output import say
from ingest.clock import system_clock
from ingest.config import Config
from ingest.errors import ConfigError
from ingest.imports.importer import FEED_ID, Settled
from ingest.imports.names import NAMES, lookup
from ingest.offline import open_importer
from storage.model import Outcome
from storage.rowfiles import RowFormat, format_of

_MOST_TOLD = 1_000
_ID = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")
_COUNTED = tuple(outcome for outcome in Outcome if outcome is not Outcome.PENDING)


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--format",
    "wanted",
    type=click.Choice([kind.value for kind in RowFormat]),
    help="What the files are.  [default: what their names end with]",
)
@click.option(
    "--feed",
    default=FEED_ID,
    show_default=True,
    metavar="ID",
    help="The feed they are filed under.",
)
@click.option(
    "--map",
    "pairs",
    multiple=True,
    metavar="THEIRS=OURS",
    help="Take our field OURS from their field THEIRS; repeatable.",
)
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and store nothing.")
@click.pass_obj
def command(
    context: Context,
    *,
    files: tuple[Path, ...],
    wanted: str | None,
    feed: str,
    pairs: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Take articles in from JSON Lines, Parquet or CSV, through the same fold as a crawl.

    Each row needs a url and a text; names of common tools are understood. A row that was imported
    before adds nothing, so a file can be imported again, as after Ctrl-C. Exits 1 if any row could
    not be read.

    \b
    newsfold store import articles.jsonl.gz
    newsfold store import dump.parquet --feed old-archive --map story_body=text --dry-run
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    if not _ID.fullmatch(feed):
        raise click.UsageError(f'--feed: expected an id like "old-archive", got "{feed}"')
    kinds = [(file, RowFormat(wanted) if wanted else _kind(file)) for file in files]
    names = _names(pairs)
    config = _config(context)
    started = time.monotonic()
    counts, told = asyncio.run(_take(context, config, kinds, names, feed, dry_run=dry_run))
    rows = counts.total()
    if context.as_json:
        say.emit_json(
            {
                "rows": rows,
                "outcomes": {outcome.value: counts[outcome] for outcome in _COUNTED},
                "problems": told,
                "dry_run": dry_run,
                "seconds": round(time.monotonic() - started, 3),
            }
        )
    came = ", ".join(f"{counts[outcome]} {outcome}" for outcome in _COUNTED if counts[outcome])
    line = f"{say.plural(rows, 'row')}: {came or 'nothing'}"
    line += "; nothing was stored" if dry_run else ""
    say.note(context, f"{line} · {time.monotonic() - started:.1f} s")
    if counts[Outcome.FAILED]:
        raise click.exceptions.Exit(1)


async def _take(
    context: Context,
    config: Config,
    kinds: Sequence[tuple[Path, RowFormat]],
    names: Mapping[str, Sequence[str]],
    feed: str,
    *,
    dry_run: bool,
) -> tuple[Counter[Outcome], list[dict[str, object]]]:
    counts: Counter[Outcome] = Counter()
    told: list[dict[str, object]] = []
    async with open_importer(config, clock=system_clock, feed_id=feed, dry_run=dry_run) as importer:
        for file, kind in kinds:
            async for portion in importer.portions(file, kind, names):
                counts.update(each.outcome for each in portion)
                for each in portion:
                    if each.outcome in {Outcome.FAILED, Outcome.SKIPPED}:
                        _tell(context, file, each)
                        if len(told) < _MOST_TOLD:
                            told.append({"file": str(file), **asdict(each)})
    return counts, told


def _tell(context: Context, file: Path, each: Settled) -> None:
    if each.outcome is Outcome.FAILED or context.verbose:
        line = say.said(f"{file}:{each.row}: {each.outcome}: {each.detail}")
        click.echo(line.plain, err=True)


def _kind(file: Path) -> RowFormat:
    kind = format_of(file)
    if kind is None:
        raise click.UsageError(f"{file}: give a --format; its name tells none")
    return kind


def _names(pairs: Sequence[str]) -> Mapping[str, Sequence[str]]:
    given = {}
    for pair in pairs:
        theirs, sign, ours = pair.rpartition("=")
        if not (theirs and sign and ours in NAMES):
            known = ", ".join(NAMES)
            raise click.UsageError(f'--map: expected THEIRS=OURS, got "{pair}"; OURS: {known}')
        given[theirs] = ours
    return lookup(given)


def _config(context: Context) -> Config:
    """Return the configuration; with ``--data`` alone, its defaults."""
    try:
        return context.load_config()
    except ConfigError:
        if context.data is None or context.config_path.exists():
            raise
        return Config(data=context.data.absolute())
