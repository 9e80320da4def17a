"""Fingerprints of texts by datasketch's MinHash. The only module that knows datasketch.

A stored signature can only be compared with one of the same make, and nothing in its bytes
tells; so ``SCHEME`` names all that went into it, is kept beside the index, and a ledger with
another one is refused.
"""

import hashlib
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ingest.dedup.bands import BANDS, ROWS, bands
from ingest.dedup.numbers import numbers
from ingest.dedup.shingles import NORMALISATION, SHINGLE_SIZE, normalise, shingles
from storage.model import Fingerprint

if TYPE_CHECKING:
    from datasketch import MinHash

PERMUTATIONS = 128
MIN_SHINGLES = 16
"""Texts with fewer are looked up by content hash alone: their similarity says nothing."""

_PERMUTING = "affine32"
_SEED = 1

SCHEME = (
    f"datasketch-{_PERMUTING}/permutations={PERMUTATIONS}/seed={_SEED}"
    f"/shingles={SHINGLE_SIZE}/hash=poly64-splitmix/bands={BANDS}x{ROWS}"
    f"/normalisation={NORMALISATION}"
)

_BLOCK = 4096  # shingles permuted at once: bounds the memory of a huge text
_VALUES = np.dtype("<u4")


def fingerprint(text: str) -> Fingerprint:
    """Return what the fold needs to know of ``text``; any string will do, also an empty one.

    It depends on the text alone: the same in every process and on every machine.
    """
    normalised = normalise(text)
    digest = hashlib.sha256(normalised.encode("utf-8", "surrogatepass")).hexdigest()
    hashes = shingles(normalised)
    if not len(hashes):
        return Fingerprint(content_hash=digest)
    values = _minhash(hashes)
    return Fingerprint(
        content_hash=digest,
        signature=values.astype(_VALUES).tobytes(),
        bands=bands(values) if len(hashes) >= MIN_SHINGLES else (),
        shingles=len(hashes),
        numbers=numbers(normalised),
    )


def jaccard(a: Fingerprint, b: Fingerprint) -> float:
    """Return the estimated Jaccard similarity of two texts' shingle sets, 0 to 1.

    The share of equal signature values (Broder 1997), with a standard error of
    ``sqrt(J * (1 - J) / 128)``. A text without shingles resembles nothing.
    """
    if not a.signature or len(a.signature) != len(b.signature):
        return 0.0
    equal = np.frombuffer(a.signature, _VALUES) == np.frombuffer(b.signature, _VALUES)
    return float(np.count_nonzero(equal)) / len(equal)


def containment(a: Fingerprint, b: Fingerprint) -> float:
    """Return the estimated share of the smaller text's shingles that the larger has, 0 to 1.

    With the sets' sizes m and n known, the size of their intersection is J / (1 + J) * (m + n).
    """
    smaller = min(a.shingles, b.shingles)
    if not smaller:
        return 0.0
    similarity = jaccard(a, b)
    shared = similarity / (1 + similarity) * (a.shingles + b.shingles)
    return min(1.0, shared / smaller)


def _minhash(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint32]:
    minhash = _empty().copy()
    for start in range(0, len(hashes), _BLOCK):
        minhash.update_batch((hashes[start : start + _BLOCK] >> np.uint64(32)).tolist())
    values: npt.NDArray[np.uint32] = minhash.hashvalues
    return values


@cache
def _empty() -> "MinHash":
    """Return the empty MinHash that others are copied from: making its permutations is slow."""
    from datasketch import MinHash  # noqa: PLC0415 - loads SciPy: only for making signatures

    return MinHash(num_perm=PERMUTATIONS, seed=_SEED, scheme=_PERMUTING, hashfunc=_as_is)


def _as_is(value: int) -> int:
    return value
