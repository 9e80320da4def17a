"""``newsfold store export``: what is stored as a file or a folder for others."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click

from ingest.cli.arguments.moments import MOMENT
from ingest.cli.context import Context
from ingest.cli.output import say
from ingest.cli.output.files import check_outside
from ingest.reextraction.chosen import Chosen
from storage.archive.export import copy_captures
from storage.archive.reader import archive_files
from storage.errors import StoreError
from storage.export import Exported, Kind, Selection, View, export, kind_of
from storage.export.files import whole_file


@click.command("export")
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
    """Write what is stored to DEST: a Parquet, JSON Lines, CSV or WARC file, or a dataset folder.

    DEST appears whole or not at all, also beside a crawl, and holds what is committed at one
    moment, the oldest first.

    \b
    newsfold store export articles.parquet
    newsfold store export german.jsonl.gz --language de --since 2026-11-01
    newsfold store export my-dataset --format dataset
    newsfold store export pages.warc.gz --site example.org
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
    check_outside(dest, context.data_folder())
    started = time.monotonic()
    if kind is Kind.WARC:
        done = _copy_pages(context, selection, dest, force=force)
    else:
        with context.open_store() as store:
            done = export(store, selection, dest, kind, force=force)
    if context.as_json:
        say.emit_json({"path": str(dest), "format": kind, **asdict(done)})
    noun = "page" if kind is Kind.WARC else "row"
    written = f"{say.plural(done.rows, noun)} in {dest}"
    if done.files > 1:
        written += f", {done.files} files"
    say.note(context, f"{written} · {say.size(done.bytes)} · {time.monotonic() - started:.1f} s")


def _copy_pages(context: Context, selection: Selection, dest: Path, *, force: bool) -> Exported:
    """Write archived pages, which are no rows of a view, to one WARC file."""
    if selection.view is not View.ARTICLES or selection.languages:
        raise click.UsageError("archived pages have no --table and no --language")
    data = context.data_folder()
    if not archive_files(data):
        raise StoreError(f"no pages are kept in {data}: `archive: true` in feeds.yml keeps them")
    chosen = Chosen(
        since=selection.since,
        until=selection.until,
        feeds=selection.feeds,
        sites=selection.sites,
    )
    with whole_file(dest, force=force) as file:
        with file.open("wb") as target:
            software = f"newsfold {version('newsfold')}"
            copied = copy_captures(
                data, target, name=dest.name, software=software, wanted=chosen.has
            )
        for damage in copied.damages:
            click.echo(f"{damage.file}: damaged from byte {damage.offset} on", err=True)
        return Exported(rows=copied.pages, files=1, bytes=file.stat().st_size)
