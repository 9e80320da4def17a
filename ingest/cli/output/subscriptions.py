"""A feed's subscription to a hub, as it is shown. Its callback and its secret never are."""

from collections.abc import Iterable
from datetime import datetime

from rich.text import Text

from ingest.cli.output import say
from ingest.websub.states import is_relied_on
from storage.subscription import Subscription, SubscriptionState

_SHOWN = (
    "hub",
    "topic",
    "state",
    "reason",
    "detail",
    "requested_at",
    "verified_at",
    "expires_at",
    "due_at",
    "failures",
    "pushes",
    "pushed_at",
    "misses",
    "missed_at",
    "ignored",
)


def by_feed(subscriptions: Iterable[Subscription]) -> dict[str, Subscription]:
    """Return each feed's subscription; of several the one that is not about to end."""
    found: dict[str, Subscription] = {}
    for subscription in subscriptions:
        rival = found.get(subscription.feed_id)
        if rival is None or rival.state is SubscriptionState.UNSUBSCRIBING:
            found[subscription.feed_id] = subscription
    return found


def record(subscription: Subscription | None, now: datetime) -> dict[str, object] | None:
    """Return a subscription in the shape of the JSON contract."""
    if subscription is None:
        return None
    shown: dict[str, object] = {name: getattr(subscription, name) for name in _SHOWN}
    return shown | {"relied_on": is_relied_on(subscription, now=now)}


def line(subscription: Subscription | None, now: datetime) -> Text | None:
    """Return how a subscription stands, in one line."""
    if subscription is None:
        return None
    said = [f"{subscription.state.value} at {subscription.hub}"]
    match subscription.state:
        case SubscriptionState.VERIFIED:
            said.append(f"until {say.when(subscription.expires_at)}")
            said.append(
                f"last push {say.ago(subscription.pushed_at, now)}"
                if subscription.pushed_at
                else "nothing pushed yet"
            )
            if not is_relied_on(subscription, now=now):
                said.append("not relied on, so polls go on as usual")
        case SubscriptionState.LAPSED | SubscriptionState.DENIED:
            said.append(f"asked again {say.ago(subscription.due_at, now)}")
        case SubscriptionState.SUBSCRIBING | SubscriptionState.UNSUBSCRIBING:
            pass
    if subscription.misses:
        said.append(f"{say.plural(subscription.misses, 'poll')} found what was not pushed")
    if subscription.ignored:
        said.append(f"{subscription.ignored:,} ignored, not rightly signed")
    if subscription.detail:
        said.append(subscription.detail)
    return say.said("; ".join(said))
