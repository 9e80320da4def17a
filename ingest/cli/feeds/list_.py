"""``newsfold feeds list``."""

from dataclasses import asdict
from datetime import datetime

import click
from rich.text import Text

from ingest.cli.context import Context
from ingest.cli.feeds.known import states_of, subscribed
from ingest.cli.output import say, subscriptions
from ingest.cli.output.feeds import MARKS, feed_record, next_of
from ingest.clock import system_clock
from ingest.config.quantities import format_duration
from ingest.inspection.health import health_of
from ingest.types import Feed
from storage.model import FeedState


@click.command("list")
@click.pass_obj
def command(context: Context) -> None:
    """List the feeds with their tags, and how they are."""
    config = context.load_config()
    states = states_of(context)
    now = system_clock()
    if context.as_json:
        subscriptions_of = subscribed(context)
        records = []
        for feed in config.feeds:
            state = states.get(feed.id)
            known = {
                "state": asdict(state) if state else None,
                "subscription": subscriptions.record(subscriptions_of.get(feed.id), now),
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
