"""``newsfold feeds``: the feeds in the configuration."""

import asyncio
import re
from dataclasses import asdict
from datetime import datetime, timedelta

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from ingest.app import open_prober
from ingest.cli import say
from ingest.cli.config import feed_record
from ingest.cli.context import Context
from ingest.cli.durations import DURATION
from ingest.cli.select import select_feeds
from ingest.cli.status import MARKS
from ingest.clock import system_clock
from ingest.config import Config, FetchSettings, WorkerSettings, add_feed, remove_feed, unique_id
from ingest.config.feed_ids import ID
from ingest.config.quantities import format_duration
from ingest.errors import NewsfoldError, UsageError
from ingest.health import health_of
from ingest.probe import Probe
from ingest.text import clean_line
from ingest.types import Fault, Feed, ParsedFeed
from storage.errors import StoreError
from storage.model import FeedState

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@click.group()
def command() -> None:
    """List, add, remove or check the feeds in the configuration."""


@command.command("list")
@click.pass_obj
def list_(context: Context) -> None:
    """List the feeds with their tags, and how they are."""
    config = context.load_config()
    states = _states(context)
    now = system_clock()
    if context.as_json:
        records = []
        for feed in config.feeds:
            state = states.get(feed.id)
            records.append(feed_record(feed) | {"state": asdict(state) if state else None})
        say.emit_json(records)
        return
    rows = [_row(feed, states.get(feed.id), now) for feed in config.feeds]
    headings = ("feed", "name", "tags", "every", "state", "next", "url")
    say.table(context, headings, rows, cut=("name", "tags", "url"))
    say.note(context, say.plural(len(rows), "feed"))


def _row(feed: Feed, state: FeedState | None, now: datetime) -> tuple[Text | str, ...]:
    state = state or FeedState(feed_id=feed.id, url=feed.url, name=feed.name)
    return (
        Text(feed.id, "bold"),
        say.said(feed.name),
        say.said(", ".join(feed.tags), "cyan"),
        "auto" if feed.interval is None else format_duration(feed.interval),
        MARKS[health_of(state, now=now)],
        _next(state, now),
        say.said(f"{feed.url} → {state.address}" if state.address else feed.url, "dim"),
    )


def _next(state: FeedState, now: datetime) -> str:
    if state.retired:
        return ""
    due = state.next_due_at
    return "due" if due is None or due <= now else say.ago(due, now)


def _states(context: Context) -> dict[str, FeedState]:
    try:
        ledger = context.open_ledger()
    except StoreError:  # nothing was crawled yet
        return {}
    try:
        return {state.feed_id: state for state in ledger.feeds()}
    finally:
        ledger.close()


@command.command(short_help="Fetch a feed once and write it to the configuration.")
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
    config = context.load_config() if context.config_path.exists() else None
    address = url if _SCHEME.match(url) else f"https://{url}"
    probe, parsed = asyncio.run(_find(context, config, address))
    taken = [feed.id for feed in config.feeds] if config else []
    feed = Feed(
        id=feed_id or unique_id(probe.lasting_url, taken),
        url=probe.lasting_url,
        name=name or clean_line(parsed.title or "") or feed_id or "",
        tags=tuple(dict.fromkeys(tags)),
        interval=interval,
    )
    add_feed(context.config_path, feed)
    if context.as_json:
        say.emit_json(feed_record(feed) | _parsed_record(probe, parsed))
        return
    line = Text.assemble("added ", (feed.id, "bold green"), ": ", say.said(feed.name))
    context.records.print(line, soft_wrap=True)
    say.unbroken(context, say.said(feed.url, "dim"), indent=2)
    about = f"{parsed.format}, {_entries(probe, parsed)}"
    say.flowing(context, Text(about), indent=2)
    if parsed.flaw:
        say.note(context, f"flawed, but readable: {say.said(parsed.flaw).plain}")
    say.note(context, f"`newsfold crawl {feed.id}` reads it now")


async def _find(context: Context, config: Config | None, url: str) -> tuple[Probe, ParsedFeed]:
    """Return the feed at ``url``, or the first that a page there announces.

    Raises:
        NewsfoldError: there is none, or it cannot be had.
    """
    fetch = config.fetch if config else FetchSettings()
    workers = config.workers if config else WorkerSettings()
    async with open_prober(fetch, workers, clock=system_clock) as prober:
        probe = await prober.probe(url)
        if isinstance(probe.document, ParsedFeed):
            return probe, probe.document
        if not probe.announced:
            raise NewsfoldError(f"{url}: {_trouble(probe.document)}; nothing was added")
        first, *others = probe.announced
        say.note(context, say.said(f"{url} is a page; it announces the feed {first.url}").plain)
        for other in others:
            title = f" ({other.title})" if other.title else ""
            say.note(context, say.said(f"it also announces {other.url}{title}").plain)
        probe = await prober.probe(first.url)
        if isinstance(probe.document, ParsedFeed):
            return probe, probe.document
        raise NewsfoldError(f"{first.url}: {_trouble(probe.document)}; nothing was added")


