"""The moment of the next poll, and why it is that one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from ingest.config import PollingSettings
from ingest.feeds.cadence.asking import DAY
from ingest.feeds.cadence.wishes import Wishes
from ingest.feeds.cadence.words import length

JITTER: Final = 0.1

_HOUR: Final = timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class Plan:
    """A poll's delay as it is worked out, step by step, each with its reason.

    ``share`` is the feed's own number from 0 to 1, by its id: it moves polls apart that fall
    together, and since it never changes, a restart neither bunches nor hastens them.
    """

    delay: timedelta
    now: datetime
    share: float
    polling: PollingSettings
    reasons: list[str] = field(default_factory=list)

    @property
    def due(self) -> datetime:
        """The moment of the poll."""
        return self.now + self.delay

    def bound(self) -> timedelta:
        """Bring the interval within the configured bounds; return it."""
        least, most = self.polling.min_interval, self.polling.max_interval
        if self.delay < least:
            self._set(least, f"raised to {length(least)} (polling.min_interval)")
        elif self.delay > most:
            self._set(most, f"cut to {length(most)} (polling.max_interval)")
        return self.delay

    def spread(self) -> None:
        """Move the interval by up to 10 % either way, but not over the bounds.

        Near a bound there is less room, and there too no two feeds get the same delay.
        """
        least = self.polling.min_interval * (1 + JITTER * self.share)
        most = self.polling.max_interval * (1 - JITTER * (1 - self.share))
        moved = self.delay * (1 - JITTER + 2 * JITTER * self.share)
        moved = min(max(min(moved, most), least), self.polling.max_interval)
        percent = (moved / self.delay - 1) * 100 if self.delay else 0.0
        self._set(moved, f"moved by {percent:+.1f} % (this feed's own share): {length(moved)}")

    def lengthen(self, wish: timedelta, by: str) -> None:
        """Let no less than ``wish`` pass, as far as the longest interval allows."""
        if wish <= self.delay:
            return
        least = min(wish * (1 + JITTER * self.share), self.polling.max_interval)
        if least > self.delay:
            cut = f", cut to {length(least)} (polling.max_interval)" if least < wish else ""
            self._set(least, f"lengthened by {by}, {length(wish)}{cut}: {length(least)}")

    def hold(self, wait: timedelta) -> None:
        """Let no less than the server's ``Retry-After`` pass, whatever the longest interval."""
        if wait > self.delay:
            least = min(wait * (1 + JITTER * self.share), max(wait, DAY))
            self._set(least, f"its server wants to be left alone for {length(wait)} (Retry-After)")

    def rest(self, wishes: Wishes) -> None:
        """Put the poll off to the next hour in which it is wanted, whatever the longest interval.

        To be called last: no other step knows of the times of rest.
        """
        if not wishes.rest:
            return
        due, late = self.due, _HOUR * JITTER * self.share
        woken, before = wishes.wakes_after(due), wishes.wakes_after(due - late)
        if woken is None or before is None:
            self.reasons.append(f"{wishes.rest} UTC would be never: ignored")
            return
        # What falls due while those that rested are let in one by one takes its place behind them,
        # or it would be asked for sooner than if it had fallen due sooner.
        at = max(due if woken == due else woken + late, before + late)
        if at > due:
            self._set(at - self.now, f"{wishes.rest} UTC: put off to {at:%a %H:%M}")

    def wait_a_day(self, whole_at: datetime, why: str) -> None:
        """Let 24 hours pass since the feed was asked for whole."""
        least = min(whole_at, self.now) + DAY - self.now
        if least > self.delay:
            self._set(least, f"{why}: once in 24 h")

    def _set(self, delay: timedelta, why: str) -> None:
        self.delay = delay
        self.reasons.append(why)


def begin(
    interval: timedelta,
    why: Sequence[str],
    feed_id: str,
    *,
    now: datetime,
    polling: PollingSettings,
) -> Plan:
    """Begin with an interval and its reasons."""
    share = int.from_bytes(sha256(feed_id.encode()).digest()[:4], "big") / 2**32
    return Plan(delay=interval, now=now, share=share, polling=polling, reasons=list(why))
