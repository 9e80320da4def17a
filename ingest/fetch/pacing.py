"""Whose turn it is: how many requests go to one host and to all, how far apart, and who waits.

A turn is taken from the host first and from the whole second, so that many requests waiting
for one host hold nothing that another host could use. Feeds and pages have a whole each: one feed
can link to any number of hosts that never answer, and no poll is to wait for those.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from ingest.clock import Clock
from ingest.types import Fault
from storage.model import FAR, Reason

OnSlow = Callable[[str, timedelta], None]

# Shorter waits than this many seconds are not worth a word.
_LONG_WAIT = 2.0


class _Host:
    """What is known of one host while it is in use, was used lately, or is on hold."""

    __slots__ = ("door", "held_until", "last_start", "slots", "told", "users")

    def __init__(self, concurrency: int) -> None:
        self.slots = asyncio.Semaphore(concurrency)
        self.door = asyncio.Lock()
        self.last_start: float | None = None
        self.held_until: datetime | None = None
        self.users = 0
        self.told = False


class Pacing:
    """Hands out turns, first come first served at each host.

    ``concurrency`` bounds the requests for feeds under way at once, and again those for all else;
    ``per_host`` bounds those to one host, and ``delay`` is the least time between the starts of two
    requests to one host. ``on_slow`` is told once of a host whose own wish makes a request wait for
    seconds, and what it wishes.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        per_host: int,
        delay: timedelta,
        clock: Clock,
        on_slow: OnSlow | None = None,
    ) -> None:
        self._feeds = asyncio.Semaphore(concurrency)
        self._others = asyncio.Semaphore(concurrency)
        self._per_host = per_host
        self._delay = delay.total_seconds()
        self._clock = clock
        self._on_slow = on_slow
        self._hosts: dict[str, _Host] = {}
        self._sweep_at = 256

    def hold(self, host: str, wait: timedelta) -> datetime:
        """Keep all requests from a host for a while, as it asked (RFC 6585 section 4).

        Returns until when, which an earlier hold may have made later.
        """
        return self.hold_until(host, self._clock() + wait)

    def hold_until(self, host: str, until: datetime) -> datetime:
        """Keep all requests from a host until then, or longer if it is on hold for longer."""
        state = self._state(host)
        if self.held(host) is None or state.held_until is None or until > state.held_until:
            state.held_until = until
        return state.held_until

    def held(self, host: str) -> Fault | None:
        """Say that a host is on hold, and for how long, or return ``None``."""
        state = self._hosts.get(host)
        if state is None or state.held_until is None:
            return None
        left = state.held_until - self._clock()
        # None is set for so long: since it was set, the clock was set back.
        if not timedelta(0) < left <= FAR:
            state.held_until = None
            return None
        return Fault(
            reason=Reason.ON_HOLD,
            detail=f"{host} asked for no requests until {state.held_until:%Y-%m-%d %H:%M:%S} UTC",
            retry_after=left,
        )

    @asynccontextmanager
    async def turn(
        self, host: str, *, delay: timedelta = timedelta(0), feed: bool = False
    ) -> AsyncIterator[Fault | None]:
        """Wait for the host's turn and hold it for one request.

        Args:
            host: The host's name, in lower case.
            delay: The host's own wish for the time between requests, where longer than ours.
            feed: Whether the request is for a feed.

        Yields:
            ``None`` when the request may start now, or the fault of a host on hold.
        """
        if (fault := self.held(host)) is not None:
            yield fault
            return
        state = self._state(host)
        whole = self._feeds if feed else self._others
        state.users += 1
        try:
            async with state.slots:
                async with state.door:
                    await self._wait(host, state, delay.total_seconds())
                    # A hold may have come while this request stood in line.
                    fault = self.held(host)
                    if fault is None:
                        await whole.acquire()
                        state.last_start = time.monotonic()
                if fault is not None:
                    yield fault
                    return
                try:
                    yield None
                finally:
                    whole.release()
        finally:
            state.users -= 1

    async def _wait(self, host: str, state: _Host, wish: float) -> None:
        if state.last_start is None:
            return
        delay = max(self._delay, wish)
        left = state.last_start + delay - time.monotonic()
        if wish > self._delay and left >= _LONG_WAIT and not state.told and self._on_slow:
            state.told = True
            self._on_slow(host, timedelta(seconds=wish))
        await asyncio.sleep(max(0.0, left))

    def _state(self, host: str) -> _Host:
        state = self._hosts.get(host)
        if state is None:
            if len(self._hosts) >= self._sweep_at:
                self._sweep()
            state = self._hosts[host] = _Host(self._per_host)
        return state

    def _sweep(self) -> None:
        """Forget hosts that nothing is known of any more; doubling keeps this rare."""
        now, started = self._clock(), time.monotonic() - max(self._delay, 60)
        self._hosts = {
            host: state
            for host, state in self._hosts.items()
            if state.users
            or (state.held_until is not None and state.held_until > now)
            or (state.last_start is not None and state.last_start > started)
        }
        self._sweep_at = max(256, 2 * len(self._hosts))
