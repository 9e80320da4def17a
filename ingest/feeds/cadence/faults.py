"""A feed's state after a fault."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ingest.config import PollingSettings
from ingest.feeds.cadence import moves
from ingest.feeds.cadence.asking import has_validators
from ingest.feeds.cadence.learnt import Learnt
from ingest.feeds.cadence.plan import begin
from ingest.feeds.cadence.rhythm import last_interval
from ingest.feeds.cadence.wishes import remembered
from ingest.feeds.cadence.words import length
from ingest.types import Fault, Feed
from storage.model import FeedState, Reason

LEAST_HOLD: Final = timedelta(seconds=60)
LONGEST_HOLD: Final = timedelta(hours=24)

_MOST_DOUBLINGS: Final = 16.0

# All others weigh 1: there the feed itself is wrong, and will be until someone mends it.
_WEIGHTS: Final[Mapping[Reason, float]] = {
    Reason.ON_HOLD: 0.0,
    Reason.DNS_FAILED: 0.25,
    Reason.DEADLINE: 0.5,
    Reason.CONNECT_FAILED: 0.5,
    Reason.PROTOCOL_ERROR: 0.5,
    Reason.TRUNCATED: 0.5,
    Reason.HTTP_SERVER_ERROR: 0.5,
    Reason.HTTP_TOO_MANY_REQUESTS: 0.5,
    Reason.ROBOTS_UNREACHABLE: 0.5,
    Reason.WORKER_TIMEOUT: 0.5,
    Reason.WORKER_CRASHED: 0.5,
    Reason.INTERNAL_ERROR: 0.5,
}
# The feed's server was not asked, or no request came through to it.
_UNREACHED: Final = frozenset(
    {
        Reason.ON_HOLD,
        Reason.BAD_URL,
        Reason.ADDRESS_REFUSED,
        Reason.DNS_FAILED,
        Reason.CONNECT_FAILED,
        Reason.TLS_FAILED,
        Reason.ROBOTS_DISALLOWED,
        Reason.ROBOTS_UNREACHABLE,
    }
)


def weight(reason: Reason) -> float:
    """Return what a fault counts: 1 where the feed is wrong, less where it may be the network."""
    return _WEIGHTS.get(reason, 1.0)


def after_fault(
    state: FeedState,
    feed: Feed,
    fault: Fault,
    *,
    now: datetime,
    polling: PollingSettings,
    whole: bool = False,
) -> Learnt:
    """Return what a fault taught. The feed's validators and its rhythm are kept.

    The interval doubles with each failure's weight, and never passes the longest: no feed is
    given up, one that is broken for months costs a request a day. A feed that is gone (410) is
    retired: not asked again until someone does so by name.

    Args:
        state: The state before the poll.
        feed: The feed as configured.
        fault: What went wrong.
        now: The time of the poll.
        polling: The bounds of the time between polls.
        whole: Whether the request asked for the feed whole.
    """
    if fault.reason is Reason.ON_HOLD:
        return _not_asked(state, feed, fault, now=now, polling=polling)
    place = moves.after_fault(state, fault)
    failures = state.failures + weight(fault.reason)
    hold = None
    if fault.retry_after is not None:
        hold = min(max(fault.retry_after, LEAST_HOLD), LONGEST_HOLD)
    reached = fault.reason not in _UNREACHED
    after = replace(
        state,
        name=feed.name,
        polled_at=now,
        failures=failures,
        ok=False,
        reason=fault.reason,
        detail=fault.detail,
        status=fault.status,
        held_until=None if hold is None else now + hold,
        retired=place.event is None and (state.retired or _is_gone(fault)),
        # A server that names the time to come back is not asked too often by coming back then.
        full_at=now if whole and reached and hold is None else state.full_at,
        address=place.address,
        moved_to=place.moved_to,
        moved_since=place.moved_since,
    )
    if place.event is not None:
        after = _moved(after, place)
        plan = begin(polling.min_interval, (place.event,), feed.id, now=now, polling=polling)
    else:
        plan = begin(*_backoff(state, feed, failures, polling), feed.id, now=now, polling=polling)
    plan.bound()
    plan.spread()
    wishes = remembered(state)
    if reached:
        plan.lengthen(wishes.ttl, "the feed's ttl")
        plan.lengthen(wishes.fresh, "the answer's freshness")
    if hold is not None:
        plan.hold(hold)
    blind = not has_validators(after) and after.answer_date is None
    if blind and after.full_at is not None and hold is None:
        plan.wait_a_day(after.full_at, "all of it is asked for, as nothing is known of it")
    plan.rest(wishes)
    return Learnt(
        state=replace(after, next_due_at=plan.due, schedule=tuple(plan.reasons)),
        events=(place.event,) if place.event else (),
    )


def _is_gone(fault: Fault) -> bool:
    return fault.reason is Reason.HTTP_GONE and moves.is_own_fault(fault)


def _backoff(
    state: FeedState, feed: Feed, failures: float, polling: PollingSettings
) -> tuple[timedelta, tuple[str, ...]]:
    interval = feed.interval or last_interval(state)
    interval = min(max(interval, polling.min_interval), polling.max_interval)
    longer = interval * 2 ** min(failures, _MOST_DOUBLINGS)
    why = f"failures weigh {failures:g}: the interval, {length(interval)}, doubled as often"
    return longer, (f"{why}, {length(longer)}",)


def _moved(after: FeedState, place: moves.Place) -> FeedState:
    """The state for a new address: that of the move's own, or one of which nothing is known."""
    if place.adopted:
        return replace(after, full_at=None)
    return replace(
        after,
        etag=None,
        last_modified=None,
        validators_url=None,
        answer_date=None,
        body_hash=None,
        full_at=None,
    )


def _not_asked(
    state: FeedState, feed: Feed, fault: Fault, *, now: datetime, polling: PollingSettings
) -> Learnt:
    """Put a poll off that was not made, since the host is on hold; it says nothing of the feed."""
    wait = min(fault.retry_after or polling.min_interval, LONGEST_HOLD)
    plan = begin(timedelta(0), (fault.detail,), feed.id, now=now, polling=polling)
    plan.hold(wait)
    plan.rest(remembered(state))
    return Learnt(
        state=replace(
            state,
            name=feed.name,
            next_due_at=plan.due,
            held_until=now + wait,
            schedule=tuple(plan.reasons),
        )
    )
