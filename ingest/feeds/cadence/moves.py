"""Permanent redirects (RFC 9110 sections 15.4.2 and 15.4.9), and when they are believed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from ingest.feeds.cadence.words import length
from ingest.types import Fault, Fetched
from storage.model import FeedState, Reason

PERMANENT: Final = frozenset({301, 308})
BELIEVED: Final = timedelta(days=7)

_GONE: Final = frozenset({Reason.HTTP_NOT_FOUND, Reason.HTTP_GONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a feed is asked for from now on, and where it says that it has moved.

    ``event`` is set where the address has just changed; ``adopted`` if to one that it moved to.
    """

    address: str | None
    moved_to: str | None = None
    moved_since: datetime | None = None
    event: str | None = None
    adopted: bool = False


def after_answer(state: FeedState, fetched: Fetched, *, now: datetime) -> Place:
    """Return where a feed stands after an answer that is one.

    A move is believed when every hop was permanent and led to the same address for a week, for
    such redirects are set by mistake and by captive networks too; at once where the same host and
    path are asked for over TLS. One temporary hop, or none, and the week begins anew.
    """
    target = fetched.url if _is_permanent(fetched.redirects) else None
    if target is None:
        return Place(address=state.address)
    since = now
    if state.moved_to == target and state.moved_since is not None:
        # A time to come was written by a clock gone wrong.
        since = min(state.moved_since, now)
    if _is_secure_twin(state.address or state.url, target):
        return _adopted(state, target, "the same over TLS")
    if now - since >= BELIEVED:
        return _adopted(state, target, f"which it said for {length(now - since)}")
    return Place(address=state.address, moved_to=target, moved_since=since)


def after_fault(state: FeedState, fault: Fault) -> Place:
    """Return where a feed stands after a fault.

    If its address is gone and it said before where it moved, it is asked for there; if that one
    is gone too, under the configured address again. What turns out to be no feed (a page to log
    in or to consent) is no place to move to.
    """
    here = Place(address=state.address, moved_to=state.moved_to, moved_since=state.moved_since)
    if fault.reason is Reason.NOT_A_FEED:
        return Place(address=state.address)
    if fault.reason not in _GONE or fault.redirects:
        return here
    if state.moved_to is not None:
        return _adopted(state, state.moved_to, f"and the old address answers {fault.status}")
    if state.address is None:
        return here
    return Place(
        address=None,
        event=f"{state.address}, where it had moved to, answers {fault.status}: "
        f"the configured address is asked again",
    )


def is_own_fault(fault: Fault) -> bool:
    """Whether a fault is that of the address itself, not of one a temporary redirect led to."""
    return not fault.redirects or _is_permanent(fault.redirects)


def _is_permanent(redirects: tuple[tuple[int, str], ...]) -> bool:
    return bool(redirects) and all(status in PERMANENT for status, _ in redirects)


def _adopted(state: FeedState, target: str, why: str) -> Place:
    return Place(
        address=None if target == state.url else target,
        event=f"moved for good to {target}, {why}: it is asked for there from now on; "
        "put that address into feeds.yml",
        adopted=True,
    )


def _is_secure_twin(old: str, new: str) -> bool:
    before, after = urlsplit(old), urlsplit(new)
    return (
        (before.scheme.lower(), after.scheme) == ("http", "https")
        and before.hostname == after.hostname
        and before.port in {None, 80}
        and after.port in {None, 443}
        and (before.path or "/", before.query) == (after.path or "/", after.query)
    )
