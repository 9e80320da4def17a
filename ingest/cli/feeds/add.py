"""``newsfold feeds add``, ``move`` and ``remove``: editing the configuration, comments kept."""

import asyncio
from datetime import timedelta

import click
from rich.text import Text

from ingest.cli import say
from ingest.cli.config import feed_record
from ingest.cli.context import Context
from ingest.cli.durations import DURATION
from ingest.cli.feeds.probing import about, address, find_feed, known_config, parsed_record
from ingest.config import add_feed, move_feed, remove_feed, unique_id
from ingest.config.feed_ids import ID
from ingest.errors import UsageError
from ingest.probing.probe import Probe
from ingest.text import clean_line
from ingest.types import Feed, ParsedFeed


@click.command(short_help="Fetch a feed once and write it to the configuration.")
@click.argument("url")
@click.option("--id", "feed_id", help="Its id: a-z, 0-9, - and _.  [default: made from the URL]")
@click.option("--name", help="Its name for people.  [default: its own title]")
@click.option("--tag", "tags", multiple=True, help="A tag; repeatable.")
@click.option("--interval", type=DURATION, help="How often to poll it.  [default: auto]")
@click.pass_obj
def add(
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
    config = known_config(context)
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
    _tell(context, "added", feed, probe, parsed)


@click.command(short_help="Give a feed another address; its id, and so its memory, stays.")
@click.argument("feed_id", metavar="ID")
@click.argument("url")
@click.pass_obj
def move(context: Context, *, feed_id: str, url: str) -> None:
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
    _tell(context, "moved", feed, probe, parsed)


@click.command()
@click.argument("feed_id", metavar="ID")
@click.pass_obj
def remove(context: Context, feed_id: str) -> None:
    """Take a feed out of the configuration. What is stored of it stays."""
    feed = remove_feed(context.config_path, feed_id)
    if context.as_json:
        say.emit_json(feed_record(feed))
    else:
        context.records.print(f"removed {feed.id}; what is stored of it stays", soft_wrap=True)


def _tell(context: Context, done: str, feed: Feed, probe: Probe, parsed: ParsedFeed) -> None:
    if context.as_json:
        say.emit_json(feed_record(feed) | parsed_record(probe, parsed))
        return
    line = Text.assemble(f"{done} ", (feed.id, "bold green"), ": ", say.said(feed.name))
    context.records.print(line, soft_wrap=True)
    say.unbroken(context, say.said(feed.url, "dim"), indent=2)
    say.flowing(context, Text(about(probe, parsed)), indent=2)
    if parsed.flaw:
        say.note(context, f"flawed, but readable: {say.said(parsed.flaw).plain}")
    say.note(context, f"`newsfold crawl {feed.id}` reads it now")
