"""``newsfold feeds list``."""

from dataclasses import asdict
from datetime import datetime

import click
from rich.text import Text

from ingest.articles.drift import Drift
from ingest.cli import say, subscriptions
from ingest.cli.config import feed_record
from ingest.cli.context import Context
from ingest.cli.feeds.probing import asked
from ingest.cli.status import MARKS, next_of
from ingest.clock import system_clock
from ingest.config.quantities import format_duration
from ingest.inspection.health import find_drifts, health_of
from ingest.types import Feed
from storage.model import FeedState
from storage.subscription import Subscription


@click.command("list")
@click.pass_obj
def list_(context: Context) -> None:
    """List the feeds with their tags, and how they are."""
    config = context.load_config()
    states = states_of(context)
    now = system_clock()
    if context.as_json:
        subscribed = _subscribed(context)
        records = []
        for feed in config.feeds:
            state = states.get(feed.id)
            known = {
                "state": asdict(state) if state else None,
                "subscription": subscriptions.record(subscribed.get(feed.id), now),
            }
            records.append(feed_record(feed) | known)
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
        next_of(state, now),
        say.said(f"{feed.url} → {state.address}" if state.address else feed.url, "dim"),
    )


def states_of(context: Context) -> dict[str, FeedState]:
    """Return what the ledger knows of each feed, by id; nothing before the first crawl."""
    states = asked(context, lambda ledger: ledger.feeds())
    return {state.feed_id: state for state in states or ()}


def drifts_of(context: Context) -> dict[str, Drift]:
    """Return for each feed that leads to a site on which extraction has changed what has."""
    drifts = asked(context, find_drifts) or []
    return {feed_id: drift for drift in drifts for feed_id in drift.feed_ids}


def _subscribed(context: Context) -> dict[str, Subscription]:
    every = asked(context, lambda ledger: ledger.subscriptions.all())
    return subscriptions.by_feed(every or ())
