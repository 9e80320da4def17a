"""Compaction: a day that is over becomes few files, each sorted by time through all its rows.

What comes late for such a day lands beside them as any part does, and the day is compacted again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storage.lake.parts import ROW_GROUP_ROWS
from storage.lake.rewrite import GROUPS_A_FILE, Day, Rewriter, Rewritten, days_of
from storage.lake.sorting import AS_IT_IS

SETTLING = timedelta(hours=1)
"""How long after its end a day counts as over: pages fetched in it may still be on their way."""

_ROWS_A_FILE = GROUPS_A_FILE * ROW_GROUP_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which days are meant: that ``day`` (``YYYY-MM-DD``) or all; those not over yet as well."""

    day: str | None = None
    even_open: bool = False


CLOSED = Which()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compactor:
    """Finds the days that are to be compacted, and does it. Its user holds the rewrite lock."""

    rewriter: Rewriter

    def due(self, which: Which, *, at: datetime) -> list[Day]:
        """Return the days that have more files than their rows need, oldest first."""
        last = (at - SETTLING).astimezone(UTC).date().isoformat()
        chosen = [
            one
            for one in days_of(self.rewriter.ledger.parts())
            if (which.even_open or one.day < last) and which.day in {None, one.day}
        ]
        return sorted((one for one in chosen if self._is_many(one)), key=lambda one: one.day)

    def run(self, days: list[Day], *, at: datetime) -> Iterator[Rewritten]:
        """Compact days, one after the other, yielding each that was.

        Raises:
            OSError: the disk is full or refuses; nothing is lost.
        """
        for day in days:
            done = self.rewriter.rewrite(day, AS_IT_IS, at=at)
            if done is not None:
                yield done

    def _is_many(self, day: Day) -> bool:
        if len(day.parts) == 1:
            return False
        groups = self.rewriter.by_scheme(day).values()
        needed = sum(-(-sum(part.rows for part in parts) // _ROWS_A_FILE) for parts in groups)
        return needed < len(day.parts)
