"""The newest part of the index, in memory: what no segment file has yet.

The youngest articles are in a dictionary, which takes additions best and can take them back; from
there they go into blocks, each merged with the one before until that is larger: a few at any time.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from storage.ledger.codec import unpack_bands
from storage.ledger.fold.block import Asked, Block, Doc, Hits, block_of, merged, table_of
from storage.ledger.fold.runs import Keys


class Tail:
    """Articles by ascending number. At most ``young`` of them stay in the dictionary."""

    def __init__(self, young: int) -> None:
        self._most = young
        self._blocks: list[Block] = []
        self._young: list[Doc] = []
        self._places: dict[int, list[int]] = {}
        self._marked = 0

    def __len__(self) -> int:
        return sum(len(block.table) for block in self._blocks) + len(self._young)

    def add(self, doc: Doc) -> None:
        """Add one article, whose number is higher than any before."""
        place = len(self._young)
        self._young.append(doc)
        for band in _distinct(doc):
            self._places.setdefault(band, []).append(place)

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
            for band in _distinct(self._young.pop()):
                places = self._places[band]
                places.pop()
                if not places:
                    del self._places[band]

    def find(self, asked: Asked, bands: Sequence[int]) -> list[Hits]:
        """Return the rows that share a band; ``bands`` are the keys of ``asked`` as integers."""
        found = [hit for block in self._blocks if (hit := block.find(asked)) is not None]
        shared: dict[int, list[int]] = {}
        for which, band in enumerate(bands):
            for place in self._places.get(band, ()):
                shared.setdefault(place, [0, 0])[which >= asked.leads] += 1
        in_time = [place for place in shared if self._young[place].fetched >= asked.since]
        if in_time:
            counts = np.array([shared[place] for place in in_time], np.intp)
            table = table_of([self._young[place] for place in in_time])
            found.append(Hits(table, counts[:, 0], counts[:, 1]))
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
        self._marked = 0


def distinct_keys(full: Sequence[int], lead: Sequence[int]) -> tuple[list[int], int, Keys]:
    """Return distinct bands, of the text and then of its lead, where these begin, and as keys."""
    own = list(dict.fromkeys(full))
    bands = [*own, *dict.fromkeys(lead)]
    return bands, len(own), np.array(bands, np.int64).view(np.uint64)


def _distinct(doc: Doc) -> set[int]:
    return set(chain(unpack_bands(doc.bands), unpack_bands(doc.lead_bands)))
