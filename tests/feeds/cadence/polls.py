"""Feeds, their answers and what these teach, for the tests of this folder."""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from ingest.config import PollingSettings
from ingest.feeds.cadence import Learnt, after_fault, after_success, body_hash
from ingest.types import Fault, Feed, Fetched, ParsedEntry, ParsedFeed
from storage.model import FeedState, Reason
from tests.feeds.documents import NOW

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FLOOR = timedelta(minutes=5)
CEILING = timedelta(hours=24)
POLLING = PollingSettings(min_interval=FLOOR, max_interval=CEILING)
DATE = "Mon, 23 Nov 2026 12:00:00 GMT"

FEED = Feed(id="example", url="https://example.org/feed", name="Example")
STATE = FeedState(
    feed_id="example",
    url=FEED.url,
    name="Example",
    title="Old title",
    etag='W/"old"',
    last_modified="Mon, 23 Nov 2026 10:00:00 GMT",
    validators_url=FEED.url,
    body_hash=body_hash(b"old"),
    interval_seconds=3600.0,
    failures=2.5,
    ok=False,
)


def answer(status: int = 200, body: bytes = b"new", /, **headers: str) -> Fetched:
    """An answer to a conditional request."""
    return Fetched(
        requested_url=FEED.url,
        url=FEED.url,
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=b"" if status == 304 else body,
        conditional=True,
    )


def document(*ages: timedelta, ttl: timedelta | None = None) -> ParsedFeed:
    """A feed with entries of these ages."""
    entries = tuple(ParsedEntry(guid=str(age), published_at=NOW - age) for age in ages)
    return ParsedFeed(format="rss20", title="Title", entries=entries, ttl=ttl)


def success(
    sent: Fetched,
    parsed: ParsedFeed | None = None,
    *,
    state: FeedState = STATE,
    feed: Feed = FEED,
    now: datetime = NOW,
    polling: PollingSettings = POLLING,
    known: tuple[str, ...] = (),
    pushed_until: datetime | None = None,
) -> Learnt:
    return after_success(
        state,
        feed,
        parsed,
        sent,
        now=now,
        polling=polling,
        known=known,
        pushed_until=pushed_until,
    )


def failure(
    fault: Fault | Reason,
    *,
    state: FeedState = STATE,
    feed: Feed = FEED,
    now: datetime = NOW,
    polling: PollingSettings = POLLING,
    whole: bool = False,
) -> Learnt:
    if isinstance(fault, Reason):
        fault = Fault(reason=fault, detail="why")
    return after_fault(state, feed, fault, now=now, polling=polling, whole=whole)


def delay(learnt: Learnt, now: datetime = NOW) -> timedelta:
    assert learnt.state.next_due_at is not None
    return learnt.state.next_due_at - now


def with_share(share: float) -> Feed:
    """A feed whose own share, which moves its polls, is about this."""
    for number in range(10_000):
        feed = replace(FEED, id=f"feed-{number}")
        own = int.from_bytes(sha256(feed.id.encode()).digest()[:4], "big") / 2**32
        if abs(own - share) < 0.001:
            return feed
    raise AssertionError("no id has that share")
