"""How a subscription goes on: pure functions of its state, what happened, and the time.

The rules, in numbers:

* The hub has an hour to verify what it was asked. After that, or after a fault, it is asked again:
  in an hour, then two, four, … and at most a day; ``Retry-After`` lengthens that. So it is after a
  miss, since the hub may have lost the subscription.
* A lease is renewed when 70 to 80 % of it has passed (a share that belongs to the feed, so that
  what was begun together is not renewed together), with the rest left for further tries.
* A hub that denies is asked again after 30 days: section 5.2 has the subscription count as not
  possible any more, and nothing here is given up for good.
* Polls are rare while pushes are *relied on*: the hub has verified, the lease runs, and more was
  pushed since the last miss than there were misses in this lease. So a hub has to push once before
  it is believed, and a poll that finds what was not pushed puts an end to that until
  it has pushed oftener than it has failed.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from ingest.types import Fault
from storage.model import FeedState, Reason
from storage.subscription import Subscription, SubscriptionState

PATIENCE: Final = timedelta(hours=1)
FIRST_PAUSE: Final = timedelta(hours=1)
LONGEST_PAUSE: Final = timedelta(hours=24)
AFTER_DENIAL: Final = timedelta(days=30)

# A feed may be asked again this long after its last poll, however much there is to make up for.
_LEAST_GAP: Final = timedelta(minutes=5)
# The polls that make up for a time in which nobody listened are spread over this long.
_SPREAD: Final = timedelta(minutes=30)
_RENEWAL: Final = (0.7, 0.8)
_MOST_DOUBLINGS: Final = 8
_HOURS: Final = int(PATIENCE / timedelta(hours=1))


def opened(
    *, feed_id: str, hub: str, topic: str, base: str, token: str, secret: str, now: datetime
) -> Subscription:
    """Return a subscription that the hub is to be asked for; pushes come to ``base``/``token``."""
    return Subscription(
        token=token,
        feed_id=feed_id,
        hub=hub,
        topic=topic,
        callback=f"{base}/{token}",
        secret=secret,
        state=SubscriptionState.SUBSCRIBING,
        reason=Reason.ASKED,
        due_at=now,
    )


def is_due(subscription: Subscription, *, now: datetime) -> bool:
    """Whether the hub is to be asked now; a time further off than any rule sets is not believed."""
    return not now < subscription.due_at <= now + AFTER_DENIAL


def asked(subscription: Subscription, *, now: datetime) -> Subscription:
    """Return the state in which the hub is asked; to be kept before it is, for it may be quick."""
    due_at = now + PATIENCE
    if subscription.state is SubscriptionState.UNSUBSCRIBING:
        return replace(subscription, requested_at=now, due_at=due_at)
    runs = subscription.state is SubscriptionState.VERIFIED
    return replace(
        subscription,
        state=SubscriptionState.VERIFIED if runs else SubscriptionState.SUBSCRIBING,
        reason=Reason.ASKED,
        detail=None,
        requested_at=now,
        due_at=due_at,
    )


def confirmed(subscription: Subscription, lease: timedelta, *, now: datetime) -> Subscription:
    """Return the state after the hub verified and was told that the subscription is wanted."""
    low, high = _RENEWAL
    return replace(
        subscription,
        state=SubscriptionState.VERIFIED,
        reason=Reason.CONFIRMED,
        detail=None,
        verified_at=now,
        expires_at=now + lease,
        due_at=now + lease * (low + (high - low) * _share(subscription.feed_id)),
        failures=0,
        misses=0,
        # A hub that was not relied on has to push once more, however often it confirms.
        pushes=subscription.pushes if has_proved_itself(subscription) else 0,
    )


def failed(subscription: Subscription, fault: Fault, *, now: datetime) -> Subscription:
    """Return the state after the hub could not be asked, or refused to be.

    Nothing comes of that where the hub has answered in deed before it did in words.
    """
    waits = subscription.reason is Reason.ASKED
    if not waits and subscription.state is not SubscriptionState.UNSUBSCRIBING:
        return subscription
    return _tried_in_vain(subscription, fault.reason, fault.detail, fault.retry_after, now)


def denied(subscription: Subscription, why: str | None, *, now: datetime) -> Subscription:
    """Return the state after the hub said that there is no subscription."""
    return replace(
        subscription,
        state=SubscriptionState.DENIED,
        reason=Reason.DENIED,
        detail=f"the hub denied it: {why}" if why else "the hub denied it, and did not say why",
        expires_at=None,
        due_at=now + AFTER_DENIAL,
    )


def unwanted(subscription: Subscription, why: str, *, now: datetime) -> Subscription:
    """Return the state of a subscription that is to end, of which the hub is to be told."""
    return replace(
        subscription,
        state=SubscriptionState.UNSUBSCRIBING,
        reason=Reason.NOT_WANTED,
        detail=why,
        due_at=now,
        failures=0,
    )


def aged(subscription: Subscription, *, now: datetime) -> Subscription:
    """Return what time alone has made of a subscription: leases end, hubs fail to verify."""
    asked_at = subscription.requested_at
    waits = subscription.reason is Reason.ASKED and asked_at is not None
    if waits and asked_at and not asked_at <= now < asked_at + PATIENCE:
        why = f"the hub took the request and did not verify it within {_HOURS} h"
        subscription = _tried_in_vain(subscription, Reason.NOT_VERIFIED, why, None, now)
    if subscription.state is SubscriptionState.VERIFIED and not _lease_runs(subscription, now):
        why = "the lease ended before the hub confirmed it anew"
        if subscription.failures:
            why = f"{why}; it failed with {subscription.reason}: {subscription.detail}"
        return replace(
            subscription, state=SubscriptionState.LAPSED, reason=Reason.LEASE_ENDED, detail=why
        )
    return subscription


def is_over(subscription: Subscription, *, now: datetime) -> bool:
    """Whether a subscription that is not wanted may be forgotten: nothing can be pushed to it."""
    return not _lease_runs(subscription, now)


def pushed(subscription: Subscription, *, now: datetime) -> Subscription:
    """Return the state after something came that was rightly signed."""
    return replace(subscription, pushes=subscription.pushes + 1, pushed_at=now)


def ignored(subscription: Subscription) -> Subscription:
    """Return the state after something came that was not rightly signed."""
    return replace(subscription, ignored=subscription.ignored + 1)


def missed(subscription: Subscription, *, now: datetime) -> Subscription:
    """Return the state after a poll found entries that were not pushed.

    The hub may have lost the subscription, so that it is asked anew before the lease requires it.
    """
    return replace(
        subscription,
        misses=subscription.misses + 1,
        missed_at=now,
        pushes=0,
        due_at=min(subscription.due_at, now + _pause(subscription.misses)),
    )


def is_miss(subscription: Subscription, *, polled_before: datetime | None, now: datetime) -> bool:
    """Whether new entries that a poll finds now should have been pushed.

    Only if the subscription stood at the poll before: what was published between that and the
    verification, the hub owed nobody.
    """
    verified = subscription.verified_at
    return (
        subscription.state is SubscriptionState.VERIFIED
        and _lease_runs(subscription, now)
        and verified is not None
        and polled_before is not None
        and verified <= polled_before
    )


def is_relied_on(subscription: Subscription, *, now: datetime) -> bool:
    """Whether pushes are as good as polls, so that polls may be rare."""
    return has_proved_itself(subscription) and _lease_runs(subscription, now)


def has_proved_itself(subscription: Subscription) -> bool:
    """Whether pushes are relied on for as long as the lease runs."""
    return (
        subscription.state is SubscriptionState.VERIFIED
        and subscription.pushes > subscription.misses
    )


def may_push(subscription: Subscription) -> bool:
    """Whether the hub was ever told that it may push, and not that it may no longer."""
    return subscription.verified_at is not None and subscription.state not in {
        SubscriptionState.DENIED,
        SubscriptionState.UNSUBSCRIBING,
    }


def resumed(state: FeedState, *, now: datetime) -> datetime:
    """Return by when a feed is polled whose pushes cannot be relied on any longer."""
    return now if state.polled_at is None else max(now, state.polled_at + _LEAST_GAP)


def caught_up(state: FeedState, *, now: datetime) -> datetime:
    """Return by when a feed is polled whose pushes may have been missed while nobody listened."""
    return resumed(state, now=now) + _SPREAD * _share(state.feed_id)


def _lease_runs(subscription: Subscription, now: datetime) -> bool:
    """Whether the lease runs; one that seems to begin later was written by a clock gone wrong."""
    verified, expires = subscription.verified_at, subscription.expires_at
    return verified is not None and expires is not None and verified <= now < expires


def _tried_in_vain(
    subscription: Subscription,
    reason: Reason,
    detail: str,
    retry_after: timedelta | None,
    now: datetime,
) -> Subscription:
    pause = max(_pause(subscription.failures), retry_after or timedelta(0))
    begins = subscription.state is SubscriptionState.SUBSCRIBING
    return replace(
        subscription,
        state=SubscriptionState.LAPSED if begins else subscription.state,
        reason=reason,
        detail=detail,
        failures=subscription.failures + 1,
        due_at=now + pause,
    )


def _pause(times: int) -> timedelta:
    return min(FIRST_PAUSE * (1 << min(times, _MOST_DOUBLINGS)), LONGEST_PAUSE)


def _share(feed_id: str) -> float:
    """A number from 0 to 1 that belongs to the feed."""
    return int.from_bytes(sha256(f"websub\x00{feed_id}".encode()).digest()[:4], "big") / 2**32
