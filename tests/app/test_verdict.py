from dataclasses import replace
from datetime import timedelta

import pytest

from ingest.config import RetrySettings
from ingest.settle.finding import Postponed, Refused
from ingest.settle.verdict import PATIENCE, judge
from ingest.types import Fault
from storage.model import Outcome, Reason

RETRY = RetrySettings(attempts=3, backoff=timedelta(minutes=10))
MINUTE = timedelta(minutes=1)


def fault(reason: Reason, *, retry_after: timedelta | None = None) -> Fault:
    return Fault(reason=reason, detail="as it was", retry_after=retry_after)


@pytest.mark.parametrize(
    "reason",
    [Reason.ROBOTS_DISALLOWED, Reason.ADDRESS_REFUSED, Reason.NOT_HTML, Reason.BAD_URL],
)
def test_a_rule_against_the_page_skips_it(reason: Reason) -> None:
    assert judge(fault(reason), attempts=0, retry=RETRY) == Refused(
        outcome=Outcome.SKIPPED, reason=reason, detail="as it was"
    )


@pytest.mark.parametrize(
    "reason",
    [
        Reason.HTTP_NOT_FOUND,
        Reason.HTTP_GONE,
        Reason.HTTP_FORBIDDEN,
        Reason.HTTP_CLIENT_ERROR,
        Reason.HTTP_UNEXPECTED,
        Reason.TOO_LARGE,
        Reason.BAD_ENCODING,
        Reason.BAD_REDIRECT,
        Reason.TOO_MANY_REDIRECTS,
        Reason.WORKER_TIMEOUT,
        Reason.WORKER_CRASHED,
    ],
)
def test_what_would_happen_again_fails_at_the_first_try(reason: Reason) -> None:
    assert judge(fault(reason), attempts=0, retry=RETRY) == Refused(
        outcome=Outcome.FAILED, reason=reason, detail="as it was"
    )


@pytest.mark.parametrize(
    "reason",
    [
        Reason.DNS_FAILED,
        Reason.CONNECT_FAILED,
        Reason.TLS_FAILED,
        Reason.DEADLINE,
        Reason.PROTOCOL_ERROR,
        Reason.TRUNCATED,
        Reason.HTTP_SERVER_ERROR,
        Reason.INTERNAL_ERROR,
    ],
)
def test_what_may_pass_is_tried_three_times_in_all_with_doubling_waits(reason: Reason) -> None:
    assert [judge(fault(reason), attempts=tried, retry=RETRY) for tried in range(3)] == [
        Postponed(reason=reason, detail="as it was", wait=10 * MINUTE),
        Postponed(reason=reason, detail="as it was", wait=20 * MINUTE),
        Refused(outcome=Outcome.FAILED, reason=reason, detail="as it was (given up after 3 tries)"),
    ]


@pytest.mark.parametrize(
    "reason", [Reason.ON_HOLD, Reason.HTTP_TOO_MANY_REQUESTS, Reason.ROBOTS_UNREACHABLE]
)
def test_a_host_that_asks_for_patience_gets_twelve_tries(reason: Reason) -> None:
    found = [judge(fault(reason), attempts=tried, retry=RETRY) for tried in range(12)]
    assert all(isinstance(each, Postponed) for each in found[:-1])
    assert isinstance(found[-1], Refused)


@pytest.mark.parametrize("attempts", [8, 11, 60, 10_000])
def test_no_wait_is_longer_than_a_day(attempts: int) -> None:
    found = judge(
        fault(Reason.DEADLINE), attempts=attempts, retry=replace(RETRY, attempts=1_000_000)
    )
    assert isinstance(found, Postponed)
    assert found.wait == timedelta(days=1)


@pytest.mark.parametrize(("retry_after", "wait"), [(None, 10), (5 * MINUTE, 10), (90 * MINUTE, 90)])
def test_a_wait_is_never_shorter_than_the_server_asked_for(
    retry_after: timedelta | None, wait: int
) -> None:
    limited = fault(Reason.HTTP_TOO_MANY_REQUESTS, retry_after=retry_after)
    found = judge(limited, attempts=0, retry=RETRY)
    assert isinstance(found, Postponed)
    assert found.wait == wait * MINUTE


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_comes_to_an_end(reason: Reason) -> None:
    found = judge(fault(reason), attempts=PATIENCE, retry=RETRY)
    assert isinstance(found, Refused)
    assert found.outcome in {Outcome.SKIPPED, Outcome.FAILED}


def test_with_one_attempt_nothing_is_tried_again() -> None:
    found = judge(fault(Reason.DEADLINE), attempts=0, retry=RetrySettings(attempts=1))
    assert found == Refused(outcome=Outcome.FAILED, reason=Reason.DEADLINE, detail="as it was")
