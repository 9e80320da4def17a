"""The fold's index: which articles share bands with a text, persistent, quick, small in memory.

A log with sorted segments (O'Neil and others, "The log-structured merge-tree", 1996): the newest
articles are in memory, the tail; when they are many they become a file, a segment, and segments
are merged so that there are few. All of it is derived from the ledger. Each write of an article's
fingerprint there took a new number, higher than any before; the index maps bands to numbers. One
that no longer belongs to an article is stale, and left out at the next merge.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from threading import RLock
from typing import TypeVar

import numpy as np

from storage.fs import OnStep
from storage.ledger.codec import key_of, micros
from storage.ledger.database import Database
from storage.ledger.fold import source
from storage.ledger.fold.ahead import NOTHING, bands_of, look_ahead, standing
from storage.ledger.fold.asking import question
from storage.ledger.fold.block import Block, Hits, all_hits, table_of
from storage.ledger.fold.keeping import Keeper
from storage.ledger.fold.ranking import rankings
from storage.ledger.fold.tail import Tail
from storage.model import Fingerprint, StoredArticle

T = TypeVar("T")

# So many headlines of one story count as one of another: strangers that a passage holds together
# for not being known as residue are one story, and it would never become known.
OF_ONE_STORY = 2

# So many stale numbers are remembered, to be asked of the ledger only once.
_STALE = 1 << 12

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many articles are in memory: in the dictionary, and in all until they become a file."""

    young: int = 256
    tail: int = 2048


SIZES = Sizes()

RETENTION = timedelta(days=90)


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
        self._keeper = Keeper(
            folder, database, retention=retention, pending=2 * sizes.tail, on_step=on_step
        )
        self._folder = folder
        self._database = database
        self._sizes = sizes
        self._tail = Tail(sizes.young)
        self._last = self._kept = 0
        self._ahead = NOTHING
        self._stale: set[int] = set()
        self._spill_at = sizes.tail
        self._turn = RLock()

    def close(self) -> None:
        """Give up the merge under way, if any. What is in memory is in the ledger."""
        self._keeper.close()

    def keep(self, *, at: datetime) -> None:
        """Say what time it is: what is older than the retention may be dropped from now on."""
        self._keeper.keep(at=at)

    def settle(self) -> None:
        """Wait for the merge under way."""
        self._keeper.settle()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a write transaction of the ledger, with the index as it is in it.

        What is added is kept if the transaction is.
        """
        with self._turn:
            if self._keeper.open():
                self._forget_tail()
            try:
                with self._database.writing() as db:
                    self._catch_up(db)
                    yield db
            except BaseException:
                self._take_back()
                raise
            finally:
                self._ahead = NOTHING
            self._keep_added()

    def expect(self, prints: Sequence[Fingerprint]) -> None:
        """Look up together what the transaction will ask of these texts. Changes no answer."""
        blocks = [*self._tail.blocks, *(one.block for one in self._keeper.chain)]
        try:
            self._ahead = look_ahead(blocks, prints)
        except IndexError:  # who asks for the text learns which file it is
            self._ahead = NOTHING

    def near(
        self, print_: Fingerprint, *, since: datetime, floor: float
    ) -> tuple[list[int], list[int]]:
        """Return the numbers that share bands of the text, and those that share some of its lead.

        Those that share most come first, then lower numbers; left out are those fetched before
        ``since`` and those whose containment is surely under ``floor``.
        """
        asked = bands_of(print_)
        older = [self._ahead.near[asked]] if asked in self._ahead.near else self._find(print_)
        found = [hits for hits in (*older, self._tail.find(print_)) if hits is not None]
        if not found:
            return [], []
        hits = all_hits(found)
        fresh = hits.rows["fetched"] >= micros(since)
        if self._stale:
            fresh &= ~np.isin(hits.rows["number"], list(self._stale))
        own = table_of([source.doc_of(print_)])
        return rankings(own, hits if fresh.all() else hits.where(fresh), floor)

    def same(self, content_hash: str, *, since: datetime) -> list[int]:
        """Return the numbers of articles fetched at ``since`` or later that have this text."""
        key, earliest = key_of(content_hash), micros(since)
        found = self._tail.numbers_of(key, since=earliest)
        if content_hash not in self._ahead.same:
            older = self._each(lambda block: block.numbers_of(key % 2**64, since=earliest))
            return [*found, *(number for numbers in older for number in numbers)]
        hits = self._ahead.same[content_hash]
        if hits is not None:
            chosen = (hits.same > 0) & (hits.rows["fetched"] >= earliest)
            found += hits.rows["number"][chosen].tolist()
        return found

    def passages_seen(
        self, passages: Sequence[int], *, headline: int, since: datetime
    ) -> dict[int, int]:
        """Return under how many other headlines each passage was seen; see ``LedgerWriter``."""
        earliest = micros(since)
        known = self._ahead.seen
        if unknown := [passage for passage in passages if passage not in known]:
            found = self._each(lambda block: block.sightings(unknown))
            known = {**known, **standing(found, unknown)}
        counts = {}
        for passage in passages:
            others = [
                (other, story)
                for other, story, fetched in (*known[passage], *self._tail.sightings(passage))
                if fetched >= earliest and other != headline
            ]
            headlines, stories = (len({it[column] for it in others}) for column in (0, 1))
            counts[passage] = max(min(headlines, stories), headlines // OF_ONE_STORY)
        return counts

    def add(self, number: int, stored: StoredArticle) -> None:
        """Add what the transaction wrote under a new number."""
        fetched = micros(stored.fetched_at)
        self._tail.add(
            source.doc_of(stored.fingerprint, number=number, fetched=fetched, story=stored.story_id)
        )
        self._last = number

    def are_stale(self, numbers: Iterable[int]) -> None:
        """Say which numbers belong to no article any more."""
        if len(self._stale) > _STALE:
            self._stale.clear()
        self._stale.update(numbers)

    def _find(self, print_: Fingerprint) -> list[Hits | None]:
        asked = question([print_])
        return self._each(lambda block: block.find(asked))

    def _each(self, ask: Callable[[Block], T]) -> list[T]:
        """Return what each block answers, in memory or in a file.

        Raises:
            OSError: a file is damaged; the next transaction makes up for it.
        """
        found = [ask(block) for block in self._tail.blocks]
        for segment in self._keeper.chain:
            try:
                found.append(ask(segment.block))
            except IndexError as error:
                raise self._keeper.damaged(segment) from error
        return found

    def _forget_tail(self) -> None:
        """Drop what is in memory: what the segments lack comes from the ledger again."""
        self._tail.clear()
        self._last = self._kept = self._keeper.last

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
            self._keeper.add(self._tail.block, through=self._last)
        except OSError as error:
            self._spill_at = len(self._tail) + self._sizes.tail
            log.warning("%s: stays in memory for now: %s", self._folder, error)
        else:
            self._spill_at = self._sizes.tail
            self._forget_tail()
