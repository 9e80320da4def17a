"""The index's segments while a ledger is open: taken over, added to, merged in a thread."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Lock

from storage.fs import OnStep
from storage.ledger.codec import micros
from storage.ledger.database import Database
from storage.ledger.fold.block import Block
from storage.ledger.fold.segment import Segment
from storage.ledger.fold.shelf import Chain, Shelf, to_merge, with_merged

log = logging.getLogger(__name__)


class _Stopped(Exception):  # noqa: N818 - no error
    """The index is being closed: the merge under way is given up."""


class Keeper:
    """Keeps the segments of one ledger in ``folder``, as few as can be.

    Of the newest articles, ``pending`` need not be in one when they are taken over. ``retention``
    and ``on_step`` as in ``FoldIndex``.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        *,
        retention: timedelta | None,
        pending: int,
        on_step: OnStep,
    ) -> None:
        self._folder = folder
        self._shelf = Shelf(folder, database, self._step)
        self._retention = retention
        self._pending = pending
        self._hook = on_step
        self._since = 0 if retention is None else None
        self._is_open = False
        self._chain: Chain = ()
        self._swapping = Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fold")
        self._merging: Future[None] | None = None
        self._stop = Event()

    @property
    def chain(self) -> Chain:
        """The segments, by their numbers."""
        return self._chain

    @property
    def last(self) -> int:
        """The highest number that is in a segment, or was given up; 0 if there is none."""
        return self._chain[-1].header.high if self._chain else 0

    def close(self) -> None:
        """Give up the merge under way, if any."""
        self._stop.set()
        self._thread.shutdown()

    def settle(self) -> None:
        """Wait for the merge under way."""
        if self._merging is not None:
            self._merging.result()

    def keep(self, *, at: datetime) -> None:
        """Say what time it is: what is older than the retention may be dropped from now on."""
        if self._retention is not None:
            self._since = max(0, micros(at - self._retention))

    def open(self) -> bool:
        """Take over the segments there are, unless that was done; tell whether it was only now."""
        if self._is_open:
            return False
        with self._shelf.locked():
            chain = self._shelf.load(since=self._since, pending=self._pending)
        self._adopt(chain)
        self._is_open = True
        self._merge_soon()
        return True

    def damaged(self, segment: Segment) -> OSError:
        """Discard a file with a place outside its arrays: no checksum is read before."""
        self._is_open = False
        self._shelf.discard(segment.path, "is damaged: it points nowhere")
        return OSError(f"{segment.path} is damaged; it is made anew when next needed")

    def add(self, block_of: Callable[[], Block], *, through: int) -> None:
        """Make a segment of a block, of the numbers after ``last`` up to ``through``.

        Unless another process just did: then its segments are taken over.

        Raises:
            OSError: the disk is full or refuses.
        """
        with self._shelf.locked():
            if self._shelf.names() != {one.path.name for one in self._chain}:
                chain = self._shelf.load(since=self._since, pending=self._pending)
                moved = not chain or chain[-1].header.high != self.last
                self._adopt(chain)
                if moved:
                    return
            segment = self._shelf.write([block_of()], low=self.last + 1, high=through, since=0)
        with self._swapping:
            self._chain = (*self._chain, segment)
        self._merge_soon()

    def _adopt(self, chain: Chain) -> None:
        with self._swapping:
            self._chain = chain

    def _merge_soon(self) -> None:
        if (self._merging is None or self._merging.done()) and to_merge(self._chain):
            self._merging = self._thread.submit(self._merge)

    def _merge(self) -> None:
        """Merge until there are few segments. Runs in its own thread."""
        try:
            with self._shelf.merging() as alone:
                while alone and (chosen := to_merge(self._chain)):
                    merged = self._shelf.merge(chosen, since=self._since)
                    if merged is None:
                        self._is_open = False  # the next transaction looks what is there
                        return
                    with self._swapping:
                        self._chain = with_merged(self._chain, merged)
                    with self._shelf.locked():
                        self._shelf.remove(chosen)
        except OSError as error:
            log.warning("%s: is not merged for now: %s", self._folder, error)
        except _Stopped:
            pass

    def _step(self, step: str) -> None:
        if self._stop.is_set():
            raise _Stopped
        self._hook(step)
