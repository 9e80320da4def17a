"""The fold's index: which articles share bands with a text, persistent, quick, small in memory.

A log with sorted segments (O'Neil and others, "The log-structured merge-tree", 1996): the newest
articles are in memory, the tail; when they are many they become a file, a segment, and segments
are merged so that there are few. All of it is derived from the ledger. Each write of an article's
fingerprint there took a new number, higher than any before; the index maps bands to numbers. One
that no longer belongs to an article is stale, and left out at the next merge.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from threading import Event, Lock, RLock

import numpy as np
import numpy.typing as npt

from storage.fs import OnStep
from storage.ledger.codec import micros, pack_bands
from storage.ledger.database import Database
from storage.ledger.fold import source
from storage.ledger.fold.block import (
    Asked,
    Doc,
    Hits,
    Sightings,
    Table,
    all_hits,
    containment,
    question,
    table_of,
)
from storage.ledger.fold.runs import Places
from storage.ledger.fold.segment import Segment
from storage.ledger.fold.shelf import Chain, Shelf, to_merge, with_merged
from storage.ledger.fold.tail import Tail
from storage.model import Fingerprint, StoredArticle

# Of those that share bands, so many are compared: those that share most, the lowest numbers first.
COMPARED = 512

# So many headlines of one story count as one of another: strangers that a passage holds together
# for not being known as residue are one story, and it would never become known.
OF_ONE_STORY = 2

# So many stale numbers are remembered, to be asked of the ledger only once.
_STALE = 1 << 12

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many articles are in memory: in the dictionary, and in all until they become a file."""

    young: int = 2048
    tail: int = 2048


SIZES = Sizes()

RETENTION = timedelta(days=90)


class _Stopped(Exception):  # noqa: N818 - no error
    """The index is being closed: the merge under way is given up."""


