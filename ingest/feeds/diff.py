"""What a feed says now against what is known of its entries: a function of values alone."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import msgspec
from courlan import normalize_url

from ingest.feeds.markup import as_line
from ingest.types import Feed, ParsedEntry
from storage.model import EntryState, Outcome, Reason

MOST_AT_ONCE: Final = 1_000
"""Entries of one feed that are taken up at a time: the rest stay pending until their turn."""

TURN: Final = timedelta(minutes=5)
"""What lies between one turn of a feed's entries and the next."""

_ID_LENGTH: Final = 32
_SCHEME: Final = re.compile(r"^https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """The entries of one poll: those to be worked on, and the ids of those that stand as before.

    ``put_off`` counts those of ``pending`` whose turn comes later than now.
    """

    pending: tuple[EntryState, ...] = ()
    unchanged: tuple[str, ...] = ()
    put_off: int = 0


def diff(
    feed: Feed,
    entries: Sequence[ParsedEntry],
    known: Mapping[str, EntryState],
    *,
    now: datetime,
    waiting: int = 0,
) -> Diff:
    """Tell new and changed entries from unchanged ones.

    Every distinct GUID is in exactly one of the two parts, whatever the entries' order. No more
    than ``MOST_AT_ONCE`` of a feed are due at a time: behind those, in the document's order, each
    further such number falls due a ``TURN`` later.

    Args:
        feed: The feed as configured.
        entries: What its document holds now.
        known: What the ledger holds of the feed's entries, by GUID.
        now: The current time.
        waiting: How many of the feed's entries are pending already.
    """
    pending: list[EntryState] = []
    unchanged: list[str] = []
    turn = 0
    for entry in _distinct(entries):
        digest = entry.digest or entry_hash(entry)
        before = known.get(entry.guid)
        if before is None:
            pending.append(_new(feed, entry, digest, now, _turn(now, waiting + turn)))
            turn += 1
        elif before.entry_hash == digest:
            unchanged.append(before.entry_id)
        elif before.outcome is Outcome.PENDING:
            pending.append(_changed(before, entry, digest, now, before.due_at or now))
        else:
            pending.append(_changed(before, entry, digest, now, _turn(now, waiting + turn)))
            turn += 1
    put_off = max(0, waiting + turn - max(waiting, MOST_AT_ONCE))
    return Diff(pending=tuple(pending), unchanged=tuple(unchanged), put_off=put_off)


def _turn(now: datetime, before: int) -> datetime:
    """When an entry may be taken up that has ``before`` of its feed's before it."""
    return now + TURN * (before // MOST_AT_ONCE)


def entry_id_of(feed_id: str, guid: str) -> str:
    """Return the stable id of a feed's entry: 32 hexadecimal digits."""
    return sha256(f"{feed_id}\x00{guid}".encode()).hexdigest()[:_ID_LENGTH]


def entry_hash(entry: ParsedEntry) -> str:
    """Return a digest of what an entry says: title, link, summary, content, time of update.

    Taken over the words alone, since feeds sign image addresses anew and count comments in
    attributes from poll to poll; and over the link without its scheme and tracking parameters.
    """
    parts = (
        entry.title or "",
        _plain_link(entry.link),
        as_line(entry.summary or ""),
        as_line(entry.content or ""),
        entry.updated_at.isoformat() if entry.updated_at else "",
    )
    return sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_ID_LENGTH]


def pack(entry: ParsedEntry) -> bytes:
    """Return an entry as bytes, for the ledger to keep while it is pending."""
    return msgspec.msgpack.encode(entry)


def unpack(payload: bytes) -> ParsedEntry:
    """Return the entry that ``pack`` made into bytes.

    Raises:
        msgspec.MsgspecError: If the bytes are not of ``pack``'s making.
    """
    return msgspec.msgpack.decode(payload, type=ParsedEntry)


def _distinct(entries: Sequence[ParsedEntry]) -> list[ParsedEntry]:
    """One entry a GUID: of several the newest, and of those the one with the largest bytes."""
    chosen: dict[str, ParsedEntry] = {}
    for entry in entries:
        rival = chosen.get(entry.guid)
        if rival is None or _age(entry) > _age(rival):
            chosen[entry.guid] = entry
    return list(chosen.values())


def _age(entry: ParsedEntry) -> tuple[str, bytes]:
    moment = entry.updated_at or entry.published_at
    return (moment.isoformat() if moment else "", pack(entry))


def _new(
    feed: Feed, entry: ParsedEntry, digest: str, now: datetime, due_at: datetime
) -> EntryState:
    return EntryState(
        entry_id=entry_id_of(feed.id, entry.guid),
        feed_id=feed.id,
        guid=entry.guid,
        url=entry.link,
        title=entry.title,
        entry_hash=digest,
        first_seen_at=now,
        last_seen_at=now,
        outcome=Outcome.PENDING,
        reason=Reason.WAITING,
        due_at=due_at,
        payload=pack(entry),
    )


def _changed(
    before: EntryState, entry: ParsedEntry, digest: str, now: datetime, due_at: datetime
) -> EntryState:
    """A known entry with new words. One that is still pending keeps its tries and its turn."""
    waiting = before.outcome is Outcome.PENDING
    return replace(
        before,
        url=entry.link,
        title=entry.title,
        entry_hash=digest,
        last_seen_at=now,
        outcome=Outcome.PENDING,
        reason=Reason.WAITING,
        detail=None,
        attempts=before.attempts if waiting else 0,
        due_at=due_at,
        recheck=before.recheck or not waiting,
        payload=pack(entry),
    )


def _plain_link(link: str | None) -> str:
    if link is None:
        return ""
    with suppress(ValueError):  # courlan parses it anew, and some addresses fail there
        link = normalize_url(link)
    return _SCHEME.sub("", link)
