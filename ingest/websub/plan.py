"""What is to be done now so that every feed with a hub is subscribed to, and nothing else is."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ingest.text import safe_link
from ingest.websub.states import aged, is_due, is_over
from storage.subscription import Subscription, SubscriptionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Begin a feed's subscription at a hub."""

    feed_id: str
    hub: str
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask the hub: to subscribe, to renew, or to end it."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """Write down what time has made of it."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Have it end at the hub, since it is not wanted any longer."""

    token: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Nothing can come of it any more."""

    token: str


Step = Open | Ask | Age | End | Forget


def plan(
    offered: Mapping[str, tuple[str, str]],
    subscriptions: Iterable[Subscription],
    *,
    configured: Collection[str],
    base: str,
    now: datetime,
) -> Iterator[Step]:
    """Yield the steps that are due.

    Args:
        offered: The hub and the topic that feeds name, by the feeds' ids.
        subscriptions: All there are.
        configured: The ids of the feeds that are polled.
        base: The public address under which pushes are received, without a slash at its end.
        now: The current time.
    """
    offers = {
        feed_id: addresses
        for feed_id, (hub, topic) in offered.items()
        if feed_id in configured and (addresses := _addresses(hub, topic))
    }
    served: set[str] = set()
    for subscription in subscriptions:
        why = _not_wanted(subscription, offers.get(subscription.feed_id), base, served)
        if why is not None:
            yield from _leave(subscription, why, base, now)
            continue
        served.add(subscription.feed_id)
        if aged(subscription, now=now) != subscription:
            yield Age(token=subscription.token)
        elif is_due(subscription, now=now):
            yield Ask(token=subscription.token)
    for feed_id, (hub, topic) in offers.items():
        if feed_id not in served:
            yield Open(feed_id=feed_id, hub=hub, topic=topic)


def _addresses(hub: str, topic: str) -> tuple[str, str] | None:
    """Return hub and topic as they are asked for, if both are addresses of the web."""
    asked, named = safe_link(hub), safe_link(topic)
    return (asked, named) if asked and named else None


def _not_wanted(
    subscription: Subscription,
    offer: tuple[str, str] | None,
    base: str,
    served: Collection[str],
) -> str | None:
    if subscription.state is SubscriptionState.UNSUBSCRIBING:
        return subscription.detail or ""
    if offer is None:
        return "the feed is not polled any longer, or names no hub"
    if offer != (subscription.hub, subscription.topic):
        return f"the feed names another hub or topic: {offer[0]}, {offer[1]}"
    if not _is_ours(subscription, base):
        return "pushes are received at another address now"
    return "the feed has another subscription" if subscription.feed_id in served else None


def _leave(subscription: Subscription, why: str, base: str, now: datetime) -> Iterator[Step]:
    # The hub asks at the callback whether it is to end: where nobody answers, it cannot.
    if is_over(subscription, now=now) or not _is_ours(subscription, base):
        yield Forget(token=subscription.token)
    elif subscription.state is not SubscriptionState.UNSUBSCRIBING:
        yield End(token=subscription.token, why=why)
    elif is_due(subscription, now=now):
        yield Ask(token=subscription.token)


def _is_ours(subscription: Subscription, base: str) -> bool:
    return subscription.callback == f"{base}/{subscription.token}"
