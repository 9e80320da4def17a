from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.feeds.cadence import (
    CEILING,
    DEFAULT,
    FLOOR,
    after_fault,
    after_success,
    body_hash,
    weight,
)
from ingest.feeds.hints import freshness
from ingest.types import Fault, Feed, Fetched, ParsedEntry, ParsedFeed
from storage.model import FeedState, Reason
from tests.feeds.documents import NOW

FEED = Feed(id="example", url="https://example.org/feed", name="Example")
STATE = FeedState(
    feed_id="example",
    url=FEED.url,
    name="Example",
    title="Old title",
    etag='W/"old"',
    last_modified="Mon, 23 Nov 2026 10:00:00 GMT",
    body_hash=body_hash(b"old"),
    interval_seconds=3600.0,
    failures=2.5,
    ok=False,
)


def answer(status: int = 200, body: bytes = b"new", /, **headers: str) -> Fetched:
    return Fetched(
        requested_url=FEED.url,
        url=FEED.url,
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=body if status == 200 else b"",
    )


def document(*ages: timedelta, ttl: timedelta | None = None) -> ParsedFeed:
    """A feed with entries of these ages."""
    entries = tuple(ParsedEntry(guid=str(age), published_at=NOW - age) for age in ages)
    return ParsedFeed(format="rss20", title="Title", entries=entries, ttl=ttl)


def delay(state: FeedState) -> timedelta:
    assert state.next_due_at is not None
    return state.next_due_at - NOW


def test_validators_are_kept_byte_for_byte() -> None:
    sent = answer(etag='W/"a b\\"', last_modified="yesterday, about noon")
    state = after_success(STATE, FEED, document(), sent, now=NOW)
    assert (state.etag, state.last_modified) == ('W/"a b\\"', "yesterday, about noon")


def test_an_answer_without_validators_clears_the_old_ones() -> None:
    state = after_success(STATE, FEED, document(), answer(), now=NOW)
    assert (state.etag, state.last_modified) == (None, None)


def test_validators_are_saved_also_when_the_body_is_the_same() -> None:
    sent = answer(200, b"old", etag='"new"')
    state = after_success(STATE, FEED, None, sent, now=NOW)
    assert (state.etag, state.reason, state.title) == ('"new"', Reason.SAME_BODY, "Old title")


@pytest.mark.parametrize(
    ("headers", "etag", "last_modified"),
    [
        ({}, STATE.etag, STATE.last_modified),
        ({"etag": '"new"'}, '"new"', STATE.last_modified),
        ({"last_modified": "now"}, STATE.etag, "now"),
    ],
)
def test_a_304_keeps_the_validators_it_does_not_replace(
    headers: dict[str, str], etag: str, last_modified: str
) -> None:
    state = after_success(STATE, FEED, None, answer(304, **headers), now=NOW)
    assert (state.etag, state.last_modified) == (etag, last_modified)
    assert state.body_hash == STATE.body_hash
    assert (state.reason, state.status) == (Reason.NOT_MODIFIED, 304)


def test_a_304_keeps_the_cache_hints() -> None:
    state = after_success(STATE, FEED, None, answer(304, cache_control="max-age=36000"), now=NOW)
    assert delay(state) >= timedelta(hours=10)


def test_success_ends_the_count_of_failures() -> None:
    held = replace(STATE, held_until=NOW, retired=True)
    state = after_success(held, FEED, document(), answer(), now=NOW)
    assert (state.failures, state.ok, state.held_until, state.retired) == (0.0, True, None, False)
    assert state.ok_at == state.polled_at == NOW
    assert (state.reason, state.status, state.title) == (Reason.FETCHED, 200, "Title")
    assert state.body_hash == body_hash(b"new")


def test_a_documents_flaw_is_remembered() -> None:
    parsed = replace(document(), flaw="no well-formed XML")
    assert after_success(STATE, FEED, parsed, answer(), now=NOW).detail == "no well-formed XML"


HUB, TOPIC = "https://hub.example/", "https://example.org/topic"


def test_the_site_hub_and_topic_are_remembered_and_headers_go_before_the_document() -> None:
    parsed = replace(document(), link="https://example.org/", hub=HUB, topic=TOPIC)
    told = after_success(STATE, FEED, parsed, answer(), now=NOW)
    assert (told.link, told.hub, told.topic) == ("https://example.org/", HUB, TOPIC)
    linked = replace(answer(), links={"hub": "https://other.example/", "self": "/own"})
    state = after_success(STATE, FEED, parsed, linked, now=NOW)
    assert (state.hub, state.topic) == ("https://other.example/", "https://example.org/own")


