"""When the server and the document want to be asked: they put a poll off and never hasten it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ingest.feeds.cadence.words import days, hours
from ingest.feeds.hints import freshness
from ingest.types import Fetched, ParsedFeed
from storage.model import FeedState

_HOUR: Final = timedelta(hours=1)
_WEEK_HOURS: Final = 7 * 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is wished for: the answer's freshness, the document's ``ttl``, and its times of rest.

    ``skip_hours`` are 0 to 23, of ``skip_days`` Monday is 0; both in UTC.
    """

    fresh: timedelta = timedelta(0)
    ttl: timedelta = timedelta(0)
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()

    @property
    def rest(self) -> str:
        """The times of rest in words: ``skipHours 0-5, skipDays Sat, Sun``."""
        named = (("skipHours", hours(self.skip_hours)), ("skipDays", days(self.skip_days)))
        return ", ".join(f"{name} {when}" for name, when in named if when)

    def wakes_after(self, moment: datetime) -> datetime | None:
        """Return ``moment``, or the next hour outside the times of rest; ``None`` if all are."""
        if not self._rests(moment):
            return moment
        hour = moment.replace(minute=0, second=0, microsecond=0)
        coming = (hour + _HOUR * number for number in range(1, _WEEK_HOURS + 1))
        return next((start for start in coming if not self._rests(start)), None)

    def _rests(self, moment: datetime) -> bool:
        return moment.hour in self.skip_hours or moment.weekday() in self.skip_days


def remembered(state: FeedState) -> Wishes:
    """Return the wishes in a feed's state."""
    return Wishes(
        fresh=timedelta(seconds=state.fresh_seconds or 0),
        ttl=timedelta(seconds=state.ttl_seconds or 0),
        skip_hours=frozenset(state.skip_hours),
        skip_days=frozenset(state.skip_days),
    )


def heard(state: FeedState, parsed: ParsedFeed | None, fetched: Fetched) -> Wishes:
    """Return what is wished after an answer.

    Where there was no document to parse, the last one's wishes stand. A 304 that says nothing of
    freshness leaves what the whole answer said (RFC 9111 section 4.3.4).
    """
    before, fresh = remembered(state), freshness(fetched.headers)
    if fresh is None:
        fresh = before.fresh if fetched.not_modified else timedelta(0)
    if parsed is None:
        return Wishes(
            fresh=fresh,
            ttl=before.ttl,
            skip_hours=before.skip_hours,
            skip_days=before.skip_days,
        )
    return Wishes(
        fresh=fresh,
        ttl=parsed.ttl or timedelta(0),
        skip_hours=frozenset(parsed.skip_hours),
        skip_days=frozenset(parsed.skip_days),
    )
