"""``newsfold reextract``: today's extraction over the pages that were kept."""

import asyncio
from collections import Counter
from datetime import UTC, datetime

import click
from rich.text import Text

from ingest.cli.arguments.moments import MOMENT
from ingest.cli.context import Context
from ingest.cli.output import say
from ingest.cli.output.changes import revision_diff
from ingest.clock import system_clock
from ingest.config import Config
from ingest.offline import open_reextractor
from ingest.reextraction.chosen import Chosen
from ingest.reextraction.reextractor import Kind, Seen
from storage.archive.reader import Damage

_WORDS = {
    Kind.UNCHANGED: "unchanged",
    Kind.TEXT_CHANGED: "text changed",
    Kind.FIELDS_CHANGED: "fields changed",
    Kind.NO_ARTICLE: "now no article",
    Kind.NEW_ARTICLE: "now an article",
    Kind.PASSED_OVER: "passed over",
}
_MARGIN = 2


@click.command()
@click.option("--since", type=MOMENT, help="Only pages fetched since (UTC) …")
@click.option("--until", type=MOMENT, help="… or before this.")
@click.option("--feed", "feeds", multiple=True, metavar="ID", help="Only of this feed; repeatable.")
@click.option("--site", "sites", multiple=True, metavar="SITE", help="Only of this site or host.")
@click.option("--url", "urls", multiple=True, metavar="URL", help="Only this page; repeatable.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.pass_obj
def command(
    context: Context,
    *,
    since: datetime | None,
    until: datetime | None,
    feeds: tuple[str, ...],
    sites: tuple[str, ...],
    urls: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Extract archived pages anew, fetching nothing, and store changed texts as revisions.

    Needs pages that were kept (archive: true in feeds.yml). Of each page the last capture is looked
    at. Fields that changed without the text, and pages that are no articles any more, are told and
    stay as they are stored. With -v each change is shown. May run beside a crawl.
    """
    chosen = Chosen(
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) if until else None,
        feeds=feeds,
        sites=sites,
        urls=urls,
    )
    config = context.load_config()
    counts, records, damaged = asyncio.run(_run(context, config, chosen, dry_run=dry_run))
    if context.as_json:
        say.emit_json(
            {
                "pages": counts.total(),
                "counts": {kind.value: counts[kind] for kind in Kind},
                "changes": records,
                "damaged": damaged,
                "dry_run": dry_run,
            }
        )
    else:
        rows = [(_WORDS[kind], str(counts[kind])) for kind in Kind]
        say.table(context, ["what came of it", "pages"], rows, right=["pages"])
    changed = counts[Kind.TEXT_CHANGED] + counts[Kind.NEW_ARTICLE]
    end = "nothing was changed" if dry_run or not changed else f"{changed} stored"
    say.note(context, f"{say.plural(counts.total(), 'page')} looked at; {end}")
    if damaged:
        raise click.exceptions.Exit(1)


async def _run(
    context: Context, config: Config, chosen: Chosen, *, dry_run: bool
) -> tuple[Counter[Kind], list[dict[str, object]], list[dict[str, object]]]:
    counts: Counter[Kind] = Counter()
    records: list[dict[str, object]] = []
    damaged: list[dict[str, object]] = []
    async with open_reextractor(config, clock=system_clock, dry_run=dry_run) as reextractor:
        async for seen in reextractor.pages(chosen):
            if isinstance(seen, Damage):
                damaged.append({"file": str(seen.file), "offset": seen.offset})
                click.echo(f"{seen.file}: damaged from byte {seen.offset} on", err=True)
                continue
            counts[seen.kind] += 1
            if seen.kind is Kind.UNCHANGED:
                continue
            if context.as_json:
                records.append(_record(seen))
            elif context.verbose or seen.kind is not Kind.PASSED_OVER:
                _tell(context, seen)
    return counts, records, damaged


def _tell(context: Context, seen: Seen) -> None:
    say.unbroken(context, Text.assemble((f"{_WORDS[seen.kind]}  ", "cyan"), say.said(seen.url)))
    if seen.detail:
        say.flowing(context, say.said(seen.detail, "dim"), indent=_MARGIN)
    if context.verbose and seen.after is not None:
        before = seen.before or (None, "")
        for line in revision_diff(context.records, before, seen.after):
            say.flowing(context, line, indent=_MARGIN)


def _record(seen: Seen) -> dict[str, object]:
    return {
        "url": seen.url,
        "kind": seen.kind,
        "article_id": seen.article_id,
        "outcome": seen.outcome,
        "detail": seen.detail,
        "fields": list(seen.fields),
        "before": _said(seen.before),
        "after": _said(seen.after),
    }


def _said(text: tuple[str | None, str] | None) -> dict[str, object] | None:
    return None if text is None else {"title": text[0], "text": text[1]}
