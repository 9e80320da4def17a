"""How often a feed has news, by its own entries."""

from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

from ingest.feeds.cadence.words import length
from ingest.types import Feed, ParsedFeed
from storage.model import FeedState

DEFAULT: Final = timedelta(minutes=30)

_NEWEST: Final = 20
_SILENCE: Final = 8
_GROWTH: Final = 1.25

Reasoned = tuple[timedelta, str]


def interval_of(
    state: FeedState, feed: Feed, parsed: ParsedFeed | None, *, now: datetime, partial: bool
) -> Reasoned:
    """Return the interval between polls that fits a feed, and why.

    Half the median gap between its newest 20 dated entries, but at least an eighth of the time
    since the newest of them. A configured interval takes its place.

    Args:
        state: The state before the poll.
        feed: The feed as configured.
        parsed: The document, or ``None`` where nothing changed: the last interval then grows by a
            quarter, which comes to about a quarter of the time without news.
        now: The time of the poll.
        partial: Whether the document holds only what is new (226): what came before it is known
            by when it came.
    """
    if feed.interval is not None:
        return feed.interval, f"every {length(feed.interval)}, as configured"
    if parsed is None:
        last = last_interval(state)
        grown = last * _GROWTH
        return grown, f"nothing changed: the last interval, {length(last)}, and a quarter"
    moments = {entry.published_at or entry.updated_at for entry in parsed.entries}
    if partial:
        moments.add(state.new_at)
    newest = sorted((moment for moment in moments if moment), reverse=True)[:_NEWEST]
    gaps = [(later - earlier).total_seconds() for later, earlier in pairwise(newest)]
    if not gaps:
        return DEFAULT, f"no two dated entries to tell a rhythm from: {length(DEFAULT)}"
    half, silence = timedelta(seconds=median(gaps) / 2), now - newest[0]
    if silence / _SILENCE > half:
        quiet = silence / _SILENCE
        return quiet, f"an eighth of the {length(silence)} since its newest entry: {length(quiet)}"
    number = f"{len(gaps)} gaps" if gaps[1:] else "the one gap"
    return half, f"half the median of {number} between its newest entries: {length(half)}"


def last_interval(state: FeedState) -> timedelta:
    """Return the interval that the feed had last."""
    if state.interval_seconds is None:
        return DEFAULT
    return timedelta(seconds=state.interval_seconds)
