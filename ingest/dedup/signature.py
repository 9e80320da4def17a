"""Fingerprints of texts by datasketch's MinHash. The only module that knows datasketch.

A stored signature can only be compared with one of the same make, and nothing in its bytes
tells; so ``SCHEME`` names all that went into it, is kept beside the index, and a ledger with
another one is refused.
"""

from collections.abc import Collection
from dataclasses import replace
from functools import cache
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from ingest.dedup.bands import BANDS, LEAD_BANDS, ROWS, bands, lead_bands
from ingest.dedup.numbers import numbers
from ingest.dedup.passages import MOST, headline, passages
from ingest.dedup.sample import SIZE, take_sample
from ingest.dedup.shingles import NORMALISATION, SHINGLE_SIZE, Hashes, shingles, token_hashes
from storage.model import Fingerprint

PERMUTATIONS = 128
LEAD_TOKENS = 48
LEAD_PERMUTATIONS = 64
MIN_SHINGLES = 16
"""Texts with fewer are looked up by content hash alone: their similarity says nothing."""

_PERMUTING = "affine32"
_SEED = 1

SCHEME = (
    f"datasketch-{_PERMUTING}/permutations={PERMUTATIONS}/seed={_SEED}"
    f"/shingles={SHINGLE_SIZE}/hash=poly64-splitmix/bands={BANDS}x{ROWS}"
    f"/lead={LEAD_TOKENS}x{LEAD_PERMUTATIONS}x{LEAD_BANDS}/sample={SIZE}"
    f"/normalisation={NORMALISATION}"
)

_BLOCK = 768  # shingles permuted at once: what fits the processor's cache
_VALUES = np.dtype("<u4")

# MurmurHash3's finalizer, as arrays of no dimension (see ``ingest.dedup.shingles``).
_UPPER = np.array(32, np.uint64)
_SHIFT_1, _SHIFT_2 = np.array(16, np.uint32), np.array(13, np.uint32)
_FACTOR_1, _FACTOR_2 = np.array(0x85EBCA6B, np.uint32), np.array(0xC2B2AE35, np.uint32)


def fingerprint(
    text: str,
    *,
    site: str = "",
    title: str | None = None,
    residue: Collection[int] = frozenset(),
) -> Fingerprint:
    """Return what the fold needs to know of a text; any string will do, also an empty one.

    It depends on the arguments alone: the same in every process and on every machine. The
    content hash is that of the whole text, the rest of it without its ``residue``.

    Args:
        text: The text, a paragraph a line.
        site: The site it stands on, to which its passages belong.
        title: Its headline.
        residue: Passages (``ingest.dedup.passages``) that the site prints under many headlines.
    """
    found = list(passages(text, site))
    whole = " ".join(paragraph for _, paragraph in found)
    normalised = (
        " ".join(paragraph for passage, paragraph in found if passage not in residue)
        if residue
        else whole
    )
    own = Fingerprint(
        content_hash=sha256(whole.encode("utf-8", "surrogatepass")).hexdigest(),
        passages=tuple(dict.fromkeys(passage for passage, _ in found))[:MOST],
        headline=headline(title),
    )
    tokens = token_hashes(normalised)
    if not len(tokens):
        return own
    hashes, first = shingles(tokens), shingles(tokens[:LEAD_TOKENS])
    values, lead = signature(hashes), signature(first, LEAD_PERMUTATIONS)
    telling = len(hashes) >= MIN_SHINGLES
    return replace(
        own,
        signature=values.astype(_VALUES).tobytes(),
        bands=bands(values) if telling else (),
        shingles=len(hashes),
        sample=take_sample(hashes),
        lead=lead.astype(_VALUES).tobytes(),
        lead_bands=lead_bands(lead) if telling else (),
        lead_shingles=len(first),
        numbers=numbers(normalised),
    )


def load() -> None:
    """Load what the first fingerprint would otherwise wait for: it takes about a second."""
    _permutations()


def lead_share(of: Fingerprint, within: Fingerprint) -> float:
    """Return the estimated share, 0 to 1, of one text's lead that stands anywhere in another.

    From the MinHash values of the one's lead and of the whole other: with the sets' sizes m and n
    known, the size of their intersection is J / (1 + J) * (m + n).
    """
    if not of.lead_shingles or not within.shingles:
        return 0.0
    lead = np.frombuffer(of.lead, _VALUES)
    whole = np.frombuffer(within.signature, _VALUES)[:LEAD_PERMUTATIONS]
    similarity = float(np.count_nonzero(lead == whole)) / LEAD_PERMUTATIONS
    shared = similarity / (1 + similarity) * (of.lead_shingles + within.shingles)
    return min(1.0, shared / of.lead_shingles)


def common_lead(one: Fingerprint, other: Fingerprint) -> float:
    """Return the estimated share of the larger text's lead that stands in the smaller."""
    smaller, larger = sorted((one, other), key=lambda it: (it.shingles, it.content_hash))
    return lead_share(larger, smaller)


def signature(hashes: Hashes, permutations: int = PERMUTATIONS) -> npt.NDArray[np.uint32]:
    """Return the MinHash values of shingles: those that datasketch's ``update_batch`` gives.

    Of the hashes the upper 32 bits are taken, and permuted in one pass. Each permutation is
    h -> a * h + b modulo 2**32, after MurmurHash3's finalizer.

    Args:
        hashes: The shingles' 64-bit hashes.
        permutations: How many values to return.
    """
    a, b = (factors[:permutations, np.newaxis] for factors in _permutations())
    mixed = (hashes >> _UPPER).astype(np.uint32)
    mixed ^= mixed >> _SHIFT_1
    mixed *= _FACTOR_1
    mixed ^= mixed >> _SHIFT_2
    mixed *= _FACTOR_2
    mixed ^= mixed >> _SHIFT_1
    least = np.full(permutations, 0xFFFFFFFF, np.uint32)
    for start in range(0, len(mixed), _BLOCK):
        permuted = a * mixed[start : start + _BLOCK]
        permuted += b
        np.minimum(least, np.minimum.reduce(permuted, axis=1), out=least)
    return least


@cache
def _permutations() -> npt.NDArray[np.uint32]:
    """Return datasketch's own factors, a row of a and one of b: making them is slow."""
    from datasketch import MinHash  # noqa: PLC0415 - loads SciPy: only for making signatures

    made = MinHash(num_perm=PERMUTATIONS, seed=_SEED, scheme=_PERMUTING)
    factors: npt.NDArray[np.uint32] = made.permutations
    return factors
