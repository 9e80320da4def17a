"""``newsfold feeds add``: a feed into the configuration, comments kept."""

import asyncio
from datetime import timedelta

import click

from ingest.cli.arguments.durations import DURATION
from ingest.cli.arguments.feeds import address
from ingest.cli.context import Context
from ingest.cli.feeds.found import find_feed, tell_found
from ingest.config import add_feed, unique_id
from ingest.config.feed_ids import ID
from ingest.errors import UsageError
from ingest.text import clean_line
from ingest.types import Feed


@click.command("add", short_help="Fetch a feed once and write it to the configuration.")
@click.argument("url")
@click.option("--id", "feed_id", help="Its id: a-z, 0-9, - and _.  [default: made from the URL]")
@click.option("--name", help="Its name for people.  [default: its own title]")
@click.option("--tag", "tags", multiple=True, help="A tag; repeatable.")
@click.option("--interval", type=DURATION, help="How often to poll it.  [default: auto]")
@click.pass_obj
def command(
    context: Context,
    *,
    url: str,
    feed_id: str | None,
    name: str | None,
    tags: tuple[str, ...],
    interval: timedelta | None,
) -> None:
    """Fetch a feed once and, if it is one, write it to the configuration.

    URL may be that of a page which announces its feed. Comments in the file stay as they are.
    """
    if feed_id is not None and not ID.fullmatch(feed_id):
        raise UsageError(
            f'an id has a-z, 0-9, "-" and "_" in it, at most 64 characters; got "{feed_id}"'
        )
    config = context.known_config()
    probe, parsed = asyncio.run(
        find_feed(context, config, address(url), nothing="nothing was added")
    )
    taken = [feed.id for feed in config.feeds] if config else []
    feed = Feed(
        id=feed_id or unique_id(probe.lasting_url, taken),
        url=probe.lasting_url,
        name=name or clean_line(parsed.title or "") or feed_id or "",
        tags=tuple(dict.fromkeys(tags)),
        interval=interval,
    )
    add_feed(context.config_path, feed)
    tell_found(context, "added", feed, probe, parsed)
