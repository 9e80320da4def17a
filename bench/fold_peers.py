"""What others would make of the same documents: what ``bench/fold_quality.py`` compares with.

Each takes the documents in stream order and says of which earlier one a document is a copy. They
are given the fold's own normalised text and a fair cut into words (characters, in Chinese and
Japanese), so that what differs is the recipe alone.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
from datasketch import MinHash, MinHashLSH

_WORD = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]|\w+")
_DISTANCE = 3


class Peer(Protocol):
    """A way of finding copies. ``transitive``: all documents it holds alike become one story."""

    name: str
    transitive: bool

    def matches(self, key: str, text: str) -> Sequence[str]:
        """Return the earlier documents this one is a copy of, the best first; keep this one."""


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _shingles(text: str, size: int) -> set[str]:
    words = _words(text)
    return {" ".join(words[at : at + size]) for at in range(max(1, len(words) - size + 1))}


@dataclass(slots=True)
class Exact:
    """The same normalised text."""

    name: str = "exact hash"
    transitive: bool = False
    seen: dict[str, str] = field(default_factory=dict)

    def matches(self, key: str, text: str) -> Sequence[str]:
        """Look the text up."""
        first = self.seen.setdefault(text, key)
        return [first] if first != key else []


@dataclass(slots=True)
class SimHash:
    """64 bits of word pairs; copies differ in three at most (Manku, Jain and Das Sarma 2007)."""

    name: str = "simhash 64, distance 3"
    transitive: bool = False
    blocks: dict[tuple[int, int], list[tuple[str, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def matches(self, key: str, text: str) -> Sequence[str]:
        """Compare with those that share one of four blocks of 16 bits."""
        own = self._hash(text)
        places = [(at, own >> (16 * at) & 0xFFFF) for at in range(4)]
        near = {
            other: (own ^ theirs).bit_count()
            for place in places
            for other, theirs in self.blocks[place]
        }
        for place in places:
            self.blocks[place].append((key, own))
        found = sorted(
            (distance, other) for other, distance in near.items() if distance <= _DISTANCE
        )
        return [other for _, other in found]

    @staticmethod
    def _hash(text: str) -> int:
        counts = Counter(_shingles(text, 2))
        digests = b"".join(
            hashlib.blake2b(it.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            for it in counts
        )
        bits = np.unpackbits(np.frombuffer(digests, np.uint8)).reshape(len(counts), 64)
        weights = np.array(list(counts.values()))[:, None]
        ones = ((bits.astype(np.int64) * 2 - 1) * weights).sum(axis=0) > 0
        return int.from_bytes(np.packbits(ones).tobytes(), "big")


@dataclass(slots=True)
class StockLsh:
    """datasketch's ``MinHashLSH`` over words in fives, its candidates checked by true Jaccard."""

    threshold: float
    transitive: bool = False
    sets: dict[str, set[str]] = field(default_factory=dict)
    lsh: MinHashLSH = field(init=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.lsh = MinHashLSH(threshold=self.threshold, num_perm=128)
        self.name = f"datasketch LSH {self.threshold}"

    def matches(self, key: str, text: str) -> Sequence[str]:
        """Query, then insert."""
        own = _shingles(text, 5)
        minhash = MinHash(num_perm=128)
        minhash.update_batch([it.encode("utf-8", "surrogatepass") for it in own])
        found = []
        for other in self.lsh.query(minhash):
            theirs = self.sets[other]
            jaccard = len(own & theirs) / len(own | theirs)
            if jaccard >= self.threshold:
                found.append((-jaccard, other))
        self.lsh.insert(key, minhash)
        self.sets[key] = own
        return [other for _, other in sorted(found)]


@dataclass(slots=True)
class Buckets:
    """Documents that share a bucket of MinHash values are copies, and so on transitively.

    FineWeb (Penedo et al. 2024) takes words in fives, 14 buckets of 8; text-dedup's best setting
    on news is words in twos, 50 buckets of 4.
    """

    name: str
    words: int
    buckets: int
    rows: int
    transitive: bool = True
    seen: dict[tuple[int, bytes], list[str]] = field(default_factory=lambda: defaultdict(list))

    def matches(self, key: str, text: str) -> Sequence[str]:
        """Look all buckets up."""
        minhash = MinHash(num_perm=self.buckets * self.rows)
        shingles = _shingles(text, self.words)
        minhash.update_batch([it.encode("utf-8", "surrogatepass") for it in shingles])
        values: npt.NDArray[np.uint64] = minhash.hashvalues
        shared: Counter[str] = Counter()
        for at, rows in enumerate(values.reshape(self.buckets, self.rows)):
            others = self.seen[at, rows.tobytes()]
            shared.update(others)
            others.append(key)
        return [other for other, _ in shared.most_common()]


PEERS: Sequence[Callable[[], Peer]] = (
    *(lambda it=it: StockLsh(it) for it in (0.5, 0.7, 0.8, 0.9)),
    lambda: Buckets("FineWeb 5 words, 14x8", words=5, buckets=14, rows=8),
    lambda: Buckets("text-dedup 2 words, 50x4", words=2, buckets=50, rows=4),
    SimHash,
    Exact,
)


def stories(peer: Peer, documents: Sequence[tuple[str, str]]) -> Iterator[tuple[str | None, str]]:
    """Yield for each document (a key and its normalised text) what it copies, and its story.

    The story of a transitive peer is the one known at the end.
    """
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    best: list[str | None] = []
    for key, text in documents:
        found = peer.matches(key, text)
        best.append(found[0] if found else None)
        parent[key] = root(found[0]) if found else key
        if peer.transitive:
            for other in found[1:]:
                parent[root(other)] = root(key)
    for (key, _), match in zip(documents, best, strict=True):
        yield match, root(key)
