"""The segment files of one ledger, in one folder: found, checked, made, merged.

Their names say which range of numbers each has, and nothing else says which there are: a merged
segment takes the place of those it was made of by being renamed into the folder; one whose range
lies in another's is left over. So a kill between any two operations leaves a whole shelf.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from storage.fs import OnStep, sync_folder
from storage.ledger.database import Database
from storage.ledger.fold import source
from storage.ledger.fold.block import Block, block_of
from storage.ledger.fold.merging import Kept, KeptOf, everything, write_segment
from storage.ledger.fold.segment import (
    FORMAT,
    SUFFIX,
    TEMPORARY,
    Header,
    Segment,
    SegmentError,
    open_segment,
    segment_name,
)

Chain = tuple[Segment, ...]
"""Segments by their numbers, without gap or overlap from the first number on."""

# Articles of a segment that is made anew: so many are in memory at once.
REMADE = 1 << 13

# A segment is merged into the newer ones after it when it has at most so many times their articles.
# So there are at most 1 + log3(articles / articles of the smallest) segments.
GROWTH = 2

# Clocks of processes differ, and entries are decided at the time they were found: what is dropped
# for its age is older than any question by this.
MARGIN = timedelta(days=1)

log = logging.getLogger(__name__)


class Shelf:
    """The folder's files. Changes to which there are take turns by a lock among processes."""

    def __init__(self, folder: Path, database: Database, on_step: OnStep) -> None:
        self._folder = folder
        self._database = database
        self._on_step = on_step

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for a change.

        Raises:
            OSError: the folder cannot be made or locked.
        """
        if not self._folder.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
            sync_folder(self._folder.parent)
        with FileLock(self._folder / "lock", thread_local=False):
            yield

    @contextmanager
    def merging(self) -> Iterator[bool]:
        """Be the only process that merges, if none does yet: tells whether that is so."""
        try:
            held = FileLock(self._folder / "merge.lock", blocking=False, thread_local=False)
            held.acquire()
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            held.release()

    def names(self) -> set[str]:
        """Return the names of the files there are."""
        return {path.name for path in self._folder.glob(f"*{SUFFIX}")}

    def load(self, *, since: int | None, pending: int) -> Chain:
        """Return the segments there are, having made anew from the ledger what is missing.

        Articles fetched at ``since`` (microseconds) or later must be there, if it is given; the
        newest ``pending`` numbers need not. To be called with the folder locked.

        Raises:
            OSError: a segment cannot be written.
        """
        with self.merging() as alone:
            if alone:  # then nobody is writing what is temporary
                for path in self._folder.glob(f"*{TEMPORARY}"):
                    path.unlink(missing_ok=True)
        with self._database.reading() as db:
            ledger, scheme = source.identity(db)
        found = [
            segment
            for name in sorted(self.names())
            if (segment := self._opened(self._folder / name, ledger, scheme, since=since))
        ]
        with self._database.reading() as db:  # later than the listing, so no number is newer
            last = source.last(db)
        chain: list[Segment] = []
        for segment in sorted(found, key=lambda one: (one.header.low, -one.header.high)):
            if chain and segment.header.high <= chain[-1].header.high:
                segment.path.unlink(missing_ok=True)
            elif chain and segment.header.low <= chain[-1].header.high:
                self.discard(segment.path, "overlaps another")
            elif segment.header.high > last:
                self.discard(segment.path, "is of a later state of the ledger")
            else:
                chain.append(segment)
        remade = [
            segment
            for low, high in _gaps(chain, last, pending)
            for segment in self._remake(low, high, since=since)
        ]
        if remade:
            articles = sum(segment.header.articles for segment in remade)
            log.info("%s: %d articles indexed anew from the ledger", self._folder, articles)
        return tuple(sorted([*chain, *remade], key=lambda one: one.header.low))

    def write(
        self, blocks: Sequence[Block], *, low: int, high: int, since: int, kept: KeptOf = everything
    ) -> Segment:
        """Write and open the segment of a range.

        Raises:
            OSError: the disk is full or refuses.
        """
        with self._database.reading() as db:
            ledger, scheme = source.identity(db)
        header = Header(
            format=FORMAT,
            ledger=ledger,
            scheme=scheme,
            low=low,
            high=high,
            since=since,
            pairs=0,
            prefixes=1,
            articles=0,
        )
        write_segment(blocks, self._folder, header, kept=kept, on_step=self._on_step)
        path = self._folder / segment_name(low, high)
        try:
            return open_segment(path, ledger=ledger, scheme=scheme)
        except SegmentError as error:
            raise OSError(f"{path}: {error}, though it was just written") from error

    def merge(self, chosen: Sequence[Segment], *, since: int | None) -> Segment | None:
        """Write one segment of several neighbours; the files they were in stay.

        What was replaced, or fetched well before ``since``, is left out. ``None`` if one of them
        turns out to be damaged: it is discarded.

        Raises:
            OSError: the disk is full or refuses.
        """
        for segment in chosen:
            if not segment.is_whole():
                self.discard(segment.path, "is damaged: a checksum does not match")
                return None
        low, high = chosen[0].header.low, chosen[-1].header.high
        with self._database.reading() as db:
            live = source.live(db, low=low, high=high)
        begin = _begin(since)

        def kept(block: Block) -> Kept:
            stays: Kept = np.isin(block.table["number"], live, assume_unique=True)
            return stays & (block.table["fetched"] >= begin)

        lacking = [segment.header.since for segment in chosen]
        if any((segment.block.table["fetched"] < begin).any() for segment in chosen):
            lacking.append(begin)
        blocks = [segment.block for segment in chosen]
        return self.write(blocks, low=low, high=high, since=max(lacking), kept=kept)

    def clear(self) -> None:
        """Remove all files there are. To be called with the folder locked."""
        for name in self.names():
            self._on_step("remove")
            (self._folder / name).unlink(missing_ok=True)

    def remove(self, segments: Sequence[Segment]) -> None:
        """Remove the files of segments whose articles another one has."""
        for segment in segments:
            self._on_step("remove")
            segment.path.unlink(missing_ok=True)

    def discard(self, path: Path, why: str) -> None:
        """Remove a file that cannot be used, and say so; ``load`` makes up for it."""
        log.warning("%s: %s; its articles are indexed anew from the ledger", path, why)
        path.unlink(missing_ok=True)

    def _opened(self, path: Path, ledger: str, scheme: str, *, since: int | None) -> Segment | None:
        try:
            segment = open_segment(path, ledger=ledger, scheme=scheme)
        except SegmentError as error:
            self.discard(path, str(error))
            return None
        if since is not None and segment.header.since > since:
            self.discard(path, "does not go back as far as articles are to be kept now")
            return None
        return segment

    def _remake(self, low: int, high: int, *, since: int | None) -> Iterator[Segment]:
        begin = _begin(since)
        while low <= high:
            with self._database.reading() as db:
                docs = source.docs(db, after=low - 1, through=high, limit=REMADE)
            end = docs[-1].number if len(docs) == REMADE else high
            block = block_of([doc for doc in docs if doc.fetched >= begin])
            lacking = begin if len(block.table) < len(docs) else 0
            yield self.write([block], low=low, high=end, since=lacking)
            low = end + 1


def to_merge(chain: Chain) -> Chain:
    """Return the newest segments that should become one; none if all is as it should be."""
    sizes = [segment.header.articles for segment in chain]
    first = len(chain) - 1
    while first > 0 and sizes[first - 1] <= GROWTH * sum(sizes[first:]):
        first -= 1
    return chain[first:] if first < len(chain) - 1 else ()


def with_merged(chain: Chain, merged: Segment) -> Chain:
    """Return the chain with a segment in the place of those it was made of."""
    low, high = merged.header.low, merged.header.high
    others = [one for one in chain if one.header.high < low or one.header.low > high]
    return tuple(sorted([*others, merged], key=lambda one: one.header.low))


def _gaps(chain: Sequence[Segment], last: int, pending: int) -> Iterator[tuple[int, int]]:
    ranges = [(0, 0), *((one.header.low, one.header.high) for one in chain)]
    for (_, before), (low, _) in pairwise(ranges):
        if low > before + 1:
            yield before + 1, low - 1
    if last - ranges[-1][1] > pending:
        yield ranges[-1][1] + 1, last


def _begin(since: int | None) -> int:
    """Return from which time on articles are kept that must be there from ``since`` on."""
    return 0 if since is None else max(0, since - MARGIN // timedelta(microseconds=1))
