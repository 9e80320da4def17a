from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.config import PollingSettings
from ingest.feeds.cadence.plan import begin
from ingest.feeds.cadence.wishes import Wishes
from ingest.feeds.cadence.words import days, hours, length
from ingest.feeds.hints import freshness
from ingest.types import ParsedEntry, ParsedFeed
from tests.feeds.cadence.polls import (
    CEILING,
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
    success,
    with_share,
)
from tests.feeds.documents import NOW

MINUTE = timedelta(minutes=1)
DEFAULT = 30 * MINUTE
DATED = {"date": DATE}


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
    state = success(answer(**DATED), document(*ages)).state
    assert state.interval_seconds == interval.total_seconds()


@pytest.mark.parametrize(("status", "body"), [(304, b""), (200, b"old")])
def test_where_nothing_changed_the_interval_grows_gently(status: int, body: bytes) -> None:
    learnt = success(answer(status, body, **DATED))
    assert learnt.state.interval_seconds == 3600 * 1.25
    assert learnt.state.schedule[0] == "nothing changed: the last interval, 1 h, and a quarter"


def test_a_delta_of_one_entry_is_measured_against_the_last_news() -> None:
    before = replace(STATE, new_at=NOW - 4 * HOUR)
    learnt = success(answer(226), document(HOUR * 0), state=before)
    assert learnt.state.interval_seconds == 7200


@pytest.mark.parametrize("status", [200, 304])
def test_a_configured_interval_stands(status: int) -> None:
    feed = replace(FEED, interval=20 * MINUTE)
    parsed = document(HOUR, HOUR * 9) if status == 200 else None
    learnt = success(answer(status, **DATED), parsed, feed=feed)
    assert learnt.state.interval_seconds == 1200
    assert learnt.state.schedule[0] == "every 20 min, as configured"


@pytest.mark.parametrize(
    ("interval", "seconds", "said"),
    [
        (MINUTE, 300, "raised to 5 min (polling.min_interval)"),
        (7 * DAY, 86_400, "cut to 24 h (polling.max_interval)"),
    ],
)
def test_a_configured_interval_is_brought_within_the_bounds_and_that_is_said(
    interval: timedelta, seconds: int, said: str
) -> None:
    learnt = success(answer(304), feed=replace(FEED, interval=interval))
    assert learnt.state.interval_seconds == seconds
    assert learnt.state.schedule[1] == said


def test_the_bounds_are_those_of_the_configuration() -> None:
    polling = PollingSettings(min_interval=2 * HOUR, max_interval=3 * HOUR)
    busy = success(answer(**DATED), document(HOUR * 0, MINUTE), polling=polling)
    quiet = success(answer(**DATED), document(HOUR * 900, HOUR * 990), polling=polling)
    assert 2 * HOUR <= delay(busy) < 2.2 * HOUR
    assert 2.7 * HOUR < delay(quiet) <= 3 * HOUR


AGES = (HOUR * 0, HOUR * 4, HOUR * 8)


def test_the_feeds_ttl_lengthens_the_interval_and_never_shortens_it() -> None:
    for ttl, least in [(HOUR * 6, HOUR * 6), (HOUR, HOUR * 1.8), (HOUR * 100, HOUR * 24)]:
        learnt = success(answer(**DATED), document(*AGES, ttl=ttl))
        assert least <= delay(learnt) <= least * 1.25
        assert learnt.state.interval_seconds == 7200


def test_every_reason_is_told_in_its_order_with_its_numbers() -> None:
    entries = tuple(ParsedEntry(guid=str(n), published_at=NOW - n * MINUTE * 46) for n in range(30))
    parsed = ParsedFeed(
        format="rss20", entries=entries, ttl=HOUR, skip_hours=(13, 14, 15), skip_days=(6,)
    )
    learnt = success(answer(cache_control="max-age=1800", **DATED), parsed, feed=with_share(0.7))
    assert NOW.hour == 12
    assert learnt.state.schedule == (
        "half the median of 19 gaps between its newest entries: 23 min",
        "moved by +4.0 % (this feed's own share): 23 min 55 s",
        "lengthened by the feed's ttl, 1 h: 1 h 4 min",
        "skipHours 13-15, skipDays Sun UTC: put off to Mon 16:04",
    )


@pytest.mark.parametrize("told", ["ttl", "freshness", "rest"])
def test_a_304_drops_no_wish(told: str) -> None:
    parsed = document(*AGES, ttl=10 * HOUR if told == "ttl" else None)
    if told == "rest":
        parsed = replace(parsed, skip_hours=tuple(range(13, 22)))
    fresh = {"cache_control": "max-age=36000"} if told == "freshness" else {}
    before = success(answer(etag='"1"', **fresh), parsed).state
    again = success(answer(304), state=before)
    assert delay(again) >= 10 * HOUR
    assert delay(success(answer(200, b"new", etag='"2"'), state=before)) >= (
        HOUR if told == "freshness" else 10 * HOUR
    )


def test_a_304s_own_freshness_replaces_the_last_one() -> None:
    before = replace(STATE, fresh_seconds=36_000.0)
    assert delay(success(answer(304, cache_control="no-cache"), state=before)) < 2 * HOUR
    assert delay(success(answer(304, cache_control="max-age=72000"), state=before)) >= 20 * HOUR


