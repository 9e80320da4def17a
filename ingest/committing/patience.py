"""What a run does when the disk is full: it waits for room, and goes on by itself."""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from storage.fs import is_full

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[object]]

# Seconds until what was refused is tried again: at first, and at most.
FIRST_TRY = 2.0
LONGEST_WAIT = 60.0

_LOCK = "paused.lock"

log = logging.getLogger(__name__)


class Patience:
    """Has all that a full disk refuses done again, until it is done.

    Everyone waits together and tries again together, after 2 s, 4 s and so on up to a minute. While
    they wait a lock is held, by which others can tell (``is_paused``); its file is made beforehand,
    since then there is no room for it. A context manager; on leaving nobody waits any longer.

    Args:
        data: The data folder.
        sleep: Waits for so many seconds.
    """

    def __init__(self, data: Path, *, sleep: Sleep = asyncio.sleep) -> None:
        self._data = data
        self._sleep = sleep
        self._lock = FileLock(data / "state" / _LOCK)
        with self._lock:
            pass
        self._round: asyncio.Future[object] | None = None
        self._seconds = FIRST_TRY
        self._waiting = 0
        self._given_up = False

    @property
    def is_on(self) -> bool:
        """Whether something was refused and is not done yet."""
        return self._waiting > 0

    def give_up(self) -> None:
        """From now on let whoever is refused, or waits, have the error."""
        self._given_up = True
        if self._round is not None:
            self._round.cancel()

    async def through(self, do: Callable[[], Awaitable[T]]) -> T:
        """Return what ``do`` returns, done again as long as the disk is full.

        Raises:
            OSError, sqlite3.OperationalError: the disk is full, and patience was given up.
        """
        try:
            return await do()
        except Exception as error:
            if self._given_up or not is_full(error):
                raise
            first = error
        with self._waits(first):
            while True:
                await self._next_round()
                try:
                    return await do()
                except Exception as error:
                    if self._given_up or not is_full(error):
                        raise

    @contextmanager
    def _waits(self, error: Exception) -> Iterator[None]:
        if not self._waiting:
            self._seconds = FIRST_TRY
            with suppress(Timeout):  # someone who looks holds it for an instant
                self._lock.acquire(timeout=1)
            log.warning("%s; polling is paused until there is room", explain(error, self._data))
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._lock.release()
                if not self._given_up:
                    log.warning("%s: there is room again: polling goes on", self._data)

    async def _next_round(self) -> None:
        """Wait until it is time to try again, all for the same moment."""
        if self._round is None or self._round.done():
            seconds, self._seconds = self._seconds, min(2 * self._seconds, LONGEST_WAIT)
            self._round = asyncio.ensure_future(self._sleep(seconds))
        await asyncio.wait([self._round])


def explain(error: BaseException, data: Path) -> str:
    """Return in one line what a full disk refused, how much is free, and what to do."""
    free = shutil.disk_usage(data).free
    return (
        f"{data}: the disk is full ({error}), {free:,} bytes are free: make room on it;"
        " nothing that was committed is lost"
    )


def is_paused(data: Path) -> bool:
    """Whether a process waits for room on the data folder's disk."""
    lock = data / "state" / _LOCK
    if not lock.is_file():
        return False
    try:
        with FileLock(lock, blocking=False):
            return False
    except Timeout:
        return True
