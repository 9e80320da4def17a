"""How a data folder is doing: its feeds, what waits, what is stored, and whether a daemon runs."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.articles.drift import Drift, find_drift
from ingest.committing.patience import is_paused
from ingest.feeds.fills import filled_in
from ingest.types import Feed
from storage.ledger.base import Ledger
from storage.ledger.parts import JournalState
from storage.model import FeedState, Outcome
from storage.schema import TABLES
from storage.subscription import Subscription

_SOON = 1_000  # pending entries looked at for the next try


GAP_IS_NEWS = timedelta(days=7)


class Health(IntEnum):
    """How a feed is, worst first."""

    BROKEN = 0
    RETIRED = 1
    HELD = 2
    NEVER_POLLED = 3
    OK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """A feed's state and entries. ``configured`` is false once it was taken out of the file."""

    state: FeedState
    health: Health
    entries: Mapping[Outcome, int]
    configured: bool = True
    subscriptions: tuple[Subscription, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSize:
    """What is stored of a table: ``rows`` in ``parts`` files of together ``bytes``."""

    table: str
    rows: int
    parts: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A data folder at one moment. ``state_bytes`` is the ledger and the search index.

    ``daemon`` is the process id of the daemon that runs on it, 0 if that is not known, ``None``
    if there is none; ``paused``, it waits for room on the disk, of which ``free_bytes`` are free.
    ``next_try_at`` is when the first pending page is due. ``drifts`` are the sites on which
    extraction has changed sharply.
    """

    data: Path
    feeds: tuple[FeedHealth, ...]
    entries: Mapping[Outcome, int]
    next_try_at: datetime | None
    journal: JournalState
    tables: tuple[TableSize, ...]
    state_bytes: int
    daemon: int | None
    paused: bool
    free_bytes: int
    drifts: tuple[Drift, ...] = ()


def take_status(
    data: Path, ledger: Ledger, feeds: Iterable[Feed] | None, *, now: datetime
) -> Status:
    """Look at a data folder.

    Args:
        data: The folder.
        ledger: Its ledger.
        feeds: The configured feeds; ``None`` if there is no configuration.
        now: The current time.
    """
    pending = ledger.entries_with([Outcome.PENDING], _SOON)
    return Status(
        data=data,
        feeds=tuple(_feeds(ledger, feeds, now)),
        entries=ledger.count_outcomes(),
        next_try_at=min((entry.due_at for entry in pending if entry.due_at), default=None),
        journal=ledger.journal_state(),
        tables=tuple(_tables(ledger)),
        state_bytes=sum(
            file.stat().st_size for file in (data / "state").glob("*.db*") if file.is_file()
        ),
        daemon=running_daemon(data),
        drifts=tuple(find_drifts(ledger)),
        paused=is_paused(data),
        free_bytes=shutil.disk_usage(data).free,
    )


def find_drifts(ledger: Ledger) -> list[Drift]:
    """Return the sites on which extraction has changed sharply, by host."""
    found = (find_drift(host, pages) for host, pages in ledger.sites.pages().items())
    return [drift for drift in found if drift is not None]


def health_of(state: FeedState, *, now: datetime) -> Health:
    """Return how a feed is, by what its last polls came to."""
    if state.retired:
        return Health.RETIRED
    if state.is_held(now):
        return Health.HELD
    if state.ok is None:
        return Health.NEVER_POLLED
    return Health.OK if state.ok else Health.BROKEN


def next_poll(state: FeedState, *, now: datetime) -> datetime | None:
    """Return when a feed is polled next: once it is due and on hold no more; never if retired."""
    if state.retired:
        return None
    due = max(now, state.next_due_at or now)
    return max(due, state.held_until or due) if state.is_held(now) else due


def notes_on(state: FeedState, *, now: datetime) -> tuple[str, ...]:
    """Return sentences on what someone may want to mend about a feed, though it works."""
    notes = []
    if state.address is not None:
        notes.append(f"moved for good to {state.address}: newsfold uses it; put it into feeds.yml")
    if state.gap_at is not None and now - state.gap_at < GAP_IS_NEWS:
        filled = filled_in(state)
        notes.append(
            f"entries may have been missed: the poll of {state.gap_at:%Y-%m-%d %H:%M} UTC shared "
            "none with the one before"
            + (f" ({filled} of them were taken from its site's news sitemap)" if filled else "")
        )
    return tuple(notes)


def running_daemon(data: Path) -> int | None:
    """Return the process id of the daemon on a data folder, 0 if unknown, ``None`` if none runs.

    The lock decides, which the system drops with its process; a process id may be used again.
    """
    state = data / "state"
    pid = state / "daemon.pid"
    if not pid.is_file() or not (state / "daemon.lock").is_file():
        return None
    try:
        with FileLock(state / "daemon.lock", blocking=False):
            return None
    except Timeout:
        try:
            return int(pid.read_text())
        except (OSError, ValueError):  # it is just starting or ending
            return 0


def _feeds(ledger: Ledger, feeds: Iterable[Feed] | None, now: datetime) -> list[FeedHealth]:
    known = {state.feed_id: state for state in ledger.feeds()}
    subscriptions: dict[str, list[Subscription]] = {}
    for subscription in ledger.subscriptions.all():
        subscriptions.setdefault(subscription.feed_id, []).append(subscription)
    configured = None if feeds is None else {feed.id: feed for feed in feeds}
    for feed_id, feed in (configured or {}).items():
        if feed_id not in known or known[feed_id].url != feed.url:
            known[feed_id] = FeedState(feed_id=feed_id, url=feed.url, name=feed.name)
    found = [
        FeedHealth(
            state=state,
            health=health_of(state, now=now),
            entries=ledger.count_outcomes(state.feed_id),
            configured=configured is None or state.feed_id in configured,
            subscriptions=tuple(subscriptions.get(state.feed_id, ())),
        )
        for state in known.values()
    ]
    return sorted(
        found,
        key=lambda feed: (
            not feed.configured,
            feed.health,
            -feed.state.failures,
            feed.state.feed_id,
        ),
    )


def _tables(ledger: Ledger) -> Iterable[TableSize]:
    parts = ledger.parts()
    for table in TABLES:
        own = [part for part in parts if part.table == table]
        yield TableSize(
            table=table,
            rows=sum(part.rows for part in own),
            parts=len(own),
            bytes=sum(part.bytes for part in own),
        )
