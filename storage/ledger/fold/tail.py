"""The newest part of the index, in memory: what no segment file has yet.

The youngest articles are in a dictionary, which takes additions best and can take them back; from
there they go into blocks, each merged with the one before until that is larger: a few at any time.
"""

from collections.abc import Sequence

import numpy as np

from storage.ledger.codec import unpack_bands
from storage.ledger.fold.block import (
    SIGHTINGS,
    Asked,
    Block,
    Doc,
    Hits,
    Sightings,
    block_of,
    merged,
    table_of,
)
from storage.ledger.fold.runs import Keys


class Tail:
    """Articles by ascending number. At most ``young`` of them stay in the dictionary."""

    def __init__(self, young: int) -> None:
        self._most = young
        self._blocks: list[Block] = []
        self._young: list[Doc] = []
        # Of each key the youngest article that has it, and from there the one before: lists would
        # be three times the memory, and each a burden to the garbage collector.
        self._places: dict[int, int] = {}
        self._before: dict[tuple[int, int], int] = {}
        self._marked = 0

    def __len__(self) -> int:
        return sum(len(block.table) for block in self._blocks) + len(self._young)

    def add(self, doc: Doc) -> None:
        """Add one article, whose number is higher than any before."""
        place = len(self._young)
        self._young.append(doc)
        places, keys = self._places, unpack_bands(doc.keys)
        # Most keys are new, and those the interpreter's own loops deal with.
        for key in places.keys() & keys:
            self._before[key, place] = places[key]
        places.update(dict.fromkeys(keys, place))

    def extend(self, docs: Sequence[Doc]) -> None:
        """Add several. Nothing that is added by then can be taken back."""
        if len(self._young) + len(docs) > self._most:
            self._age(docs)
        else:
            for doc in docs:
                self.add(doc)
        self.mark()

    def mark(self) -> None:
        """Keep all that was added so far."""
        if len(self._young) > self._most:
            self._age(())
        self._marked = len(self._young)

    def take_back(self) -> None:
        """Drop what was added since the last mark."""
        while len(self._young) > self._marked:
            for key in {*unpack_bands(self._young.pop().keys)}:
                place = self._places.pop(key)
                if (before := self._before.pop((key, place), None)) is not None:
                    self._places[key] = before

    def find(self, asked: Asked) -> list[Hits]:
        """Return the rows that share a band."""
        found = [hit for block in self._blocks if (hit := block.find(asked)) is not None]
        shared: dict[int, list[int]] = {}
        for of_lead, bands in enumerate((asked.full, asked.lead)):
            for band in self._places.keys() & bands:
                place: int | None = self._places[band]
                while place is not None:
                    shared.setdefault(place, [0, 0])[of_lead] += 1
                    place = self._before.get((band, place))
        in_time = [place for place in shared if self._young[place].fetched >= asked.since]
        if in_time:
            counts = np.array([shared[place] for place in in_time], np.intp)
            table = table_of([self._young[place] for place in in_time])
            found.append(Hits(table, counts[:, 0], counts[:, 1]))
        return found

    def numbers_of(self, key: int, *, since: int) -> list[int]:
        """Return the numbers of the articles fetched in time that have one key."""
        unsigned = key % 2**64
        found = [n for block in self._blocks for n in block.numbers_of(unsigned, since=since)]
        place = self._places.get(key)
        while place is not None:
            doc = self._young[place]
            if doc.fetched >= since:
                found.append(doc.number)
            place = self._before.get((key, place))
        return found

    def sightings(self, passages: Sequence[int], keys: Keys, *, since: int) -> list[Sightings]:
        """Return the newest articles fetched in time in which each passage stands."""
        found = [block.sightings(keys, since=since) for block in self._blocks]
        young: list[tuple[int, int, int]] = []
        for which, passage in enumerate(passages):
            place = self._places.get(passage)
            seen = 0
            while place is not None and seen < SIGHTINGS:
                doc = self._young[place]
                if doc.fetched >= since:
                    young.append((which, doc.headline, doc.story))
                seen += 1
                place = self._before.get((passage, place))
        if young:
            found.append(np.array(young, np.int64))
        return found

    def block(self) -> Block:
        """Return all of it as one block."""
        return merged([*self._blocks, block_of(self._young)])

    def clear(self) -> None:
        """Drop all of it."""
        self._blocks.clear()
        self._forget_young()

    def _age(self, more: Sequence[Doc]) -> None:
        self._blocks.append(block_of([*self._young, *more]))
        self._forget_young()
        while len(self._blocks) > 1 and len(self._blocks[-2].table) <= len(self._blocks[-1].table):
            self._blocks[-2:] = [merged(self._blocks[-2:])]

    def _forget_young(self) -> None:
        self._young.clear()
        self._places.clear()
        self._before.clear()
        self._marked = 0
