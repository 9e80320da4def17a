"""When to poll a feed again: pure functions of its state, what came back, and the time.

The policy, in numbers:

* A feed's own rhythm sets its interval: half the median gap between its newest 20 entries, but
  at least an eighth of the time since the newest (so that a feed gone silent is asked less).
  Without two dated entries it is 30 minutes. Where nothing changed, the last interval grows by
  a quarter, and falls back as soon as something does.
* An interval from the configuration takes the place of the rhythm.
* The feed's ``ttl`` and the answer's freshness lengthen either, and never shorten it.
* It is held between 5 minutes and 24 hours, and moved by up to 10 % either way, by an amount
  that belongs to the feed: feeds registered at one moment drift apart, and a restart
  changes nothing.
* After a fault the interval doubles for each hard failure; timeouts and server errors count
  half, DNS a quarter. It never passes 24 hours: no feed is given up. ``Retry-After`` is kept
  (held between 60 s and 24 h, RFC 9110 section 10.2.3). 410 retires the feed.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from statistics import median
from typing import Final

from ingest.feeds.hints import freshness
from ingest.feeds.reading import absolute
from ingest.types import Fault, Feed, Fetched, ParsedFeed
from storage.model import FeedState, Reason

FLOOR: Final = timedelta(minutes=5)
CEILING: Final = timedelta(hours=24)
DEFAULT: Final = timedelta(minutes=30)
LEAST_HOLD: Final = timedelta(seconds=60)

_NEWEST: Final = 20
_SILENCE: Final = 8
_GROWTH: Final = 1.25
_JITTER: Final = 0.1
_MOST_DOUBLINGS: Final = 16.0

_SOFT: Final = frozenset(
    {
        Reason.DEADLINE,
        Reason.CONNECT_FAILED,
        Reason.PROTOCOL_ERROR,
        Reason.TRUNCATED,
        Reason.HTTP_SERVER_ERROR,
        Reason.HTTP_TOO_MANY_REQUESTS,
        Reason.ROBOTS_UNREACHABLE,
        Reason.WORKER_TIMEOUT,
        Reason.WORKER_CRASHED,
    }
)


def body_hash(body: bytes) -> str:
    """Return the digest by which an unchanged body is known: SHA-256 in hexadecimal."""
    return sha256(body).hexdigest()


def after_success(
    state: FeedState, feed: Feed, parsed: ParsedFeed | None, fetched: Fetched, *, now: datetime
) -> FeedState:
    """Return the feed's state after an answer that could be used.

    What the answer's ``Link`` headers say of WebSub goes before what the document says
    (WebSub, section 4). The validators are kept as sent. A 304 that carries none leaves the old
    ones in place (RFC 9110 section 15.4.5 has the server send those it wants kept).

    Args:
        state: The state before the poll.
        feed: The feed as configured.
        parsed: The document, or ``None`` if there was none to parse (304, same body).
        fetched: The answer.
        now: The time of the poll.
    """
    digest = state.body_hash if fetched.not_modified else body_hash(fetched.body)
    reason = Reason.FETCHED
    # An index of sitemaps may stay as it is while what it lists has changed.
    if parsed is None and digest == state.body_hash:
        reason = Reason.NOT_MODIFIED if fetched.not_modified else Reason.SAME_BODY
    keep = fetched.not_modified
    sent = fetched.validators
    hint = max(freshness(fetched.headers), (parsed and parsed.ttl) or timedelta(0))
    interval = _interval(state, feed, parsed, now)
    interval = _bounded(max(interval, hint))
    return replace(
        state,
        name=feed.name,
        title=(parsed.title if parsed else None) or state.title,
        link=parsed.link if parsed else state.link,
        hub=absolute(fetched.links.get("hub"), fetched.url) or (parsed or state).hub,
        topic=absolute(fetched.links.get("self"), fetched.url) or (parsed or state).topic,
        etag=state.etag if keep and sent.etag is None else sent.etag,
        last_modified=(
            state.last_modified if keep and sent.last_modified is None else sent.last_modified
        ),
        body_hash=digest,
        interval_seconds=interval.total_seconds(),
        next_due_at=now + _jittered(interval, max(FLOOR, min(hint, CEILING)), feed.id),
        polled_at=now,
        ok_at=now,
        failures=0.0,
        ok=True,
        reason=reason,
        # A document that did not change still has the flaw it had.
        detail=parsed.flaw if parsed else (state.detail if state.ok else None),
        status=fetched.status,
        held_until=None,
        retired=False,
    )


def after_fault(state: FeedState, feed: Feed, fault: Fault, *, now: datetime) -> FeedState:
    """Return the feed's state after a fault. Its validators and its rhythm are kept.

    Args:
        state: The state before the poll.
        feed: The feed as configured.
        fault: What went wrong.
        now: The time of the poll.
    """
    failures = state.failures + weight(fault.reason)
    interval = _bounded(feed.interval or _last(state)) * 2 ** min(failures, _MOST_DOUBLINGS)
    delay = _jittered(_bounded(interval), FLOOR, feed.id)
    held_until = None
    if fault.retry_after is not None:
        hold = min(max(fault.retry_after, LEAST_HOLD), CEILING)
        held_until, delay = now + hold, max(delay, hold)
    return replace(
        state,
        name=feed.name,
        next_due_at=now + delay,
        polled_at=now,
        failures=failures,
        ok=False,
        reason=fault.reason,
        detail=fault.detail,
        status=fault.status,
        held_until=held_until,
        retired=state.retired or fault.reason is Reason.HTTP_GONE,
    )


def weight(reason: Reason) -> float:
    """Return what a fault counts: 1 where the feed is wrong, less where it may be the network."""
    if reason is Reason.DNS_FAILED:
        return 0.25
    return 0.5 if reason in _SOFT else 1.0


def _interval(state: FeedState, feed: Feed, parsed: ParsedFeed | None, now: datetime) -> timedelta:
    """The interval before the server's own wishes."""
    if feed.interval is not None:
        return feed.interval
    if parsed is None:
        return _last(state) * _GROWTH
    moments = {entry.published_at or entry.updated_at for entry in parsed.entries}
    newest = sorted((moment for moment in moments if moment), reverse=True)[:_NEWEST]
    gaps = [(later - earlier).total_seconds() for later, earlier in pairwise(newest)]
    if not gaps:
        return DEFAULT
    return max(timedelta(seconds=median(gaps) / 2), (now - newest[0]) / _SILENCE)


def _last(state: FeedState) -> timedelta:
    if state.interval_seconds is None:
        return DEFAULT
    return timedelta(seconds=state.interval_seconds)


def _bounded(interval: timedelta) -> timedelta:
    return min(max(interval, FLOOR), CEILING)


def _jittered(interval: timedelta, floor: timedelta, feed_id: str) -> timedelta:
    """The interval moved by the feed's own share, neither under ``floor`` nor over the ceiling."""
    share = int.from_bytes(sha256(feed_id.encode()).digest()[:4], "big") / 2**32
    moved = interval * (1 - _JITTER + 2 * _JITTER * share)
    return min(max(moved, floor * (1 + _JITTER * share)), CEILING)