class FoldIndex:
    """The index of one ledger, its files in ``folder``.

    Articles fetched longer than ``retention`` ago drop out of it, once ``keep`` told it the time;
    with ``None`` none do. ``on_step`` is called before each operation on a file.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        *,
        retention: timedelta | None,
        sizes: Sizes,
        on_step: OnStep,
    ) -> None:
        self._shelf = Shelf(folder, database, self._step)
        self._folder = folder
        self._database = database
        self._retention = retention
        self._sizes = sizes
        self._hook = on_step
        self._tail = Tail(sizes.young)
        self._chain: Chain = ()
        self._is_open = False
        self._last = self._kept = 0
        self._since = 0 if retention is None else None
        self._stale: set[int] = set()
        self._spill_at = sizes.tail
        self._turn = RLock()
        self._swapping = Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fold")
        self._merging: Future[None] | None = None
        self._stop = Event()

    def close(self) -> None:
        """Give up the merge under way, if any. What is in memory is in the ledger."""
        self._stop.set()
        self._thread.shutdown()

    def keep(self, *, at: datetime) -> None:
        """Say what time it is: what is older than the retention may be dropped from now on."""
        if self._retention is not None:
            self._since = max(0, micros(at - self._retention))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a write transaction of the ledger, with the index as it is in it.

        What is added is kept if the transaction is.
        """
        with self._turn:
            self._open()
            try:
                with self._database.writing() as db:
                    self._catch_up(db)
                    yield db
            except BaseException:
                self._take_back()
                raise
            self._keep_added()

    def near(
        self, print_: Fingerprint, *, since: datetime, floor: float
    ) -> tuple[list[int], list[int]]:
        """Return the numbers that share bands of the text, and those that share some of its lead.

        Those that share most come first, then lower numbers; left out are those fetched before
        ``since`` and those whose containment is surely under ``floor``.
        """
        asked = question(print_.bands, print_.lead_bands, since=micros(since))
        found = self._tail.find(asked)
        found += [hit for one in self._chain if (hit := self._find(one, asked)) is not None]
        if not found:
            return [], []
        hits = all_hits(found)
        if self._stale:
            hits = hits.where(~np.isin(hits.rows["number"], list(self._stale)))
        return _rankings(table_of([_doc(0, 0, print_)]), hits, floor)

    def same(self, content_hash: str, *, since: datetime) -> list[int]:
        """Return the numbers of articles fetched at ``since`` or later that have this text."""
        key, earliest = source.key_of(content_hash), micros(since)
        found = self._tail.numbers_of(key, since=earliest)
        for one in self._chain:
            found += self._numbers_of(one, key, earliest)
        return found

    def passages_seen(
        self, passages: Sequence[int], *, headline: int, since: datetime
    ) -> dict[int, int]:
        """Return under how many other headlines each passage was seen; see ``LedgerWriter``."""
        keys = np.array(passages, np.int64).view(np.uint64)
        earliest = micros(since)
        found = self._tail.sightings(passages, keys, since=earliest)
        found += [one.block.sightings(keys, since=earliest) for one in self._chain]
        counts = [0] * len(passages)
        for which, rows in _by_first(found):
            others = rows[rows[:, 1] != headline]
            headlines, stories = (len(np.unique(others[:, column])) for column in (1, 2))
            counts[which] = max(min(headlines, stories), headlines // OF_ONE_STORY)
        return dict(zip(passages, counts, strict=True))

    def add(self, number: int, stored: StoredArticle) -> None:
        """Add what the transaction wrote under a new number."""
        fetched = micros(stored.fetched_at)
        story = source.key_of(stored.story_id)
        self._tail.add(_doc(number, fetched, stored.fingerprint, story))
        self._last = number

    def are_stale(self, numbers: Iterable[int]) -> None:
        """Say which numbers belong to no article any more."""
        if len(self._stale) > _STALE:
            self._stale.clear()
        self._stale.update(numbers)

    def settle(self) -> None:
        """Wait for the merge under way."""
        if self._merging is not None:
            self._merging.result()

    def _find(self, segment: Segment, asked: Asked) -> Hits | None:
        try:
            return segment.block.find(asked)
        except IndexError as error:
            raise self._damaged(segment) from error

    def _numbers_of(self, segment: Segment, key: int, since: int) -> list[int]:
        try:
            return segment.block.numbers_of(key % 2**64, since=since)
        except IndexError as error:
            raise self._damaged(segment) from error

    def _damaged(self, segment: Segment) -> OSError:
        """Discard a file with a place outside its arrays: no checksum is read before."""
        self._is_open = False
        self._shelf.discard(segment.path, "is damaged: it points nowhere")
        return OSError(f"{segment.path} is damaged; it is made anew when next needed")

    def _open(self) -> None:
        if self._is_open:
            return
        with self._shelf.locked():
            chain = self._shelf.load(since=self._since, pending=2 * self._sizes.tail)
        self._adopt(chain)
        self._is_open = True
        self._merge_soon()

    def _adopt(self, chain: Chain) -> None:
        """Take over the segments there are; what they lack comes from the ledger again."""
        with self._swapping:
            self._chain = chain
        self._tail.clear()
        self._last = self._kept = chain[-1].header.high if chain else 0

    def _catch_up(self, db: Connection) -> None:
        last = source.last(db)
        while self._last < last:
            docs = source.docs(db, after=self._last, through=last, limit=self._sizes.tail)
            self._tail.extend(docs)
            self._last = docs[-1].number
        self._kept = self._last

    def _take_back(self) -> None:
        self._tail.take_back()
        self._last = self._kept
        self._stale.clear()

    def _keep_added(self) -> None:
        self._tail.mark()
        self._kept = self._last
        if len(self._tail) < self._spill_at:
            return
        try:
            self._spill()
        except OSError as error:
            self._spill_at = len(self._tail) + self._sizes.tail
            log.warning("%s: stays in memory for now: %s", self._folder, error)
        else:
            self._spill_at = self._sizes.tail

    def _spill(self) -> None:
        """Make a segment of the tail, unless another process just did."""
        with self._shelf.locked():
            if self._shelf.names() != {one.path.name for one in self._chain}:
                chain = self._shelf.load(since=self._since, pending=2 * self._sizes.tail)
                covered = self._chain[-1].header.high if self._chain else 0
                if not chain or chain[-1].header.high != covered:
                    self._adopt(chain)
                    return
                with self._swapping:
                    self._chain = chain
            low = self._chain[-1].header.high + 1 if self._chain else 1
            block = self._tail.block()
            segment = self._shelf.write([block], low=low, high=self._last, since=0)
        with self._swapping:
            self._chain = (*self._chain, segment)
        self._tail.clear()
        self._merge_soon()

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


def _rankings(own: Table, hits: Hits, floor: float) -> tuple[list[int], list[int]]:
    """Return the numbers that share bands of the text, and of its lead, best first."""
    numbers = hits.rows["number"]
    best = [_best(numbers, shared) for shared in (hits.full, hits.lead)]
    chosen = np.concatenate(best)
    shares = containment(own, hits.rows[chosen])
    enough = np.where(np.arange(len(chosen)) < len(best[0]), shares[:, 0], shares.max(axis=1))
    full, lead = (
        numbers[places[mask]].tolist()
        for places, mask in zip(best, np.split(enough >= floor, [len(best[0])]), strict=True)
    )
    return full, lead


def _best(numbers: npt.NDArray[np.int64], shared: Places) -> Places:
    """Return where those are that share most."""
    sharing = min(int(np.count_nonzero(shared)), COMPARED)
    return np.lexsort((numbers, -shared))[:sharing]


def _by_first(found: Sequence[Sightings]) -> Iterator[tuple[int, Sightings]]:
    """Yield rows together that begin alike."""
    rows = np.concatenate([np.zeros((0, 3), np.int64), *found])
    rows = rows[rows[:, 0].argsort(kind="stable")]
    places, starts = np.unique(rows[:, 0], return_index=True)
    if not len(places):
        return
    for place, start, end in zip(places, starts, [*starts[1:], len(rows)], strict=True):
        yield int(place), rows[start:end]


def _doc(number: int, fetched: int, print_: Fingerprint, story: int = 0) -> Doc:
    return Doc(
        number,
        fetched,
        print_.shingles,
        print_.lead_shingles,
        print_.signature,
        print_.lead,
        pack_bands(
            (
                *print_.bands,
                *print_.lead_bands,
                *print_.passages,
                source.key_of(print_.content_hash),
            )
        ),
        print_.headline,
        story,
    )
