from dataclasses import replace
from datetime import timedelta

import pytest

from ingest.feeds.cadence import weight
from ingest.types import Fault
from storage.model import Reason
from tests.feeds.cadence.polls import DAY, FEED, HOUR, STATE, delay, failure
from tests.feeds.documents import NOW

WELL = replace(STATE, failures=0.0, ok=True, reason=Reason.FETCHED, polled_at=NOW - HOUR)
WEIGHTS = {
    0.0: {Reason.ON_HOLD},
    0.25: {Reason.DNS_FAILED},
    0.5: {
        Reason.DEADLINE,
        Reason.CONNECT_FAILED,
        Reason.PROTOCOL_ERROR,
        Reason.TRUNCATED,
        Reason.HTTP_SERVER_ERROR,
        Reason.HTTP_TOO_MANY_REQUESTS,
        Reason.ROBOTS_UNREACHABLE,
        Reason.WORKER_TIMEOUT,
        Reason.WORKER_CRASHED,
        Reason.INTERNAL_ERROR,
    },
}


@pytest.mark.parametrize("reason", Reason)
def test_faults_weigh_what_they_tell_of_the_feed(reason: Reason) -> None:
    counted = next((weight for weight, reasons in WEIGHTS.items() if reason in reasons), 1.0)
    assert weight(reason) == counted
    assert failure(reason).state.failures == STATE.failures + counted


def test_a_fault_is_told_and_keeps_validators_and_rhythm() -> None:
    state = failure(Reason.DEADLINE).state
    assert (state.ok, state.reason, state.detail) == (False, Reason.DEADLINE, "why")
    assert (state.polled_at, state.ok_at) == (NOW, STATE.ok_at)
    assert (state.etag, state.last_modified) == (STATE.etag, STATE.last_modified)
    assert (state.body_hash, state.interval_seconds) == (STATE.body_hash, 3600.0)


def test_the_interval_doubles_with_each_failures_weight_up_to_a_day() -> None:
    state, waits = WELL, []
    for _ in range(12):
        learnt = failure(Reason.HTTP_SERVER_ERROR, state=state)
        state = learnt.state
        waits.append(delay(learnt) / HOUR)
    assert waits[1] == pytest.approx(waits[0] * 2**0.5)
    assert waits == sorted(waits)
    assert 21 < waits[-1] <= 24
    assert (
        "failures weigh 0.5: the interval, 1 h, doubled as often, 1 h 24 min"
        in failure(Reason.HTTP_SERVER_ERROR, state=WELL).state.schedule
    )


def test_a_feed_that_was_broken_for_a_year_is_asked_once_a_day() -> None:
    learnt = failure(Reason.NOT_A_FEED, state=replace(STATE, failures=365.0))
    assert 21 * HOUR < delay(learnt) <= DAY
    assert not learnt.state.retired


def test_wishes_stand_after_a_fault_of_the_server_but_not_where_it_was_not_reached() -> None:
    wishful = replace(WELL, ttl_seconds=36_000.0, fresh_seconds=40_000.0)
    assert delay(failure(Reason.HTTP_SERVER_ERROR, state=wishful)) >= timedelta(seconds=40_000)
    assert delay(failure(Reason.DNS_FAILED, state=wishful)) < 2 * HOUR


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
    learnt = failure(fault, state=WELL)
    assert learnt.state.held_until == NOW + held
    assert held <= delay(learnt) <= DAY
    assert learnt.state.status == 429


def test_retry_after_is_told() -> None:
    fault = Fault(reason=Reason.HTTP_SERVER_ERROR, detail="", retry_after=5 * HOUR)
    assert failure(fault, state=WELL).state.schedule[-1] == (
        "its server wants to be left alone for 5 h (Retry-After)"
    )


def test_a_first_request_that_is_told_when_to_come_back_comes_back_then() -> None:
    fresh = replace(WELL, etag=None, last_modified=None)
    fault = Fault(reason=Reason.HTTP_SERVER_ERROR, detail="", retry_after=3 * HOUR)
    assert 3 * HOUR <= delay(failure(fault, state=fresh, whole=True)) < 4 * HOUR


def test_a_fault_without_retry_after_ends_the_hold() -> None:
    assert failure(Reason.DEADLINE, state=replace(STATE, held_until=NOW)).state.held_until is None


def test_a_poll_that_was_not_made_says_nothing_of_the_feed() -> None:
    fault = Fault(reason=Reason.ON_HOLD, detail="h asked for none", retry_after=HOUR)
    learnt = failure(fault, state=WELL)
    assert (learnt.state.ok, learnt.state.reason, learnt.state.failures) == (
        True,
        Reason.FETCHED,
        0.0,
    )
    assert learnt.state.polled_at == WELL.polled_at
    assert learnt.state.held_until == NOW + HOUR
    assert HOUR <= delay(learnt) < 1.1 * HOUR
    assert learnt.state.schedule[0] == "h asked for none"


def test_410_retires_the_feed_and_nothing_else_does() -> None:
    for reason in Reason:
        assert failure(reason).state.retired == (reason is Reason.HTTP_GONE)


def test_a_retired_feed_stays_so_until_it_answers() -> None:
    assert failure(Reason.DEADLINE, state=replace(STATE, retired=True)).state.retired


@pytest.mark.parametrize(("status", "retired"), [(301, True), (308, True), (302, False)])
def test_an_address_that_a_redirect_led_to_retires_the_feed_only_if_it_was_for_good(
    status: int, retired: bool
) -> None:
    fault = Fault(
        reason=Reason.HTTP_GONE,
        detail="",
        status=410,
        redirects=((status, "https://example.net/"),),
    )
    assert failure(fault).state.retired == retired


def test_a_configured_interval_is_what_doubles() -> None:
    feed = replace(FEED, interval=3 * HOUR)
    learnt = failure(Reason.NOT_A_FEED, state=WELL, feed=feed)
    assert 5 * HOUR < delay(learnt) < 7 * HOUR
