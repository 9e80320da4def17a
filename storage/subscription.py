"""What the ledger remembers of a feed's subscription to a hub."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