@pytest.mark.parametrize(
    ("skip_hours", "skip_days", "due"),
    [
        # NOW is a Monday, 12:00; without wishes the poll would be at about 14:00.
        ((14,), (), "Mon 15:00"),
        ((12, 13), (), "Mon 14:00"),
        (tuple(range(14, 24)), (), "Tue 00:00"),
        ((*range(6), *range(14, 24)), (), "Tue 06:00"),
        ((), (0,), "Tue 00:00"),
        ((*range(3),), (0,), "Tue 03:00"),
        ((), (0, 1, 2), "Thu 00:00"),
        (tuple(range(1, 24)), (0, 1, 2, 3), "Fri 00:00"),
        (tuple(range(24)), (), "Mon 14:00"),
        ((), tuple(range(7)), "Mon 14:00"),
    ],
)
def test_a_poll_in_a_time_of_rest_is_put_off_to_its_end(
    skip_hours: tuple[int, ...], skip_days: tuple[int, ...], due: str
) -> None:
    feed = replace(with_share(0.6), interval=2 * HOUR)
    parsed = replace(document(), skip_hours=skip_hours, skip_days=skip_days)
    state = success(answer(**DATED), parsed, feed=feed).state
    assert state.next_due_at is not None
    wanted = datetime.strptime(due.split()[1], "%H:%M").replace(tzinfo=UTC).time()
    day = ["Mon", "Tue", "Wed", "Thu", "Fri"].index(due.split(maxsplit=1)[0])
    moment = datetime.combine(NOW.date() + day * DAY, wanted, UTC)
    assert moment - MINUTE <= state.next_due_at <= moment + 6 * MINUTE


def test_what_would_be_polled_later_is_never_polled_sooner_for_the_rest_of_another() -> None:
    dues = []
    for minutes in range(180):
        plan = begin(timedelta(minutes=minutes), (), FEED.id, now=NOW, polling=POLLING)
        plan.share = 0.9
        plan.rest(Wishes(skip_hours=frozenset({NOW.hour + 1})))
        dues.append(plan.due)
    assert dues == sorted(dues)
    assert not any(due.hour == NOW.hour + 1 for due in dues)


def test_rest_at_all_hours_is_ignored_and_said() -> None:
    parsed = replace(document(), skip_hours=tuple(range(24)))
    assert success(answer(**DATED), parsed).state.schedule[-1] == (
        "skipHours 0-23 UTC would be never: ignored"
    )


def test_rest_is_kept_also_by_a_feed_that_is_asked_once_a_day() -> None:
    parsed = replace(document(), skip_hours=(12,))
    learnt = success(replace(answer(), conditional=False), parsed, feed=with_share(0.58))
    assert "once in 24 h" in learnt.state.schedule[-2]
    assert learnt.state.schedule[-1] == "skipHours 12 UTC: put off to Tue 13:03"


def test_a_feed_whose_news_a_hub_brings_is_asked_rarely_and_that_is_said() -> None:
    parsed = document(HOUR * 0, MINUTE)
    learnt = success(answer(**DATED), parsed, pushed_until=NOW + 9 * DAY)
    assert delay(learnt) == DAY
    assert "pushes arrive, so polls are rare" in learnt.state.schedule[-1]
    alone = success(answer(**DATED), parsed)
    assert learnt.state.interval_seconds == alone.state.interval_seconds, "its rhythm is kept"


def test_a_feed_whose_news_a_hub_brings_is_asked_when_the_lease_ends_or_when_it_was_due() -> None:
    parsed = document(HOUR * 0, MINUTE)
    learnt = success(answer(**DATED), parsed, pushed_until=NOW + 3 * HOUR)
    assert 3 * HOUR <= delay(learnt) < 3.4 * HOUR
    slow = replace(FEED, interval=5 * HOUR)
    until = success(answer(**DATED), parsed, feed=slow, pushed_until=NOW + MINUTE)
    assert delay(until) == delay(success(answer(**DATED), parsed, feed=slow))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": "public"}, None),
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": "public, Max-Age = 600, must-revalidate"}, 600),
        ({"cache-control": 'max-age="600"'}, 600),
        ({"cache-control": "max-age=600, max-age=60"}, 600),
        ({"cache-control": "s-maxage=900"}, None),
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
        # In UTC that is in a year that there is not.
        ({"expires": "Fri, 31 Dec 9999 23:59:59 -0500", "date": format_datetime(NOW)}, 0),
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
def test_freshness_is_read_as_the_rfc_has_it(headers: dict[str, str], seconds: int | None) -> None:
    assert freshness(headers) == (None if seconds is None else timedelta(seconds=seconds))


@given(st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age"]), st.text()))
def test_headers_of_any_kind_give_some_freshness_or_none(headers: dict[str, str]) -> None:
    found = freshness(headers)
    assert found is None or found >= timedelta(0)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59.6, "1 min"),
        (1380, "23 min"),
        (4500, "1 h 15 min"),
        (86_400, "24 h"),
        (90_000, "25 h"),
        (172_800, "2 d"),
        (180_061, "2 d 2 h"),
    ],
)
def test_lengths_are_told_in_their_two_largest_units(seconds: float, told: str) -> None:
    assert length(timedelta(seconds=seconds)) == told


def test_hours_and_days_are_told_in_order() -> None:
    assert hours([22, 0, 1, 2, 5]) == "0-2, 5, 22"
    assert days([6, 5]) == "Sat, Sun"
    assert hours([]) == days([]) == ""
