"""What holds for the next poll whatever a feed, its server and the clock do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ingest.config import PollingSettings
from ingest.feeds.hints import freshness
from ingest.types import Fault, Feed, Fetched, ParsedFeed
from storage.model import FeedState, Reason
from tests.feeds.cadence.polls import (
    DATE,
    DAY,
    FEED,
    FLOOR,
    HOUR,
    POLLING,
    STATE,
    answer,
    delay,
    document,
    failure,
    success,
)
from tests.feeds.documents import NOW

SPANS = st.timedeltas(timedelta(0), timedelta(days=1000))
MOMENTS = st.timedeltas(timedelta(days=-400), timedelta(days=2)).map(lambda ago: NOW + ago)
RESTS = st.lists(st.integers(0, 23), max_size=24).map(lambda found: tuple(sorted(set(found))))
DAYS_OFF = st.lists(st.integers(0, 6), max_size=7).map(lambda found: tuple(sorted(set(found))))
BOUNDS = st.tuples(
    st.timedeltas(timedelta(seconds=1), DAY), st.timedeltas(timedelta(seconds=1), DAY)
).map(lambda pair: PollingSettings(min_interval=min(pair), max_interval=max(pair)))
STATES = st.builds(
    replace,
    st.just(STATE),
    etag=st.none() | st.just('"1"'),
    interval_seconds=st.none() | st.floats(0, 1e7),
    failures=st.floats(0, 1e9),
    full_at=st.none() | MOMENTS,
    new_at=st.none() | MOMENTS,
    gap_at=st.none() | MOMENTS,
    ttl_seconds=st.none() | st.floats(0, 1e8),
    fresh_seconds=st.none() | st.floats(0, 1e8),
    skip_hours=RESTS,
    skip_days=DAYS_OFF,
    address=st.none() | st.just("https://example.net/"),
    moved_to=st.none() | st.just("https://example.com/"),
    moved_since=st.none() | MOMENTS,
)
FEEDS = st.builds(
    replace,
    st.just(FEED),
    id=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True),
    interval=st.none() | SPANS,
)
PARSED = st.none() | st.builds(
    lambda ages, ttl, hours, days: replace(
        document(*ages, ttl=ttl), skip_hours=hours, skip_days=days
    ),
    st.lists(SPANS, max_size=30),
    st.none() | SPANS,
    RESTS,
    DAYS_OFF,
)
ANSWERS = st.builds(
    lambda status, age, conditional, date: replace(
        answer(status, cache_control=f"max-age={age}", **date),
        conditional=conditional or status == 304,
    ),
    st.sampled_from([200, 226, 304]),
    st.integers(0, 10**8),
    st.booleans(),
    st.sampled_from([{}, {"date": DATE}, {"etag": '"2"'}]),
)
FAULTS = st.builds(
    Fault,
    reason=st.sampled_from(Reason),
    detail=st.text(),
    status=st.none() | st.sampled_from([404, 410, 429, 503]),
    retry_after=st.none() | SPANS,
    redirects=st.sampled_from([(), ((301, "x"),), ((302, "x"),)]),
)


@given(STATES, FEEDS, PARSED, ANSWERS, BOUNDS)
def test_no_poll_is_early_or_beyond_the_bounds(
    state: FeedState,
    feed: Feed,
    parsed: ParsedFeed | None,
    sent: Fetched,
    polling: PollingSettings,
) -> None:
    learnt = success(sent, parsed, state=state, feed=feed, polling=polling)
    fresh, ttl = freshness(sent.headers) or FLOOR * 0, (parsed and parsed.ttl) or FLOOR * 0
    least = max(polling.min_interval, min(max(fresh, ttl), polling.max_interval))
    whole = "once in 24 h" in " ".join(learnt.state.schedule)
    most = DAY if whole else polling.max_interval
    rest = timedelta(days=8) if learnt.state.skip_hours or learnt.state.skip_days else FLOOR * 0
    assert least <= delay(learnt) <= most + rest


@given(STATES, FEEDS, FAULTS, BOUNDS, st.booleans())
def test_no_poll_after_a_fault_is_early_or_beyond_the_bounds(
    state: FeedState, feed: Feed, fault: Fault, polling: PollingSettings, whole: bool
) -> None:
    learnt = failure(fault, state=state, feed=feed, polling=polling, whole=whole)
    hold = None
    if fault.retry_after is not None:
        hold = min(max(fault.retry_after, timedelta(seconds=60)), DAY)
    rest = timedelta(days=8) if state.skip_hours or state.skip_days else FLOOR * 0
    if fault.reason is Reason.ON_HOLD:
        assert min(fault.retry_after or polling.min_interval, DAY) <= delay(learnt) <= DAY + rest
        return
    assert max(polling.min_interval, hold or FLOOR * 0) <= delay(learnt) <= DAY + rest
    if hold is None and "once in 24 h" not in " ".join(learnt.state.schedule):
        assert delay(learnt) <= polling.max_interval + rest


@given(STATES, FEEDS, PARSED, ANSWERS)
def test_no_poll_falls_into_a_time_of_rest(
    state: FeedState, feed: Feed, parsed: ParsedFeed | None, sent: Fetched
) -> None:
    learnt = success(sent, parsed, state=state, feed=feed)
    after, due = learnt.state, learnt.state.next_due_at
    assert due is not None
    if learnt.state.schedule[-1].endswith("ignored"):
        assert len(after.skip_hours) == 24 or len(after.skip_days) == 7
        return
    assert due.hour not in after.skip_hours
    assert due.weekday() not in after.skip_days


@given(STATES, FEEDS, PARSED, st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_longer_wish_never_means_an_earlier_poll(
    state: FeedState, feed: Feed, parsed: ParsedFeed | None, one: int, other: int
) -> None:
    short, long = sorted((one, other))
    delays = [
        delay(success(answer(cache_control=f"max-age={age}"), parsed, state=state, feed=feed))
        for age in (short, long)
    ]
    assert delays[0] <= delays[1]


@given(STATES, FEEDS, FAULTS, st.floats(0, 50), SPANS)
def test_more_failures_or_a_longer_wish_never_mean_an_earlier_poll(
    state: FeedState, feed: Feed, fault: Fault, more: float, wish: timedelta
) -> None:
    before = delay(failure(fault, state=state, feed=feed))
    worse = replace(state, failures=state.failures + more)
    assert delay(failure(fault, state=worse, feed=feed)) >= before
    if fault.retry_after is not None:
        asked = replace(fault, retry_after=max(wish, fault.retry_after))
        assert delay(failure(asked, state=state, feed=feed)) >= before


@given(FEEDS, PARSED, ANSWERS)
def test_the_jitter_belongs_to_the_feed(
    feed: Feed, parsed: ParsedFeed | None, sent: Fetched
) -> None:
    later = datetime(2030, 1, 1, NOW.hour, tzinfo=UTC)
    feed = replace(feed, interval=feed.interval or HOUR)
    parsed = parsed and replace(parsed, skip_hours=(), skip_days=())
    one, other = success(sent, parsed, feed=feed), success(sent, parsed, feed=feed, now=later)
    assert delay(one) == delay(other, later)


def test_feeds_registered_together_drift_apart_also_at_the_bounds() -> None:
    for interval, width in ((HOUR, 11), (FLOOR, 0.4), (DAY, 140)):
        feeds = [replace(FEED, id=f"feed-{n}", interval=interval) for n in range(200)]
        delays = {delay(success(answer(304), feed=feed)) for feed in feeds}
        assert len(delays) == 200
        assert max(delays) - min(delays) > timedelta(minutes=width)
        assert POLLING.min_interval <= min(delays)
