"""``newsfold status``: the feeds' health, what waits, and how much is stored."""

from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta

import click
from rich.text import Text

from ingest.cli.context import Context
from ingest.cli.output import say, subscriptions
from ingest.cli.output.feeds import MARKS, next_of
from ingest.clock import system_clock
from ingest.errors import ConfigError
from ingest.inspection.health import FeedHealth, Health, Status, notes_on, take_status
from ingest.websub.states import is_relied_on
from storage.model import Outcome


@click.command()
@click.pass_obj
def command(context: Context) -> None:
    """Show the feeds' health (broken first), what waits, and how much is stored."""
    try:
        config = context.load_config()
    except ConfigError:
        if context.data is None:
            raise
        config = None
    now = system_clock()
    ledger = context.open_ledger()
    try:
        feeds = config.feeds if config else None
        status = take_status(context.data_folder(), ledger, feeds, now=now)
    finally:
        ledger.close()
    if context.as_json:
        say.emit_json(_record(status, now))
    else:
        _print(context, status, now)


def _print(context: Context, status: Status, now: datetime) -> None:
    rows = [_row(feed, now) for feed in status.feeds]
    headings = ("state", "feed", "name", "last ok", "next", "entries", "trouble")
    say.table(context, headings, rows, right=("entries",), cut=("name", "trouble"))
    context.records.print()
    own = [feed for feed in status.feeds if feed.configured]
    healths = [(health, sum(feed.health is health for feed in own)) for health in Health]
    counts = ", ".join(f"{n} {health.name.lower().replace('_', ' ')}" for health, n in healths if n)
    entries = ", ".join(f"{n:,} {outcome}" for outcome, n in status.entries.items() if n)
    say.pairs(
        context,
        [
            ("feeds", f"{len(own):,}" + (f": {counts}" if counts else "")),
            ("entries", f"{sum(status.entries.values()):,}" + (f": {entries}" if entries else "")),
            ("WebSub", _subscriptions(status, now)),
            ("next try", _next_try(status, now)),
            ("journal", _journal(status, now)),
            *((size.table, _size(size.rows, size.parts, size.bytes)) for size in status.tables),
            ("state", say.size(status.state_bytes)),
            ("disk", f"{say.size(status.free_bytes)} free"),
            ("data", str(status.data)),
            ("daemon", _daemon(status)),
        ],
    )
    if status.drifts:
        say.heading(context, "Sites on which extraction has changed")
        for drift in status.drifts:
            line = Text.assemble((drift.host, "bold"), ": ", say.said(drift.what, "yellow"))
            say.flowing(context, line)
            say.unbroken(context, say.said(drift.example, "dim"), indent=2)


def _row(feed: FeedHealth, now: datetime) -> tuple[Text | str, ...]:
    state = feed.state
    trouble = Text()
    if not feed.configured:
        trouble = Text("no longer in the configuration", "dim")
    elif state.ok is False:
        trouble = Text.assemble((str(state.reason), "red"), f": {say.said(state.detail).plain}")
    elif state.detail:
        trouble = Text.assemble(("flawed", "yellow"), f": {say.said(state.detail).plain}")
    elif notes := notes_on(state, now=now):
        trouble = say.said("; ".join(notes), "yellow")
    elif waiting := feed.entries[Outcome.PENDING]:
        trouble = Text(f"{say.plural(waiting, 'entry', 'entries')} pending", "dim")
    return (
        MARKS[feed.health],
        state.feed_id,
        say.said(state.name),
        say.ago(state.ok_at, now),
        next_of(state, now) if feed.configured else "",
        f"{sum(feed.entries.values()):,}",
        trouble,
    )


def _next_try(status: Status, now: datetime) -> str | None:
    at = status.next_try_at
    if at is None:
        return None
    return "now" if at - now < timedelta(seconds=1) else f"in {say.span(at - now)}"


def _journal(status: Status, now: datetime) -> str:
    waiting = say.plural(status.journal.rows, "row")
    since = status.journal.oldest_at
    return f"{waiting} to be written" + (f", the oldest {say.ago(since, now)}" if since else "")


def _size(rows: int, parts: int, size: int) -> str:
    return f"{say.plural(rows, 'row')} in {say.plural(parts, 'file')}, {say.size(size)}"


def _daemon(status: Status) -> str:
    if status.daemon is None:
        return "not running"
    running = f"running, process {status.daemon}" if status.daemon else "running"
    if not status.paused:
        return running
    return f"{running}; paused until there is room on the disk"


def _subscriptions(status: Status, now: datetime) -> str | None:
    """How many feeds' pushes are relied on, and how the other subscriptions stand."""
    every = [s for feed in status.feeds for s in feed.subscriptions]
    counts = Counter(
        "relied on" if is_relied_on(subscription, now=now) else subscription.state.value
        for subscription in every
    )
    told = ", ".join(f"{count} {what}" for what, count in counts.most_common())
    return f"{say.plural(len(every), 'subscription')}: {told}" if every else None


def _record(status: Status, now: datetime) -> dict[str, object]:
    return {
        "data": str(status.data),
        "daemon": {
            "running": status.daemon is not None,
            "pid": status.daemon or None,
            "paused": status.paused,
        },
        "feeds": [
            {
                "id": feed.state.feed_id,
                "health": feed.health.name.lower(),
                "configured": feed.configured,
                "entries": feed.entries,
                "subscription": subscriptions.record(
                    subscriptions.by_feed(feed.subscriptions).get(feed.state.feed_id), now
                ),
                "state": asdict(feed.state),
            }
            for feed in status.feeds
        ],
        "entries": status.entries,
        "next_try_at": status.next_try_at,
        "journal": asdict(status.journal),
        "tables": [asdict(size) for size in status.tables],
        "state_bytes": status.state_bytes,
        "drifts": [asdict(drift) for drift in status.drifts],
        "free_bytes": status.free_bytes,
    }
