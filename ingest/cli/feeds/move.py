"""``newsfold feeds move``: another address, where a feed must be."""

import asyncio

import click

from ingest.cli.arguments.feeds import address
from ingest.cli.context import Context
from ingest.cli.feeds.found import find_feed, tell_found
from ingest.config import move_feed
from ingest.errors import UsageError


@click.command("move", short_help="Give a feed another address; its id, and so its memory, stays.")
@click.argument("feed_id", metavar="ID")
@click.argument("url")
@click.pass_obj
def command(context: Context, *, feed_id: str, url: str) -> None:
    """Give a feed another address, where a feed must be; its id, and so its memory, stays.

    URL may be that of a page which announces its feed. Comments in the file stay as they are.
    """
    config = context.load_config()
    if all(feed.id != feed_id for feed in config.feeds):
        raise UsageError(f"{context.config_path}: no feed has the id {feed_id}")
    probe, parsed = asyncio.run(
        find_feed(context, config, address(url), nothing="nothing was changed")
    )
    feed = move_feed(context.config_path, feed_id, probe.lasting_url)
    tell_found(context, "moved", feed, probe, parsed)
