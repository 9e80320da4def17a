"""What a poll came to, as values: what the feed said, what that changes, and the row that tells."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from ingest.feeds.cadence import Learnt
from ingest.feeds.diff import Diff, diff
from ingest.types import Fault, Feed, Fetched, ParsedEntry, ParsedFeed
from storage.model import EntryState, FeedState, Outcome, Poll, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a feed ``answered`` that was asked at ``url``, and the ``document`` that is, if new.

    ``state`` is the feed's before it, but for what is remembered of the sitemaps it lists.
    """

    url: str
    at: datetime
    answer: Fetched | Fault
    document: ParsedFeed | Fault | None
    state: FeedState

    @property
    def fault(self) -> Fault | None:
        """What is wrong with the answer or the document."""
        parts = (self.answer, self.document)
        return next((part for part in parts if isinstance(part, Fault)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a document ``changes``, and what the ledger has ``known`` of its entries, by GUID.

    ``seen_at`` is when they count as seen, ``backlog`` the number of the feed's entries that were
    pending before, and ``filled`` how many of those that are new the document does not have.
    """

    seen_at: datetime
    backlog: int = 0
    filled: int = 0
    changes: Diff = field(default_factory=Diff)
    known: Mapping[str, EntryState] = field(default_factory=dict)

    @property
    def new(self) -> int:
        """The number of entries that were not known."""
        return sum(not entry.recheck for entry in self.changes.pending)

    @property
    def put_off(self) -> str | None:
        """How many entries had to be put off, if any had."""
        later = self.changes.put_off
        if not later:
            return None
        number = len(self.changes.pending)
        return f"{number} entries to read, of which {later} stay pending until their turn"

    def with_missed(self, feed: Feed, missed: Sequence[ParsedEntry]) -> Self:
        """Return the news with entries that the feed had missed, after its own."""
        before = self.changes
        more = diff(feed, missed, {}, now=self.seen_at, waiting=self.backlog + len(before.pending))
        changes = replace(
            before,
            pending=before.pending + more.pending,
            put_off=before.put_off + more.put_off,
        )
        return replace(self, changes=changes, filled=len(more.pending))

    def has_turn(self, entry: EntryState) -> bool:
        """Whether an entry is to be taken up now."""
        return entry.due_at is None or entry.due_at <= self.seen_at

    def waiting(self, written: Sequence[EntryState]) -> set[str]:
        """The ids of the entries that wait without being taken up now.

        Args:
            written: The entries that were committed as pending.
        """
        waiting = {e.entry_id for e in self.known.values() if e.outcome is Outcome.PENDING}
        return waiting | {entry.entry_id for entry in written if not self.has_turn(entry)}


def row_of(said: Said, news: News, learnt: Learnt, *, run_id: str) -> Poll:
    """Return the row that tells of a poll."""
    answer, changes = said.answer, news.changes
    told = said.fault or learnt.state
    details = (told.detail, news.put_off, *learnt.events)
    return Poll(
        feed_id=said.state.feed_id,
        url=said.url,
        polled_at=said.at,
        run_id=run_id,
        ok=said.fault is None,
        reason=told.reason or Reason.FETCHED,
        detail="; ".join(filter(None, details)) or None,
        status=told.status,
        seconds=answer.seconds,
        bytes=len(answer.body) if isinstance(answer, Fetched) else 0,
        entries=len(changes.pending) + len(changes.unchanged),
        new=news.new,
        changed=len(changes.pending) - news.new,
        next_due_at=learnt.state.next_due_at,
        extra=json.dumps(_told(news, learnt)),
    )


def _told(news: News, learnt: Learnt) -> dict[str, object]:
    gap = {"gap": True} if learnt.gap else {}
    return gap | ({"filled": news.filled} if news.filled else {})
