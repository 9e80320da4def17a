"""A block of the index: articles' rows beside the run of their bands, in memory or in a file.

A row has what it takes to judge a candidate before its article is loaded: when it was fetched,
how many shingles it has, and a sketch of its signature. Of each MinHash value the sketch keeps the
lowest 16 bits (b-bit minwise hashing, Li and König 2010): two different ones agree in these once in
65,536 times, which no estimate from 128 of them shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storage.ledger.fold.asking import FULL, LEAD, TEXT, Asked, keys_of
from storage.ledger.fold.runs import Places, Run, Spans, joined, run_of

SIGNATURE, SIGNATURE_OF_LEAD = 128, 64
"""How many MinHash values the sketches of a text and of its lead have."""

ROW = np.dtype(
    [
        ("number", "<i8"),
        ("fetched", "<i8"),
        ("headline", "<i8"),
        ("story", "<i8"),
        ("sizes", "<u4", 2),
        ("sketch", "<u2", SIGNATURE + SIGNATURE_OF_LEAD),
    ]
)
Table = npt.NDArray[np.void]
Sighting = tuple[int, int, int]
"""Where a passage stands: the hash of the headline, that of the story, when it was fetched."""

SIGHTINGS = 64
"""So many articles of a block are looked at for each passage: a site's notice is in all of its."""

_VALUE_BYTES = 4


class Doc(NamedTuple):
    """An article's fingerprint as the ledger keeps it, under its number in the index.

    ``fetched`` in microseconds; ``keys`` are packed: the bands of the text and of its lead, its
    passages, and a hash of its content hash. ``story`` is a hash of the story's id.
    """

    number: int
    fetched: int
    shingles: int
    lead_shingles: int
    signature: bytes
    lead: bytes
    keys: bytes
    headline: int = 0
    story: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Rows that have keys of a text: how many of its bands, of its lead's; whether its text."""

    rows: Table
    texts: Places
    full: Places
    lead: Places
    same: Places

    def where(self, chosen: npt.NDArray[np.bool_] | slice | Places) -> "Hits":
        """Return those that a mask, a slice or places choose."""
        return Hits(
            self.rows[chosen],
            self.texts[chosen],
            self.full[chosen],
            self.lead[chosen],
            self.same[chosen],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Rows by ascending number, and the run of their bands, which names rows by their place."""

    table: Table
    run: Run

    def find(self, asked: Asked, spans: Spans | None = None) -> Hits | None:
        """Return for each text the rows that share a key; ``spans`` are the run's, if known."""
        rows, which = self.run.pairs(asked.keys, spans or self.run.spans(asked.keys))
        if not len(rows):
            return None
        texts, kinds = asked.texts[which], asked.kinds[which]
        order = np.lexsort((rows, texts))
        rows, texts, kinds = rows[order], texts[order], kinds[order]
        fresh = np.empty(len(rows), bool)
        fresh[0] = True
        np.logical_or(rows[1:] != rows[:-1], texts[1:] != texts[:-1], out=fresh[1:])
        first = fresh.nonzero()[0]
        full, lead, same = (
            np.add.reduceat(kinds == kind, first, dtype=np.intp) for kind in (FULL, LEAD, TEXT)
        )
        return Hits(self.table[rows[first]], texts[first], full, lead, same)

    def numbers_of(self, key: int, *, since: int) -> list[int]:
        """Return the numbers of the articles fetched in time that have one (unsigned) key."""
        rows = self.run.rows_of(key)
        if not len(rows):
            return []
        table = self.table[rows]
        numbers: list[int] = table["number"][table["fetched"] >= since].tolist()
        return numbers

    def sightings(self, passages: Sequence[int]) -> list[tuple[int, Sighting]]:
        """Return the newest articles in which each passage stands."""
        keys = keys_of(passages)
        rows, which = self.run.pairs(keys, self.run.spans(keys, last=SIGHTINGS))
        if not len(rows):
            return []
        columns = (self.table[name][rows].tolist() for name in ("headline", "story", "fetched"))
        asked = (passages[place] for place in which.tolist())
        return list(zip(asked, zip(*columns, strict=True), strict=True))


def all_hits(found: Sequence[Hits]) -> Hits:
    """Return the hits in several blocks as one."""
    if len(found) == 1:
        return found[0]
    return Hits(
        np.concatenate([hits.rows for hits in found]),
        np.concatenate([hits.texts for hits in found]),
        np.concatenate([hits.full for hits in found]),
        np.concatenate([hits.lead for hits in found]),
        np.concatenate([hits.same for hits in found]),
    )


def block_of(docs: Sequence[Doc]) -> Block:
    """Return the block of some articles, which come by ascending number."""
    counts = np.array([len(doc.keys) // 8 for doc in docs], np.intp)
    rows = np.arange(len(docs), dtype=np.uint32).repeat(counts)
    keys = np.frombuffer(b"".join([doc.keys for doc in docs]), "<u8")
    return Block(table_of(docs), run_of(keys, rows))


def merged(blocks: Sequence[Block]) -> Block:
    """Return one block of several, each with later numbers than the one before."""
    counts = [len(block.table) for block in blocks]
    return Block(
        np.concatenate([block.table for block in blocks]),
        joined([block.run for block in blocks], counts),
    )


def table_of(docs: Sequence[Doc]) -> Table:
    """Return the rows of some articles. A signature of another make says nothing: size 0."""
    table = np.zeros(len(docs), ROW)
    table["number"] = [doc.number for doc in docs]
    table["fetched"] = [doc.fetched for doc in docs]
    table["headline"] = [doc.headline for doc in docs]
    table["story"] = [doc.story for doc in docs]
    signatures = [_known(doc.signature, SIGNATURE) for doc in docs]
    leads = [_known(doc.lead, SIGNATURE_OF_LEAD) for doc in docs]
    sizes = [
        (doc.shingles if signature else 0, doc.lead_shingles if lead else 0)
        for doc, signature, lead in zip(docs, signatures, leads, strict=True)
    ]
    table["sizes"] = np.array(sizes, np.uint32).reshape(-1, 2)
    table["sketch"][:, :SIGNATURE] = _sketches(signatures, SIGNATURE)
    table["sketch"][:, SIGNATURE:] = _sketches(leads, SIGNATURE_OF_LEAD)
    return table


def _known(signature: bytes, values: int) -> bytes:
    return signature if len(signature) == values * _VALUE_BYTES else b""


def _sketches(signatures: Sequence[bytes], values: int) -> npt.NDArray[np.uint16]:
    unknown = bytes(values * _VALUE_BYTES)
    whole = b"".join([signature or unknown for signature in signatures])
    return np.frombuffer(whole, "<u2")[::2].reshape(-1, values)
