"""What the ledger remembers of the feeds' subscriptions to hubs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from storage.model import Reason


class SubscriptionState(StrEnum):
    """How a subscription stands.

    ``subscribing``: the hub was or is to be asked, and has not verified. ``verified``: it has,
    and the lease runs. ``lapsed``: the lease ended, or the hub could not be had; it is asked
    again. ``denied``: the hub refuses. ``unsubscribing``: the hub is asked to end it.
    """

    SUBSCRIBING = "subscribing"
    VERIFIED = "verified"
    LAPSED = "lapsed"
    DENIED = "denied"
    UNSUBSCRIBING = "unsubscribing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A feed's subscription at a hub, as WebSub has it (W3C Recommendation, 23 January 2018).

    ``token`` is the unguessable end of ``callback``, the address that the hub pushes to;
    ``secret`` the key it signs with: neither is ever shown. ``reason`` and ``detail`` say how it
    came to its ``state``. ``requested_at`` is when the hub was last asked, ``verified_at`` when it
    last verified, ``expires_at`` when the lease ends, ``due_at`` when the next step is taken.
    ``failures`` counts the tries that came to nothing since the last verification.

    ``misses`` counts the polls since the first verification of this lease that found entries which
    were not pushed, the last at ``missed_at``; ``pushes`` what was pushed since that, the last at
    ``pushed_at``. ``ignored`` counts what came without the right signature.
    """

    token: str
    feed_id: str
    hub: str
    topic: str
    callback: str
    secret: str
    state: SubscriptionState
    reason: Reason
    detail: str | None = None
    requested_at: datetime | None = None
    verified_at: datetime | None = None
    expires_at: datetime | None = None
    due_at: datetime
    failures: int = 0
    pushes: int = 0
    pushed_at: datetime | None = None
    misses: int = 0
    missed_at: datetime | None = None
    ignored: int = 0


class Subscriptions(Protocol):
    """The feeds' subscriptions to hubs."""

    def all(self) -> list[Subscription]:
        """Return every subscription, by feed."""

    def offers(self) -> dict[str, tuple[str, str]]:
        """Return the hub and the topic of each feed that names both, by id; none retired."""

    def of_feed(self, feed_id: str) -> list[Subscription]:
        """Return a feed's subscriptions."""

    def one(self, token: str) -> Subscription | None:
        """Return the subscription with this token."""

    def open(self, subscription: Subscription) -> None:
        """Write a new subscription; one with its token is left as it is."""

    def change(
        self, token: str, change: Callable[[Subscription], Subscription]
    ) -> Subscription | None:
        """Replace a subscription by what ``change`` makes of it, and return that.

        Nobody writes it between; ``change`` keeps the token, and may be called again.
        """

    def forget(self, token: str) -> None:
        """Remove a subscription."""

    def poll_by(self, feed_id: str, moment: datetime) -> None:
        """Have a feed polled at ``moment`` if it would be polled later."""
