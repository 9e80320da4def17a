"""Fingerprints of texts by datasketch's MinHash. The only module that knows datasketch.

A stored signature can only be compared with one of the same make, and nothing in its bytes
tells; so ``SCHEME`` names all that went into it, is kept beside the index, and a ledger with
another one is refused.
"""

from collections.abc import Collection
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ingest.dedup.bands import BANDS, LEAD_BANDS, ROWS, bands, lead_bands
from ingest.dedup.numbers import numbers
from ingest.dedup.passages import MOST, headline, passages
from ingest.dedup.sample import SIZE, take_sample
from ingest.dedup.shingles import NORMALISATION, SHINGLE_SIZE, shingles, token_hashes
from storage.model import Fingerprint

if TYPE_CHECKING:
    from datasketch import MinHash

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

_BLOCK = 4096  # shingles permuted at once: bounds the memory of a huge text
_VALUES = np.dtype("<u4")


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
    values, lead = _minhash(hashes), _minhash(first)[:LEAD_PERMUTATIONS]
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
