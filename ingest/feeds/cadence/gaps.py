"""Whether entries came and went between two polls."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from ingest.feeds.cadence.rhythm import Reasoned
from ingest.feeds.cadence.words import length
from ingest.feeds.sitemaps import INDEX
from ingest.types import Feed, Fetched, ParsedFeed
from storage.model import FeedState

LEAST_ENTRIES: Final = 3
REMEMBERED: Final = timedelta(days=7)


def is_gap(
    state: FeedState, parsed: ParsedFeed | None, fetched: Fetched, known: Collection[str]
) -> bool:
    """Whether a poll shares no entry with what is known, so that some may have been missed.

    Not so for a delta (226) or an index of sitemaps, which hold what is new alone; nor for a feed
    of one or two entries, which shows its newest and no more; nor for the first document from an
    address.

    Args:
        state: The state before the poll.
        parsed: The document, if there was one to parse.
        fetched: The answer.
        known: The GUIDs among the document's that the ledger has.
    """
    return (
        parsed is not None
        and not fetched.is_delta
        and parsed.format != INDEX
        and len(parsed.entries) >= LEAST_ENTRIES
        and state.new_at is not None
        and state.full_at is not None
        and not known
    )


def shortened(
    interval: Reasoned, feed: Feed, gap_at: datetime | None, *, now: datetime
) -> tuple[timedelta, tuple[str, ...]]:
    """Return an interval halved for a week after a gap, and all its reasons.

    Halved once, not again and again: a feed that gives its entries new GUIDs each time would be
    asked ever more often for nothing.
    """
    time, why = interval
    if gap_at is None or not timedelta(0) <= now - gap_at < REMEMBERED:
        return time, (why,)
    gap = f"the poll of {gap_at:%Y-%m-%d %H:%M} UTC shared no entry with the one before"
    if feed.interval is not None:
        return time, (why, f"{gap}: a shorter interval would miss less")
    return time / 2, (why, f"{gap}: halved for a week, to {length(time / 2)}")
