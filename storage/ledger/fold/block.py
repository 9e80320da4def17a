"""A block of the index: articles' rows beside the run of their bands, in memory or in a file.

A row has what it takes to judge a candidate before its article is loaded: when it was fetched,
how many shingles it has, and a sketch of its signature. Of each MinHash value the sketch keeps the
lowest 16 bits (b-bit minwise hashing, Li and König 2010): two different ones agree in these once in
65,536 times, which no estimate from 128 of them shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import Struct
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
_ROW_HEAD = Struct("<4q2I")

Table = npt.NDArray[np.void]
Sightings = npt.NDArray[np.int64]

SIGHTINGS = 64
"""So many articles of a block are looked at for each passage: a site's notice is in all of its."""

_VALUE_BYTES = 4


class Doc(NamedTuple):
    """An article's fingerprint as the index has it: packed ``keys``, and its row of a table.

    ``fetched`` in microseconds; ``story`` is a hash of the story's id. ``keys`` are the bands of
    the text and of its lead, and its passages, as signed 64-bit integers; some may be there twice.
    """

    number: int
    fetched: int
    headline: int
    story: int
    keys: bytes
    row: bytes


def doc_of(
    number: int,
    fetched: int,
    *,
    keys: bytes,
    sizes: tuple[int, int] = (0, 0),
    signatures: tuple[bytes, bytes] = (b"", b""),
    headline: int = 0,
    story: int = 0,
) -> Doc:
    """Return an article as the index has it.

    ``sizes`` and ``signatures`` are those of its text and of its lead, by the ledger; a signature
    of another make says nothing: size 0. ``story`` is a hash of the story's id.
    """
    known = [
        len(signature) == values * _VALUE_BYTES
        for signature, values in zip(signatures, (SIGNATURE, LEAD), strict=True)
    ]
    row = _ROW_HEAD.pack(number, fetched, headline, story, sizes[0] * known[0], sizes[1] * known[1])
    sketches = [
        _sketch(signature) if is_known else bytes(2 * values)
        for signature, is_known, values in zip(signatures, known, (SIGNATURE, LEAD), strict=True)
    ]
    return Doc(number, fetched, headline, story, keys, b"".join([row, *sketches]))


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question to the index: who shares bands, of those fetched at ``since`` (microseconds) on.

    ``full`` are the bands of the text, ``lead`` those of its lead that are not among them; ``keys``
    are the one, then the other, as a run has them.
    """

    full: frozenset[int]
    lead: frozenset[int]
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


def question(full: Iterable[int], lead: Iterable[int], *, since: int) -> Asked:
    """Return the question for a text's bands and those of its lead."""
    own = frozenset(full)
    first = frozenset(lead) - own
    keys = np.frombuffer(pack_bands((*own, *first)), "<u8")
    return Asked(own, first, keys, since)


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
    """Return the rows of some articles."""
    return np.frombuffer(b"".join([doc.row for doc in docs]), ROW)


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


def _sketch(signature: bytes) -> bytes:
    return np.frombuffer(signature, "<u2")[::2].tobytes()
