"""Sorted runs of pairs (band, row): whose rows have a band, asked for many bands at once.

Bands are hashes, spread evenly over 64 bits. So a table of where the keys with each prefix begin
finds a key's few neighbours in one step, where a binary search in 63 million keys touches some
twenty pages: a quarter of the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.uint32]
Places = npt.NDArray[np.intp]

_FEW = 1
"""The prefix is so many bits shorter than the count of keys: one or two keys share it."""

CROWD = 64
"""Where more keys share a prefix than this, the asked one is searched among them."""

_FEW_KEYS = 16

Spans = tuple[Places, Places]
"""For each asked key where those begin that may be it, and how many these are."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Pairs sorted by key, then row, none twice.

    ``starts``: where the keys with each prefix begin, and their number at the end. A power of two
    of prefixes. The arrays may lie in memory or in a file.
    """

    keys: Keys
    rows: Rows
    starts: Rows

    def spans(self, asked: Keys, *, last: int | None = None) -> Spans:
        """Return where the ``asked`` keys may be: few places, or the very ones that have a key.

        With ``last``, the last so many of these are enough; at least ``CROWD``.
        """
        prefixes = (asked >> np.uint64(64 - bits_of(self.starts))).view(np.int64)
        first = self.starts.take(prefixes).astype(np.intp)
        counts = self.starts.take(prefixes + 1) - first
        crowded = ((counts > CROWD) | (counts < 0)).nonzero()[0]
        if len(crowded):
            keys = asked.take(crowded)
            ends = self.keys.searchsorted(keys, side="right")
            there = ends - self.keys.searchsorted(keys, side="left")
            counts[crowded] = there if last is None else np.minimum(there, last)
            first[crowded] = ends - counts[crowded]
        return first, counts

    def pairs(self, asked: Keys, spans: Spans) -> tuple[Rows, Places]:
        """Return each row within ``spans`` that has an ``asked`` key, beside that key's place."""
        first, counts = spans
        ends = counts.cumsum()
        if not len(ends) or not ends[-1]:
            return self.rows[:0], ends[:0]
        which = np.arange(len(asked)).repeat(counts)
        places = (first - ends + counts).repeat(counts) + np.arange(ends[-1])
        hits = (self.keys.take(places) == asked.take(which)).nonzero()[0]
        return self.rows[places[hits]], which[hits]

    def find(self, asked: Keys) -> tuple[Rows, Places]:
        """Return each row that has an ``asked`` key, beside that key's place in ``asked``."""
        return self.pairs(asked, self.spans(asked))

    def rows_of(self, key: int) -> Rows:
        """Return the rows that have one key: what ``find`` does, quicker for a single one."""
        prefix = key >> (64 - bits_of(self.starts))
        begin, end = int(self.starts[prefix]), int(self.starts[prefix + 1])
        if end - begin <= _FEW_KEYS:  # as nearly always: then numpy would only add its own time
            keys = self.keys[begin:end].tolist()
            count = keys.count(key)
            first = begin + keys.index(key) if count else begin
            return self.rows[first : first + count]
        span, value = self.keys[begin:end], np.uint64(key)
        first = begin + int(span.searchsorted(value, side="left"))
        return self.rows[first : begin + int(span.searchsorted(value, side="right"))]


def run_of(keys: Keys, rows: Rows) -> Run:
    """Return the run of some pairs, which may be in any order and repeat."""
    keys, rows = sorted_pairs(keys, rows)
    bits = prefix_bits(len(keys))
    return Run(keys=keys, rows=rows, starts=np.append(starts(keys, bits), len(keys)).astype("<u4"))


def sorted_pairs(keys: Keys, rows: Rows) -> tuple[Keys, Rows]:
    """Return pairs by key, then row, each once. Equal keys must come with ascending rows."""
    order = keys.argsort(kind="stable")  # quick where sorted runs stand one behind the other
    keys, rows = keys[order], rows[order]
    if len(keys) > 1:
        fresh = np.append(True, (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1]))
        if not fresh.all():
            keys, rows = keys[fresh], rows[fresh]
    return keys, rows


def joined(runs: Sequence[Run], counts: Sequence[int]) -> Run:
    """Return one run of several whose rows, so many in each, are numbered on."""
    firsts = np.cumsum([0, *counts[:-1]]).astype(np.uint32)
    return run_of(
        np.concatenate([run.keys for run in runs]),
        np.concatenate([run.rows + first for run, first in zip(runs, firsts, strict=True)]),
    )


def prefix_bits(count: int) -> int:
    """Return how long the prefixes of a run of ``count`` keys are."""
    return max(1, count.bit_length() - _FEW)


def bits_of(table: Rows) -> int:
    """Return how long the prefixes of a run's table are."""
    return (len(table) - 1).bit_length() - 1


def starts(keys: Keys, bits: int, *, first: int = 0, last: int | None = None) -> Places:
    """Return where the sorted keys with each prefix from ``first`` to before ``last`` begin.

    No key may have a prefix outside these.
    """
    prefixes = (keys >> np.uint64(64 - bits)).view(np.int64) - first
    counts = np.bincount(prefixes, minlength=((1 << bits) if last is None else last) - first)
    begins: Places = counts.cumsum() - counts
    return begins
