"""What is said between subscriber and hub, as values (WebSub, section 5)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs, urlencode

from ingest.text import clean_line
from storage.subscription import Subscription, SubscriptionState

LEASE: Final = timedelta(days=10)
"""The lease that is asked for: what section 8.2 calls a good default."""

LONGEST_LEASE: Final = timedelta(days=30)
"""A hub that grants more is asked to confirm after this time all the same."""

Fields = Mapping[str, Sequence[str]]

_SUBSCRIBABLE: Final = frozenset({SubscriptionState.SUBSCRIBING, SubscriptionState.VERIFIED})
_MOST_FIELDS: Final = 32
_LONGEST_REASON: Final = 300
# Section 8.2: bounded in length, and no binary data.
_CHALLENGE: Final = re.compile(r"[\x21-\x7e]{1,512}")
_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The hub asks whether the subscription is wanted, and it is: ``challenge`` is sent back."""

    challenge: str
    lease: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The hub asks whether the subscription is to end, and it is: ``challenge`` is sent back."""

    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """The hub says that there is no subscription (section 5.2), and perhaps why."""

    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwanted:
    """What the hub says does not fit what it was asked: it is answered with 404."""

    why: str


Answer = Confirm | Release | Denial | Unwanted


def request_form(subscription: Subscription) -> bytes:
    """Return the body of the request to subscribe, or to end the subscription (section 5.1).

    The secret is sent also to a hub that is asked over plain http, against the letter of section
    5.1: who listens there sees the callback too, and the signature still keeps out all others.
    """
    fields = {
        "hub.callback": subscription.callback,
        "hub.mode": "subscribe",
        "hub.topic": subscription.topic,
    }
    if subscription.state is SubscriptionState.UNSUBSCRIBING:
        fields["hub.mode"] = "unsubscribe"
    else:
        fields["hub.lease_seconds"] = str(int(LEASE.total_seconds()))
        fields["hub.secret"] = subscription.secret
    return urlencode(fields).encode("ascii")


def read_verification(subscription: Subscription, query: str) -> Answer:
    """Say what a hub's GET on the callback is to come to (sections 5.2 and 5.3).

    Args:
        subscription: What the callback belongs to.
        query: The query of the request, undecoded.

    Returns:
        What it asks for, if that is what the hub was asked; otherwise ``Unwanted``.
    """
    try:
        fields = parse_qs(query, max_num_fields=_MOST_FIELDS, keep_blank_values=True)
    except ValueError:
        return Unwanted(why=f"more than {_MOST_FIELDS} fields")
    if _one(fields, "hub.topic") != subscription.topic:
        return Unwanted(why="another topic")
    match _one(fields, "hub.mode"):
        case "denied":
            why = clean_line(_one(fields, "hub.reason") or "")[:_LONGEST_REASON]
            return Denial(why=why or None)
        case "subscribe" if subscription.state in _SUBSCRIBABLE:
            return _confirm(fields)
        case "unsubscribe" if subscription.state is SubscriptionState.UNSUBSCRIBING:
            challenge = _challenge(fields)
            return challenge if isinstance(challenge, Unwanted) else Release(challenge=challenge)
        case _:
            return Unwanted(why="not what was asked for")


def _confirm(fields: Fields) -> Confirm | Unwanted:
    challenge, lease = _challenge(fields), _lease(fields)
    if isinstance(challenge, Unwanted):
        return challenge
    if lease is None:
        return Unwanted(why="no lease that can be read")
    return Confirm(challenge=challenge, lease=lease)


def _challenge(fields: Fields) -> str | Unwanted:
    challenge = _one(fields, "hub.challenge") or ""
    if _CHALLENGE.fullmatch(challenge):
        return challenge
    return Unwanted(why="no challenge that is fit to be sent back")


def _one(fields: Fields, name: str) -> str | None:
    """Return a field that is given once; one given twice means nothing certain."""
    values = fields.get(name, ())
    return values[0] if len(values) == 1 else None


def _lease(fields: Fields) -> timedelta | None:
    """Return a lease of at least a second; what was asked for where the hub names none.

    The hub must name one, and hubs of the protocol's earlier versions do not.
    """
    if "hub.lease_seconds" not in fields:
        return LEASE
    text = _one(fields, "hub.lease_seconds") or ""
    if not _SECONDS.fullmatch(text) or not int(text):
        return None
    return min(timedelta(seconds=int(text)), LONGEST_LEASE)
