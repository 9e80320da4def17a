"""The newest part of the index, in memory: what no segment file has yet.

The youngest articles are in a dictionary, which takes additions best and can take them back; from
there they go into blocks, each merged with the one before until that is larger: a few at any time.
"""

from collections.abc import Sequence

import numpy as np

from storage.ledger.codec import unpack_bands
from storage.ledger.fold.block import (
    SIGHTINGS,
    Block,
    Doc,
    Hits,
    Sighting,
    block_of,
    merged,
    table_of,
)
from storage.model import Fingerprint


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

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks: all but the youngest, which are asked here."""
        return self._blocks

    def find(self, print_: Fingerprint) -> Hits | None:
        """Return the rows of the youngest that share a band with a text."""
        full = self._places.keys() & print_.bands
        lead = (self._places.keys() & print_.lead_bands).difference(full)
        if not full and not lead:
            return None
        shared: dict[int, list[int]] = {}
        for of_lead, bands in enumerate((full, lead)):
            for band in bands:
                place: int | None = self._places[band]
                while place is not None:
                    shared.setdefault(place, [0, 0])[of_lead] += 1
                    place = self._before.get((band, place))
        counts = np.array([*shared.values()], np.intp)
        nothing = np.zeros(len(shared), np.intp)
        table = table_of([self._young[place] for place in shared])
        return Hits(table, nothing, counts[:, 0], counts[:, 1], nothing)

    def numbers_of(self, key: int, *, since: int) -> list[int]:
        """Return the numbers of the youngest fetched in time that have one key."""
        found: list[int] = []
        place = self._places.get(key)
        while place is not None:
            doc = self._young[place]
            if doc.fetched >= since:
                found.append(doc.number)
            place = self._before.get((key, place))
        return found

    def sightings(self, passage: int) -> list[Sighting]:
        """Return the newest of the youngest in which a passage stands."""
        found: list[Sighting] = []
        place = self._places.get(passage)
        while place is not None and len(found) < SIGHTINGS:
            doc = self._young[place]
            found.append((doc.headline, doc.story, doc.fetched))
            place = self._before.get((passage, place))
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
