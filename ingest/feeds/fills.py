"""What is remembered of a feed's gaps and their filling, between polls."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from ingest.feeds.children import Child
from storage.model import FeedState

EVERY: Final = timedelta(hours=6)
"""A feed's gaps are filled no oftener: news sitemaps hold the articles of two days."""

_LONGEST: Final = timedelta(days=2)
_KEY: Final = "fill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """The last time that a feed's site was asked for what its feed had missed.

    ``taken`` entries were filled in. ``since`` is when the feed was last known whole, where what
    came after could not be filled yet. ``named`` are the sitemaps that robots.txt names,
    ``listed`` those of an index among them.
    """

    at: datetime | None = None
    taken: int = 0
    since: datetime | None = None
    named: tuple[Child, ...] = ()
    listed: tuple[Child, ...] = ()

    def is_recent(self, now: datetime) -> bool:
        """Whether it is too early to ask again."""
        return self.at is not None and timedelta(0) <= now - self.at < EVERY

    def missing_since(self, state: FeedState, *, now: datetime) -> datetime:
        """Return since when entries are missing: the last poll before the first unfilled gap.

        No longer ago than news sitemaps reach back: two days.

        Args:
            state: The feed before the poll that showed the gap.
            now: The current time.
        """
        return max(self.since or state.ok_at or now, now - _LONGEST)


def last_fill(extra: str) -> Fill:
    """Return what a feed's ``extra`` remembers."""
    return msgspec.convert(json.loads(extra).get(_KEY, {}), Fill)


def with_fill(extra: str, fill: Fill) -> str:
    """Return a feed's ``extra`` with this in it, and nothing else changed."""
    kept = json.loads(extra) | {_KEY: msgspec.to_builtins(fill)}
    return json.dumps(kept, sort_keys=True)


def filled_in(state: FeedState) -> int:
    """Return how many entries the feed's last gap was filled with."""
    fill = last_fill(state.extra)
    return fill.taken if fill.at is not None and fill.at == state.gap_at else 0
