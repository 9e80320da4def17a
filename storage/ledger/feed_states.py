"""Feeds: what each taught, and when it is due."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection

from storage.ledger.codec import micros
from storage.ledger.mapping import RowMapper
from storage.model import FAR, LONGEST_REST, FeedState

_FEEDS = RowMapper("feeds", FeedState)


def register(db: Connection, feeds: Sequence[tuple[str, str, str]], *, at: datetime) -> None:
    """Make feeds (id, URL, name) known; a new one, or one with a new URL, is due at once."""
    for feed_id, url, name in feeds:
        known = one(db, feed_id)
        state = FeedState(feed_id=feed_id, url=url, name=name, next_due_at=at)
        if known is not None and known.url == url:
            state = replace(known, name=name)
        elif known is not None and known.address == url:
            # It moved there, and was asked there already.
            state = replace(known, url=url, name=name, address=None)
        elif known is not None:
            state = replace(
                state,
                title=known.title,
                interval_seconds=known.interval_seconds,
                polled_at=known.polled_at,
                ok_at=known.ok_at,
                new_at=known.new_at,
                extra=known.extra,
            )
        if state != known:
            put(db, state)


def put(db: Connection, state: FeedState) -> None:
    """Write a feed's state over what was known."""
    _FEEDS.put(db, state, key="feed_id")


def one(db: Connection, feed_id: str) -> FeedState | None:
    """Return one feed."""
    return _FEEDS.one(db, "WHERE feed_id = ?", [feed_id])


def every(db: Connection) -> list[FeedState]:
    """Return all feeds by id."""
    return _FEEDS.select(db, "ORDER BY feed_id")


def due(db: Connection, now: datetime) -> list[FeedState]:
    """Return the feeds to be polled, longest due first. One never polled is due."""
    return _FEEDS.select(
        db,
        """WHERE NOT retired
           AND (coalesce(next_due_at, 0) <= :now OR next_due_at >
                CASE WHEN skip_hours = '[]' AND skip_days = '[]' THEN :far ELSE :rest END)
           AND (coalesce(held_until, 0) <= :now OR held_until > :far)
           ORDER BY next_due_at, feed_id""",
        {
            "now": micros(now),
            "far": micros(now + FAR),
            "rest": micros(now + FAR + LONGEST_REST),
        },
    )
