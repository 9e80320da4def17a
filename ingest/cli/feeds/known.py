"""What the ledger knows of the feeds; nothing before the first crawl."""

from ingest.articles.drift import Drift
from ingest.cli.context import Context
from ingest.cli.opening.folder import asked
from ingest.cli.output import subscriptions
from ingest.inspection.health import find_drifts
from storage.model import FeedState
from storage.subscription import Subscription


def states_of(context: Context) -> dict[str, FeedState]:
    """Return what the ledger knows of each feed, by id."""
    states = asked(context, lambda ledger: ledger.feeds())
    return {state.feed_id: state for state in states or ()}


def drifts_of(context: Context) -> dict[str, Drift]:
    """Return for each feed that leads to a site on which extraction has changed what has."""
    drifts = asked(context, find_drifts) or []
    return {feed_id: drift for drift in drifts for feed_id in drift.feed_ids}


def subscribed(context: Context) -> dict[str, Subscription]:
    """Return each feed's subscription to a hub, by the feed's id."""
    every = asked(context, lambda ledger: ledger.subscriptions.all())
    return subscriptions.by_feed(every or ())