def test_an_answer_without_a_document_leaves_site_hub_and_topic_as_they_were() -> None:
    known = replace(STATE, link="https://example.org/", hub=HUB, topic=TOPIC)
    state = after_success(known, FEED, None, answer(304), now=NOW)
    assert (state.link, state.hub, state.topic) == ("https://example.org/", HUB, TOPIC)
    assert after_success(known, FEED, document(), answer(), now=NOW).hub is None


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("ages", "interval"),
    [
        ([], DEFAULT),
        ([HOUR], DEFAULT),
        ([HOUR * 0, HOUR, HOUR * 2, HOUR * 3], HOUR / 2),
        ([HOUR * 0, HOUR * 4, HOUR * 8], HOUR * 2),
        ([HOUR * 0, HOUR, HOUR * 2, HOUR * 300], HOUR / 2),
        ([HOUR * 0, HOUR / 60, HOUR / 30], FLOOR),
        ([HOUR * 0, HOUR * 1000, HOUR * 2000], CEILING),
        ([HOUR * 80, HOUR * 81, HOUR * 82], HOUR * 10),
        ([HOUR * -1, HOUR * 1, HOUR * 3], HOUR),
    ],
)
def test_the_interval_follows_the_feeds_own_rhythm(
    ages: list[timedelta], interval: timedelta
) -> None:
    state = after_success(STATE, FEED, document(*ages), answer(), now=NOW)
    assert state.interval_seconds == interval.total_seconds()


@pytest.mark.parametrize(("status", "body"), [(304, b""), (200, b"old")])
def test_where_nothing_changed_the_interval_grows_gently(status: int, body: bytes) -> None:
    state = after_success(STATE, FEED, None, answer(status, body), now=NOW)
    assert state.interval_seconds == 3600 * 1.25


@pytest.mark.parametrize("status", [200, 304])
def test_a_configured_interval_stands(status: int) -> None:
    feed = replace(FEED, interval=timedelta(minutes=20))
    parsed = document(HOUR, HOUR * 9) if status == 200 else None
    state = after_success(STATE, feed, parsed, answer(status), now=NOW)
    assert state.interval_seconds == 1200


def test_the_feeds_ttl_lengthens_the_interval_and_never_shortens_it() -> None:
    ages = (HOUR * 0, HOUR * 4, HOUR * 8)
    for ttl, hours in [(HOUR * 6, 6), (HOUR, 2), (HOUR * 100, 24)]:
        state = after_success(STATE, FEED, document(*ages, ttl=ttl), answer(), now=NOW)
        assert state.interval_seconds == hours * 3600


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": "public, Max-Age = 600, must-revalidate"}, 600),
        ({"cache-control": 'max-age="600"'}, 600),
        ({"cache-control": "max-age=600, max-age=60"}, 600),
        ({"cache-control": "s-maxage=900"}, 0),
        ({"cache-control": "no-cache, max-age=600"}, 0),
        ({"cache-control": "no-store"}, 0),
        ({"cache-control": "max-age=600", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "1000"}, 0),
        ({"cache-control": "max-age=-1"}, 0),
        ({"cache-control": "max-age=soon"}, 0),
        ({"cache-control": "max-age"}, 0),
        ({"cache-control": "max-age=99999999999999"}, 0),
        ({"expires": format_datetime(NOW + HOUR), "date": format_datetime(NOW)}, 3600),
        ({"expires": format_datetime(NOW - HOUR), "date": format_datetime(NOW)}, 0),
        ({"expires": format_datetime(NOW + HOUR)}, 0),
        ({"expires": "0", "date": format_datetime(NOW)}, 0),
        (
            {
                "cache-control": "max-age=60",
                "expires": format_datetime(NOW + HOUR),
                "date": format_datetime(NOW),
            },
            60,
        ),
    ],
)
def test_freshness_is_read_as_the_rfc_has_it(headers: dict[str, str], seconds: int) -> None:
    assert freshness(headers) == timedelta(seconds=seconds)


@given(st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age"]), st.text()))
def test_headers_of_any_kind_give_some_freshness(headers: dict[str, str]) -> None:
    assert freshness(headers) >= timedelta(0)


@pytest.mark.parametrize(
    ("reason", "counted"),
    [
        (Reason.HTTP_NOT_FOUND, 1.0),
        (Reason.HTTP_FORBIDDEN, 1.0),
        (Reason.NOT_A_FEED, 1.0),
        (Reason.ADDRESS_REFUSED, 1.0),
        (Reason.DEADLINE, 0.5),
        (Reason.HTTP_SERVER_ERROR, 0.5),
        (Reason.WORKER_TIMEOUT, 0.5),
        (Reason.DNS_FAILED, 0.25),
    ],
)
def test_faults_weigh_what_they_tell_of_the_feed(reason: Reason, counted: float) -> None:
    assert weight(reason) == counted
    state = after_fault(STATE, FEED, Fault(reason=reason, detail="why"), now=NOW)
    assert state.failures == STATE.failures + counted
    assert (state.ok, state.reason, state.detail, state.polled_at) == (False, reason, "why", NOW)


def test_a_fault_keeps_the_validators_and_the_rhythm() -> None:
    state = after_fault(STATE, FEED, Fault(reason=Reason.DEADLINE, detail=""), now=NOW)
    assert (state.etag, state.last_modified) == (STATE.etag, STATE.last_modified)
    assert (state.body_hash, state.interval_seconds) == (STATE.body_hash, 3600.0)
    assert state.ok_at == STATE.ok_at


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        (timedelta(seconds=1), timedelta(seconds=60)),
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(days=400), timedelta(hours=24)),
    ],
)
def test_retry_after_is_kept_within_bounds(asked: timedelta, held: timedelta) -> None:
    fault = Fault(reason=Reason.HTTP_TOO_MANY_REQUESTS, detail="", status=429, retry_after=asked)
    state = after_fault(replace(STATE, failures=0.0), FEED, fault, now=NOW)
    assert state.held_until == NOW + held
    assert delay(state) >= held
    assert state.status == 429


