"""The rules of ``ingest.websub.states`` by example, and laws that hold whatever happens."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.types import Fault
from ingest.websub import states
from storage.model import FeedState, Reason
from storage.subscription import Subscription, SubscriptionState
from tests.websub.values import DAY, HOUR, NOW, fresh

LEASE = 10 * DAY
DOWN = Fault(reason=Reason.CONNECT_FAILED, detail="no connection")
VERIFIED = states.confirmed(states.asked(fresh(), now=NOW), LEASE, now=NOW)


def renewal(subscription: Subscription) -> datetime:
    assert subscription.due_at is not None
    return subscription.due_at


def test_a_lease_is_renewed_with_a_fifth_of_it_left_or_more() -> None:
    for number in range(200):
        feed_id = f"feed-{number}"
        subscription = states.confirmed(replace(fresh(), feed_id=feed_id), LEASE, now=NOW)
        assert NOW + 0.7 * LEASE <= renewal(subscription) <= NOW + 0.8 * LEASE
    times = {
        renewal(states.confirmed(replace(fresh(), feed_id=f"f{n}"), LEASE, now=NOW))
        for n in range(200)
    }
    assert len(times) == 200, "what began together is not renewed together"


def test_a_request_that_fails_is_made_again_later_and_later() -> None:
    subscription, now, waits = fresh(), NOW, []
    for _ in range(8):
        subscription = states.failed(states.asked(subscription, now=now), DOWN, now=now)
        assert subscription.state is SubscriptionState.LAPSED
        assert (subscription.reason, subscription.detail) == (Reason.CONNECT_FAILED, DOWN.detail)
        waits.append((subscription.due_at - now) / HOUR)
        now = subscription.due_at
    assert waits == [1, 2, 4, 8, 16, 24, 24, 24]


def test_a_hub_that_asks_for_time_gets_it() -> None:
    fault = replace(DOWN, retry_after=timedelta(hours=5))
    subscription = states.failed(states.asked(fresh(), now=NOW), fault, now=NOW)
    assert subscription.due_at == NOW + 5 * HOUR


def test_a_hub_that_verifies_before_it_answers_has_answered() -> None:
    asked = states.asked(fresh(), now=NOW)
    confirmed = states.confirmed(asked, LEASE, now=NOW)
    assert states.failed(confirmed, DOWN, now=NOW) == confirmed
    denied = states.denied(asked, "no", now=NOW)
    assert states.failed(denied, DOWN, now=NOW) == denied


def test_a_hub_that_does_not_verify_is_given_up_waiting_for() -> None:
    asked = states.asked(fresh(), now=NOW)
    assert states.aged(asked, now=NOW + 0.99 * HOUR) == asked
    aged = states.aged(asked, now=NOW + HOUR)
    assert (aged.state, aged.reason) == (SubscriptionState.LAPSED, Reason.NOT_VERIFIED)
    assert aged.due_at == NOW + 2 * HOUR
    assert states.aged(aged, now=NOW + HOUR) == aged


def test_a_renewal_that_fails_leaves_the_lease_until_its_end() -> None:
    end = NOW + LEASE
    now = renewal(VERIFIED)
    failed = states.failed(states.asked(VERIFIED, now=now), DOWN, now=now)
    assert failed.state is SubscriptionState.VERIFIED
    assert failed.due_at == now + HOUR
    assert states.aged(failed, now=end - HOUR).state is SubscriptionState.VERIFIED
    lapsed = states.aged(failed, now=end)
    assert (lapsed.state, lapsed.reason) == (SubscriptionState.LAPSED, Reason.LEASE_ENDED)
    assert lapsed.detail is not None
    assert "no connection" in lapsed.detail


def test_a_renewal_that_is_verified_begins_a_new_lease() -> None:
    now = renewal(VERIFIED)
    renewed = states.confirmed(states.asked(VERIFIED, now=now), LEASE, now=now)
    assert renewed.expires_at == now + LEASE
    assert renewed.token == VERIFIED.token
    assert states.aged(renewed, now=NOW + LEASE) == renewed


def test_a_denial_is_believed_for_a_month() -> None:
    denied = states.denied(VERIFIED, None, now=NOW)
    assert denied.detail == "the hub denied it, and did not say why"
    assert states.is_over(denied, now=NOW)
    assert not states.is_due(denied, now=NOW + 29 * DAY)
    assert states.is_due(denied, now=NOW + 30 * DAY)
    assert not states.may_push(denied)


def test_only_a_push_has_polls_become_rare() -> None:
    assert not states.is_relied_on(VERIFIED, now=NOW)
    assert states.is_relied_on(states.pushed(VERIFIED, now=NOW), now=NOW)


@pytest.mark.parametrize("misses", range(5))
def test_after_misses_it_takes_one_push_more_than_there_were(misses: int) -> None:
    subscription = states.pushed(VERIFIED, now=NOW)
    for _ in range(misses):
        subscription = states.missed(subscription, now=NOW)
        assert not states.is_relied_on(subscription, now=NOW)
    for _ in range(misses):
        subscription = states.pushed(subscription, now=NOW)
        assert not states.is_relied_on(subscription, now=NOW)
    assert states.is_relied_on(states.pushed(subscription, now=NOW), now=NOW) or not misses


def test_a_new_lease_forgives_misses_but_asks_for_a_push() -> None:
    missed = states.missed(states.pushed(VERIFIED, now=NOW), now=NOW)
    renewed = states.confirmed(missed, LEASE, now=NOW + DAY)
    assert not states.is_relied_on(renewed, now=NOW + DAY)
    assert states.is_relied_on(states.pushed(renewed, now=NOW + DAY), now=NOW + DAY)
    proven = states.confirmed(states.pushed(VERIFIED, now=NOW), LEASE, now=NOW + DAY)
    assert states.is_relied_on(proven, now=NOW + DAY), "a renewal alone takes nothing away"
    lapsed = states.aged(states.pushed(VERIFIED, now=NOW), now=NOW + LEASE)
    again = states.confirmed(states.asked(lapsed, now=NOW + LEASE), LEASE, now=NOW + LEASE)
    assert not states.is_relied_on(again, now=NOW + LEASE)


@pytest.mark.parametrize(
    ("polled_before", "now", "miss"),
    [
        (None, NOW, False),
        (NOW - HOUR, NOW + HOUR, False),
        (NOW, NOW + HOUR, True),
        (NOW + HOUR, NOW + DAY, True),
        (NOW + HOUR, NOW + LEASE, False),
    ],
)
def test_only_what_was_published_under_the_subscription_can_be_missed(
    polled_before: datetime | None, now: datetime, *, miss: bool
) -> None:
    assert states.is_miss(VERIFIED, polled_before=polled_before, now=now) is miss
    lapsed = replace(VERIFIED, state=SubscriptionState.LAPSED)
    assert not states.is_miss(lapsed, polled_before=polled_before, now=now)


def state(**changes: object) -> FeedState:
    values = {"next_due_at": NOW + HOUR, "polled_at": NOW, "ok": True, "schedule": ("its rhythm",)}
    return replace(FeedState(feed_id="f", url="u", name="F"), **(values | changes))  # type: ignore[arg-type]


def test_polls_that_go_on_keep_five_minutes_from_the_last_one() -> None:
    assert states.resumed(state(polled_at=None), now=NOW) == NOW
    assert states.resumed(state(polled_at=NOW - DAY), now=NOW) == NOW
    assert states.resumed(state(polled_at=NOW), now=NOW) == NOW + timedelta(minutes=5)
    caught_up = states.caught_up(state(polled_at=NOW - DAY), now=NOW)
    assert NOW <= caught_up <= NOW + timedelta(minutes=30)


Event = Callable[[Subscription, datetime], Subscription]

EVENTS: dict[str, Event] = {
    "asked": lambda s, now: states.asked(s, now=now),
    "failed": lambda s, now: states.failed(s, DOWN, now=now),
    "confirmed": lambda s, now: states.confirmed(s, LEASE, now=now),
    "confirmed briefly": lambda s, now: states.confirmed(s, timedelta(seconds=1), now=now),
    "denied": lambda s, now: states.denied(s, "no", now=now),
    "aged": lambda s, now: states.aged(s, now=now),
    "pushed": lambda s, now: states.pushed(s, now=now),
    "ignored": lambda s, _now: states.ignored(s),
    "missed": lambda s, now: states.missed(s, now=now),
    "unwanted": lambda s, now: states.unwanted(s, "gone", now=now),
}
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(sorted(EVENTS)),
        st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=12)),
    ),
    max_size=30,
)


@given(HISTORIES)
def test_whatever_happens_what_is_relied_on_has_pushed_under_a_lease_that_runs(
    history: list[tuple[str, timedelta]],
) -> None:
    subscription, now = fresh(), NOW
    for name, later in history:
        now += later
        subscription = EVENTS[name](subscription, now)
        if states.is_relied_on(subscription, now=now):
            assert subscription.state is SubscriptionState.VERIFIED
            assert subscription.verified_at is not None
            assert subscription.expires_at is not None
            assert subscription.verified_at <= now < subscription.expires_at
            assert subscription.pushed_at is not None
            assert subscription.missed_at is None or (
                subscription.misses == 0 or subscription.pushed_at >= subscription.missed_at
            )
        if name == "missed":
            assert not states.is_relied_on(subscription, now=now)
        aged = states.aged(subscription, now=now)
        assert states.aged(aged, now=now) == aged
        assert aged.due_at <= max(now + states.AFTER_DENIAL, NOW)
        assert aged.token == fresh().token


@given(HISTORIES, st.integers(0, 2))
def test_whatever_happened_a_hub_that_fails_is_asked_hourly_at_most_and_daily_at_least(
    history: list[tuple[str, timedelta]], fails: int
) -> None:
    subscription, now = fresh(), NOW
    for name, later in history:
        now += later
        if name not in {"unwanted", "denied"}:
            subscription = EVENTS[name](subscription, now)
    # From here on the hub is down, takes requests and never verifies, or both by turns.
    now += timedelta(days=31)
    asked: list[datetime] = []
    for _ in range(6 * 24 * 10):
        now += timedelta(minutes=10)
        subscription = states.aged(subscription, now=now)
        if states.is_due(subscription, now=now):
            asked.append(now)
            subscription = states.asked(subscription, now=now)
            if fails == 0 or (fails == 1 and len(asked) % 2):
                subscription = states.failed(subscription, DOWN, now=now)
        assert not states.is_relied_on(subscription, now=now)
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert min(gaps) >= HOUR
    assert max(gaps) <= timedelta(hours=26)
