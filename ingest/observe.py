"""What a run tells while it goes on, and the tally of what it came to."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Protocol

from ingest.types import Feed
from storage.model import EntryState, FeedState, Outcome, OutcomeChange, Poll, Reason

_WORDS = {
    Reason.NOT_MODIFIED: "not_modified",
    Reason.SAME_BODY: "not_modified",
    Reason.ON_HOLD: "on_hold",
}


class Observer(Protocol):
    """Someone who watches a run. Calls come from the event loop and must be quick."""

    def passed_over(self, feed: Feed, state: FeedState) -> None:
        """A feed is not asked: it is retired, or its server wants it left alone for a while."""

    def slowed(self, host: str, delay: timedelta) -> None:
        """A host's robots.txt makes its requests wait for one another; told once of each host."""

    def polling(self, feed: Feed) -> None:
        """A feed is about to be asked."""

    def polled(
        self, feed: Feed, poll: Poll, unchanged: Sequence[str], waiting: Collection[str]
    ) -> None:
        """A poll is committed.

        ``unchanged`` entry ids stood in the feed as before; ``waiting`` ones were pending already,
        or have to wait for their turn.
        """

    def taken(self, entries: Sequence[EntryState]) -> None:
        """Pending entries are taken up."""

    def settled(self, change: OutcomeChange) -> None:
        """An entry's outcome is committed."""


class Tally:
    """Counts a run's feeds and entries; each entry once, under its last outcome."""

    def __init__(self) -> None:
        self.feeds: Counter[str] = Counter()
        self.settlements: Counter[Outcome] = Counter()
        self._entries: dict[str, Outcome] = {}
        self._unchanged: set[str] = set()

    def passed_over(self, feed: Feed, state: FeedState) -> None:
        """Count the feed as retired or on hold."""
        del feed
        self.feeds["retired" if state.retired else "on_hold"] += 1

    def slowed(self, host: str, delay: timedelta) -> None:
        """Count nothing."""

    def polling(self, feed: Feed) -> None:
        """Count nothing yet."""

    def polled(
        self, feed: Feed, poll: Poll, unchanged: Sequence[str], waiting: Collection[str]
    ) -> None:
        """Count the feed, and the entries that stood in it as before."""
        del feed
        self.feeds[_WORDS.get(poll.reason, "ok" if poll.ok else "failed")] += 1
        self._unchanged.update(entry_id for entry_id in unchanged if entry_id not in waiting)
        for entry_id in waiting:
            self._entries.setdefault(entry_id, Outcome.PENDING)

    def taken(self, entries: Sequence[EntryState]) -> None:
        """Count the entries as pending until they are settled."""
        for entry in entries:
            self._entries[entry.entry_id] = Outcome.PENDING

    def settled(self, change: OutcomeChange) -> None:
        """Count the entry under its outcome; one of an earlier run is not among this run's."""
        before = self._entries.get(change.entry_id)
        if before is None:
            return
        if before is not Outcome.PENDING:
            self.settlements[before] -= 1
        self.settlements[change.outcome] += 1
        self._entries[change.entry_id] = change.outcome

    @property
    def entries(self) -> dict[str, int]:
        """Entries by outcome, with their sum as ``seen``."""
        counts = Counter(self._entries.values())
        counts[Outcome.UNCHANGED] += len(self._unchanged - self._entries.keys())
        return {"seen": counts.total()} | {
            outcome.value: counts[outcome]
            for outcome in (
                Outcome.NEW,
                Outcome.REVISED,
                Outcome.UNCHANGED,
                Outcome.DUPLICATE,
                Outcome.SKIPPED,
                Outcome.FAILED,
                Outcome.PENDING,
            )
        }

    def summary(self) -> dict[str, object]:
        """Return the run's counts in the shape of the command line's JSON contract."""
        return {
            "feeds": {
                key: self.feeds[key]
                for key in ("ok", "not_modified", "failed", "on_hold", "retired")
            },
            "entries": self.entries,
        }