def test_a_fault_without_retry_after_ends_the_hold() -> None:
    held = replace(STATE, held_until=NOW)
    state = after_fault(held, FEED, Fault(reason=Reason.DEADLINE, detail=""), now=NOW)
    assert state.held_until is None


def test_410_retires_the_feed_and_nothing_else_does() -> None:
    for reason in Reason:
        state = after_fault(STATE, FEED, Fault(reason=reason, detail=""), now=NOW)
        assert state.retired == (reason is Reason.HTTP_GONE)


SPANS = st.timedeltas(timedelta(0), timedelta(days=1000))
STATES = st.builds(
    replace,
    st.just(STATE),
    interval_seconds=st.none() | st.floats(0, 1e7),
    failures=st.floats(0, 1e9),
)
FEEDS = st.builds(
    replace,
    st.just(FEED),
    id=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True),
    interval=st.none() | SPANS,
)
PARSED = st.none() | st.builds(
    lambda ages, ttl: document(*ages, ttl=ttl), st.lists(SPANS, max_size=30), st.none() | SPANS
)
ANSWERS = st.builds(
    lambda status, age: answer(status, cache_control=f"max-age={age}"),
    st.sampled_from([200, 304]),
    st.integers(0, 10**8),
)
FAULTS = st.builds(
    Fault, reason=st.sampled_from(Reason), detail=st.text(), retry_after=st.none() | SPANS
)


@given(STATES, FEEDS, PARSED, ANSWERS, FAULTS)
def test_no_poll_is_ever_early_or_beyond_the_bound(
    state: FeedState, feed: Feed, parsed: ParsedFeed | None, sent: Fetched, fault: Fault
) -> None:
    hint = min(freshness(sent.headers), CEILING)
    well = delay(after_success(state, feed, parsed, sent, now=NOW))
    ill = delay(after_fault(state, feed, fault, now=NOW))
    assert max(FLOOR, hint) <= well <= CEILING
    assert FLOOR <= ill <= CEILING


@given(STATES, FEEDS, PARSED, st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_longer_hint_never_means_an_earlier_poll(
    state: FeedState, feed: Feed, parsed: ParsedFeed | None, one: int, other: int
) -> None:
    short, long = sorted((one, other))
    delays = [
        delay(after_success(state, feed, parsed, answer(cache_control=f"max-age={age}"), now=NOW))
        for age in (short, long)
    ]
    assert delays[0] <= delays[1]


@given(STATES, FEEDS, FAULTS, st.floats(0, 50), SPANS)
def test_more_failures_or_a_longer_wish_never_mean_an_earlier_poll(
    state: FeedState, feed: Feed, fault: Fault, more: float, wish: timedelta
) -> None:
    before = delay(after_fault(state, feed, fault, now=NOW))
    worse = replace(state, failures=state.failures + more)
    assert delay(after_fault(worse, feed, fault, now=NOW)) >= before
    asked = replace(fault, retry_after=max(wish, fault.retry_after or timedelta(0)))
    assert delay(after_fault(state, feed, asked, now=NOW)) >= before


@given(STATES, FEEDS, PARSED, ANSWERS)
def test_the_jitter_belongs_to_the_feed(
    state: FeedState, feed: Feed, parsed: ParsedFeed | None, sent: Fetched
) -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    feed = replace(feed, interval=feed.interval or HOUR)
    one = after_success(state, feed, parsed, sent, now=NOW)
    other = after_success(state, feed, parsed, sent, now=later)
    assert other.next_due_at is not None
    assert delay(one) == other.next_due_at - later


def test_feeds_registered_together_drift_apart() -> None:
    delays = {
        delay(after_success(STATE, replace(FEED, id=f"feed-{n}"), None, answer(304), now=NOW))
        for n in range(200)
    }
    assert len(delays) == 200
    assert max(delays) - min(delays) > timedelta(minutes=13)