@command.command()
@click.argument("feed_id", metavar="ID")
@click.pass_obj
def remove(context: Context, feed_id: str) -> None:
    """Take a feed out of the configuration. What is stored of it stays."""
    feed = remove_feed(context.config_path, feed_id)
    if context.as_json:
        say.emit_json(feed_record(feed))
    else:
        context.records.print(f"removed {feed.id}; what is stored of it stays", soft_wrap=True)


@command.command(short_help="Fetch feeds now, storing nothing, and say how they are.")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@click.pass_obj
def check(context: Context, feeds: tuple[str, ...]) -> None:
    """Fetch feeds now, storing nothing, and say how they are; exit 1 if any is broken.

    All of them, or those named by id, name, tag or URL.
    """
    config = context.load_config()
    chosen = select_feeds(config, feeds)
    probes = asyncio.run(_check(context, config, chosen))
    broken = sum(isinstance(probe.document, Fault) for probe in probes)
    pairs = list(zip(chosen, probes, strict=True))
    if context.as_json:
        say.emit_json([_check_record(feed, probe) for feed, probe in pairs])
    else:
        pairs.sort(key=lambda pair: not isinstance(pair[1].document, Fault))
        rows = [_check_row(feed, probe) for feed, probe in pairs]
        headings = ("state", "feed", "status", "format", "entries", "newest", "took", "trouble")
        right = ("status", "entries", "took")
        say.table(context, headings, rows, right=right, cut=("trouble",))
    say.note(context, f"{say.plural(len(probes), 'feed')}, {broken} broken")
    if broken:
        raise click.exceptions.Exit(1)


async def _check(context: Context, config: Config, feeds: tuple[Feed, ...]) -> list[Probe]:
    bar = Progress(
        TextColumn("checking"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        console=context.err,
        transient=True,
        disable=not context.err.is_terminal or context.quiet,
    )
    with bar:
        task = bar.add_task("feeds", total=len(feeds))
        async with open_prober(config.fetch, config.workers, clock=system_clock) as prober:
            return await prober.probe_all(feeds, done=lambda _: bar.advance(task))


def _check_row(feed: Feed, probe: Probe) -> tuple[Text | str, ...]:
    document = probe.document
    status, took = str(probe.status or ""), f"{probe.seconds:.1f} s"
    if isinstance(document, Fault):
        mark, trouble = Text("✗ broken", "red"), say.said(_trouble(document))
        return (mark, Text(feed.id, "bold"), status, "", "", "", took, trouble)
    newest = f"{probe.newest:%Y-%m-%d %H:%M}" if probe.newest else ""
    mark = Text("✓ flawed", "yellow") if document.flaw else Text("✓ ok", "green")
    return (
        mark,
        Text(feed.id, "bold"),
        status,
        document.format,
        f"{len(document.entries):,}",
        newest,
        took,
        say.said(_advice(feed, probe) or document.flaw),
    )


def _advice(feed: Feed, probe: Probe) -> str | None:
    if probe.lasting_url == feed.url:
        return None
    return f"moved for good to {probe.lasting_url}: put it into feeds.yml"


def _check_record(feed: Feed, probe: Probe) -> dict[str, object]:
    record: dict[str, object] = {
        "id": feed.id,
        "url": feed.url,
        "ok": True,
        "status": probe.status,
        "seconds": round(probe.seconds, 3),
        "bytes": probe.bytes,
        "moved_to": probe.lasting_url if _advice(feed, probe) else None,
        "reason": None,
        "detail": None,
        "announced": [asdict(announced) for announced in probe.announced],
    }
    if isinstance(probe.document, Fault):
        fault = {"ok": False, "reason": probe.document.reason, "detail": probe.document.detail}
        return record | fault | {"format": None, "entries": None, "newest": None, "flaw": None}
    return record | _parsed_record(probe, probe.document)


def _parsed_record(probe: Probe, parsed: ParsedFeed) -> dict[str, object]:
    return {
        "format": parsed.format,
        "entries": len(parsed.entries),
        "newest": probe.newest,
        "flaw": parsed.flaw,
    }


def _entries(probe: Probe, parsed: ParsedFeed) -> str:
    count = say.plural(len(parsed.entries), "entry", "entries")
    return f"{count}, the newest of {probe.newest:%Y-%m-%d %H:%M}" if probe.newest else count


def _trouble(fault: Fault) -> str:
    status = f" ({fault.status})" if fault.status and str(fault.status) not in fault.detail else ""
    return say.said(f"{fault.reason}{status}: {fault.detail}").plain
