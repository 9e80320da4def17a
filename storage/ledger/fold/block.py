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

from storage.ledger.codec import pack_bands
from storage.ledger.fold.runs import Keys, Places, Run, joined, run_of

SIGNATURE, LEAD = 128, 64
"""How many MinHash values the sketches of a text and of its lead have."""

ROW = np.dtype(
    [
        ("number", "<i8"),
        ("fetched", "<i8"),
        ("headline", "<i8"),
        ("story", "<i8"),
        ("sizes", "<u4", 2),
        ("sketch", "<u2", SIGNATURE + LEAD),
    ]
)
Table = npt.NDArray[np.void]
Sightings = npt.NDArray[np.int64]

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
class Asked:
    """A question to the index: who shares bands, of those fetched at ``since`` (microseconds) on.

    ``full`` are the bands of the text, ``lead`` those of its lead, no two alike; ``keys`` are the
    one, then the other, as a run has them.
    """

    full: Sequence[int]
    lead: Sequence[int]
    keys: Keys
    since: int


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Rows that share bands, and how many, of the text and of its lead."""

    rows: Table
    full: Places
    lead: Places

    def where(self, mask: npt.NDArray[np.bool_]) -> "Hits":
        """Return those that a mask leaves."""
        return Hits(self.rows[mask], self.full[mask], self.lead[mask])


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Rows by ascending number, and the run of their bands, which names rows by their place."""

    table: Table
    run: Run

    def find(self, asked: Asked) -> Hits | None:
        """Return the rows that share a band and were fetched in time."""
        rows, which = self.run.find(asked.keys)
        if not len(rows):
            return None
        order = rows.argsort(kind="stable")
        rows = rows[order]
        fresh = np.empty(len(rows), bool)
        fresh[0] = True
        np.not_equal(rows[1:], rows[:-1], out=fresh[1:])
        first = fresh.nonzero()[0]
        of_lead = (which >= len(asked.full))[order].view(np.uint8)
        lead = np.add.reduceat(of_lead, first, dtype=np.intp)
        both = np.add.reduceat(np.ones(len(rows), np.intp), first)
        table = self.table[rows[first]]
        hits = Hits(table, both - lead, lead)
        in_time = table["fetched"] >= asked.since
        return hits if in_time.all() else hits.where(in_time)

    def numbers_of(self, key: int, *, since: int) -> list[int]:
        """Return the numbers of the articles fetched in time that have one (unsigned) key."""
        rows = self.run.rows_of(key)
        if not len(rows):
            return []
        table = self.table[rows]
        numbers: list[int] = table["number"][table["fetched"] >= since].tolist()
        return numbers

    def sightings(self, passages: Keys, *, since: int) -> Sightings:
        """Return the newest articles fetched in time in which each passage stands."""
        rows, which = self.run.last(passages, SIGHTINGS)
        table = self.table[rows]
        in_time = table["fetched"] >= since
        return sightings_of(which[in_time], table[in_time])


def sightings_of(which: Places, table: Table) -> Sightings:
    """Return rows as (place of the passage, headline, story)."""
    return np.stack([which.astype(np.int64), table["headline"], table["story"]], axis=1)


def all_hits(found: Sequence[Hits]) -> Hits:
    """Return the hits in several blocks as one."""
    if len(found) == 1:
        return found[0]
    return Hits(
        np.concatenate([hits.rows for hits in found]),
        np.concatenate([hits.full for hits in found]),
        np.concatenate([hits.lead for hits in found]),
    )


def question(full: Sequence[int], lead: Sequence[int], *, since: int) -> Asked:
    """Return the question for a text's bands and those of its lead."""
    both = dict.fromkeys((*full, *lead))
    if len(both) < len(full) + len(lead):
        full = tuple(dict.fromkeys(full))
        lead = tuple(both)[len(full) :]
    return Asked(full, lead, np.frombuffer(pack_bands(tuple(both)), "<u8"), since)


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
    leads = [_known(doc.lead, LEAD) for doc in docs]
    sizes = [
        (doc.shingles if signature else 0, doc.lead_shingles if lead else 0)
        for doc, signature, lead in zip(docs, signatures, leads, strict=True)
    ]
    table["sizes"] = np.array(sizes, np.uint32).reshape(-1, 2)
    table["sketch"][:, :SIGNATURE] = _sketches(signatures, SIGNATURE)
    table["sketch"][:, SIGNATURE:] = _sketches(leads, LEAD)
    return table


def containment(asked: Table, found: Table) -> npt.NDArray[np.float64]:
    """Return how much of the smaller text lies in the larger, for texts and leads: two columns.

    Each 0 to 1, estimated: of sets with m and n shingles and the Jaccard similarity J,
    J / (1 + J) * (m + n) are shared.
    """
    equal = (asked["sketch"] == found["sketch"]).astype(np.float32)
    similarity = (equal @ _SHARES).astype(np.float64)
    own, other = asked["sizes"].astype(np.int64), found["sizes"].astype(np.int64)
    smaller = np.minimum(own, other)
    shared = similarity / (1 + similarity) * (own + other)
    contained: npt.NDArray[np.float64] = np.minimum(1, shared / np.maximum(smaller, 1))
    return contained * (smaller > 0)


_SHARES = np.zeros((SIGNATURE + LEAD, 2), np.float32)
"""What each equal value adds to the similarity of the texts, and of the leads. Sums are exact."""

_SHARES[:SIGNATURE, 0] = 1 / SIGNATURE
_SHARES[SIGNATURE:, 1] = 1 / LEAD


def _known(signature: bytes, values: int) -> bytes:
    return signature if len(signature) == values * _VALUE_BYTES else b""


def _sketches(signatures: Sequence[bytes], values: int) -> npt.NDArray[np.uint16]:
    unknown = bytes(values * _VALUE_BYTES)
    whole = b"".join([signature or unknown for signature in signatures])
    return np.frombuffer(whole, "<u2")[::2].reshape(-1, values)
