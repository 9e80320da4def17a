"""``newsfold feeds discover``."""

import asyncio
from dataclasses import asdict

import click

from ingest.cli.arguments.feeds import address
from ingest.cli.context import Context
from ingest.cli.opening.prober import open_prober
from ingest.cli.output import say
from ingest.cli.output.documents import trouble
from ingest.errors import NewsfoldError
from ingest.probing.discovery import Discovered, discover_feeds
from ingest.probing.probe import Probe
from ingest.types import Fault


@click.command("discover", short_help="List the feeds of a site, storing nothing.")
@click.argument("url")
@click.pass_obj
def command(context: Context, url: str) -> None:
    """List the feeds that a page announces; exit 1 if none is found.

    If it announces none, the usual places are looked at. News sitemaps that the site's robots.txt
    names are listed too.
    """
    where = address(url)
    probe, found = asyncio.run(_discover(context, where))
    if context.as_json:
        say.emit_json([asdict(each) for each in found])
    else:
        rows = [
            (each.kind, each.source.value, say.said(each.title), say.said(each.url, "bold"))
            for each in found
        ]
        if rows:
            say.table(context, ("kind", "found by", "title", "url"), rows, cut=("title",))
    if not found:
        said = trouble(probe.document) if isinstance(probe.document, Fault) else "nothing"
        raise NewsfoldError(f"{where}: no feed was found: {said}")
    say.note(context, f"{say.plural(len(found), 'feed')}; `newsfold feeds add URL` adds one")


async def _discover(context: Context, url: str) -> tuple[Probe, list[Discovered]]:
    config = context.known_config()
    async with open_prober(context, config) as prober:
        return await discover_feeds(prober, url)
