"""``newsfold feeds import``: the feeds of a list from another program."""

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import click

from ingest.articles.urls import canonical_url
from ingest.cli.context import Context
from ingest.cli.opening.prober import open_prober
from ingest.cli.output import say
from ingest.cli.output.documents import trouble
from ingest.cli.output.feeds import feed_record
from ingest.config import Config, add_feeds, is_web_address, unique_id
from ingest.errors import NewsfoldError, UsageError
from ingest.feeds.subscriptions import Subscriptions
from ingest.text import safe_link
from ingest.types import Fault, Feed

_MOST_BYTES = 10 * 1024 * 1024


@dataclass(slots=True)
class _Sorted:
    """What becomes of a list's feeds; ``there`` has the ids of those that are there already."""

    new: list[Feed] = field(default_factory=list)
    there: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


@click.command("import", short_help="Add the feeds of an OPML file or a list of URLs.")
@click.argument("source", metavar="FILE|URL|-")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.pass_obj
def command(context: Context, *, source: str, dry_run: bool) -> None:
    """Add the feeds of an OPML document, or of a list of URLs, one a line.

    Categories become tags. Feeds that are there already stay as they are. None is fetched: `feeds
    check` does that.
    """
    config = context.known_config()
    found = _sort(asyncio.run(_read(context, config, source)), config)
    if not dry_run:
        add_feeds(context.config_path, found.new)
    if context.as_json:
        say.emit_json(
            {
                "added": [feed_record(feed) for feed in found.new],
                "there": [{"url": url, "id": feed_id} for url, feed_id in found.there],
                "refused": [{"url": url, "reason": reason} for url, reason in found.refused],
                "dry_run": dry_run,
            }
        )
        return
    for url, reason in found.refused:
        click.echo(say.said(f"refused {url}: {reason}").plain, err=True)
    done = "would add" if dry_run else "added"
    say.unbroken(
        context,
        say.said(
            f"{done} {say.plural(len(found.new), 'feed')}, {len(found.there)} there already, "
            f"{len(found.refused)} refused"
        ),
    )


async def _read(context: Context, config: Config | None, source: str) -> Subscriptions:
    """Read the list; an address is fetched as a feed is.

    Raises:
        NewsfoldError: it is none, or cannot be had.
    """
    is_address = urlsplit(source).scheme.lower() in {"http", "https"}
    async with open_prober(context, config) as prober:
        read = await prober.subscriptions(source if is_address else _bytes_of(source))
    if isinstance(read, Fault):
        raise NewsfoldError(f"{source}: {trouble(read)}; nothing was added")
    if not read.feeds and not read.lists:
        raise NewsfoldError(f"{source}: no feed in it; nothing was added")
    return read


def _bytes_of(source: str) -> bytes:
    try:
        if source == "-":
            body = sys.stdin.read(_MOST_BYTES + 1).encode("utf-8", "surrogateescape")
        else:
            with Path(source).open("rb") as file:
                body = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError("stdin: not UTF-8; save the list to a file and name that") from error
    if len(body) > _MOST_BYTES:
        raise UsageError(f"{source}: more than {say.size(_MOST_BYTES)}")
    return body


def _sort(read: Subscriptions, config: Config | None) -> _Sorted:
    found = _Sorted()
    known = {_key(feed.url): feed.id for feed in config.feeds} if config else {}
    taken = {feed.id for feed in config.feeds} if config else set()
    for listed in read.feeds:
        link = safe_link(listed.url)
        if link is None or not is_web_address(link):
            found.refused.append((listed.url, "not an http or https URL"))
        elif _key(link) in known:
            found.there.append((link, known[_key(link)]))
        else:
            feed_id = unique_id(link, taken)
            found.new.append(Feed(id=feed_id, url=link, name=listed.name or "", tags=listed.tags))
            known[_key(link)] = feed_id
            taken.add(feed_id)
    found.refused += [(url, "a list of feeds; import it by itself") for url in read.lists]
    return found


def _key(url: str) -> str:
    """What two addresses of one feed have in common: their canonical form, but for TLS."""
    return canonical_url(url).partition(":")[2]
