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

    ``fetched`` in microseconds; ``bands`` are packed, of the text and of its lead, and so are its
    ``passages``. ``story`` is a hash of the story's id.
    """

    number: int
    fetched: int
    shingles: int
    lead_shingles: int
    signature: bytes
    lead: bytes
    bands: bytes
    lead_bands: bytes
    passages: bytes = b""
    headline: int = 0
    story: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question to the index: who shares bands, of those fetched at ``since`` (microseconds) on.

    ``bands`` are the distinct ones of the text, then from ``leads`` on those of its lead; ``keys``
    are the same as a run has them.
    """

    bands: Sequence[int]
    keys: Keys
    leads: int
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
        found, places = np.unique(rows, return_inverse=True)
        of_lead = which >= asked.leads
        count = len(found)
        table = self.table[found]
        lead = np.bincount(places[of_lead], minlength=count)
        hits = Hits(table, np.bincount(places, minlength=count) - lead, lead)
        return hits.where(table["fetched"] >= asked.since)

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
    return Hits(
        np.concatenate([hits.rows for hits in found]),
        np.concatenate([hits.full for hits in found]),
        np.concatenate([hits.lead for hits in found]),
    )


def question(full: Sequence[int], lead: Sequence[int], *, since: int) -> Asked:
    """Return the question for a text's bands and those of its lead."""
    own = dict.fromkeys(full)
    bands = [*own, *dict.fromkeys(lead)]
    return Asked(bands, np.array(bands, np.int64).view(np.uint64), len(own), since)


def block_of(docs: Sequence[Doc]) -> Block:
    """Return the block of some articles, which come by ascending number."""
    packed = [doc.bands + doc.lead_bands + doc.passages for doc in docs]
    counts = np.array([len(bands) // 8 for bands in packed], np.intp)
    rows = np.arange(len(docs), dtype=np.uint32).repeat(counts)
    return Block(table_of(docs), run_of(np.frombuffer(b"".join(packed), "<u8"), rows))


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
    equal = asked["sketch"] == found["sketch"]
    similarity = np.stack(
        [equal[:, :SIGNATURE].mean(axis=1), equal[:, SIGNATURE:].mean(axis=1)], axis=1
    )
    own, other = asked["sizes"].astype(np.int64), found["sizes"].astype(np.int64)
    smaller = np.minimum(own, other)
    shared = similarity / (1 + similarity) * (own + other)
    return np.where(smaller > 0, np.minimum(1, shared / np.maximum(smaller, 1)), 0.0)


def _known(signature: bytes, values: int) -> bytes:
    return signature if len(signature) == values * _VALUE_BYTES else b""


def _sketches(signatures: Sequence[bytes], values: int) -> npt.NDArray[np.uint16]:
    unknown = bytes(values * _VALUE_BYTES)
    whole = b"".join(signature or unknown for signature in signatures)
    return np.frombuffer(whole, "<u4").reshape(-1, values).astype("<u2")
