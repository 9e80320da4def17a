"""``newsfold store export``: what is stored as a file or a folder for others."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from ingest.cli import say
from ingest.cli.context import Context
from storage.export import Kind, Selection, View, export, kind_of

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.command(name="export")
@click.argument("dest", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "wanted",
    type=click.Choice([kind.value for kind in Kind]),
    help="What to write.  [default: what DEST ends with]",
)
@click.option(
    "--table",
    "view",
    type=click.Choice([view.value for view in View]),
    default=View.ARTICLES.value,
    show_default=True,
    help="Which view.",
)
@click.option("--since", type=MOMENT, help="Only what was fetched since (UTC) …")
@click.option("--until", type=MOMENT, help="… or before this.")
@click.option("--feed", "feeds", multiple=True, metavar="ID", help="Only of this feed; repeatable.")
@click.option(
    "--language", "languages", multiple=True, metavar="CODE", help="Only in this language, as en."
)
@click.option(
    "--site", "sites", multiple=True, metavar="SITE", help="Only of this site, as example.org."
)
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.pass_obj
def command(
    context: Context,
    *,
    dest: Path,
    wanted: str | None,
    view: str,
    since: datetime | None,
    until: datetime | None,
    feeds: tuple[str, ...],
    languages: tuple[str, ...],
    sites: tuple[str, ...],
    force: bool,
) -> None:
    """Write what is stored to DEST: a Parquet, JSON Lines or CSV file, or a dataset folder.

    DEST appears whole or not at all, also beside a crawl, and holds what is committed at one
    moment, the oldest first.

    \b
    newsfold store export articles.parquet
    newsfold store export german.jsonl.gz --language de --since 2026-11-01
    newsfold store export my-dataset --format dataset
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    kind = Kind(wanted) if wanted is not None else kind_of(dest)
    if kind is None:
        raise click.UsageError(f"{dest}: give a --format; its name tells none")
    selection = Selection(
        view=View(view),
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) if until else None,
        feeds=feeds,
        languages=languages,
        sites=sites,
    )
    started = time.monotonic()
    with context.open_store() as store:
        done = export(store, selection, dest, kind, force=force)
    if context.as_json:
        say.emit_json({"path": str(dest), "format": kind, **asdict(done)})
    written = f"{say.plural(done.rows, 'row')} in {dest}"
    if done.files > 1:
        written += f", {done.files} files"
    say.note(context, f"{written} · {say.size(done.bytes)} · {time.monotonic() - started:.1f} s")
