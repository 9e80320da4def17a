"""A bottom-k sketch of a text's shingles, from which similarity and containment are estimated.

Of the shingles' hashes, taken as 32-bit numbers, the ``SIZE`` least are kept: below the lesser of
two samples' greatest values both texts are known whole (Broder 1997, section 5; Cohen and Kaplan,
"Summarizing data using bottom-k sketches", 2007). Texts of no more shingles are known exactly.
For containment this is twice as exact as the same bytes of MinHash values, which spend most of
theirs on the larger text.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.dedup.shingles import Hashes

SIZE = 128

_VALUES = np.dtype("<u4")
_WHOLE = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What two texts share, estimated: ``jaccard`` and ``containment``, each from 0 to 1.

    ``containment`` is the share of the smaller text's shingles that the larger has.
    """

    jaccard: float
    containment: float


def take_sample(shingles: Hashes) -> bytes:
    """Return the sample of distinct shingles: at most ``SIZE`` distinct ``uint32``, ascending."""
    upper = (shingles[: 2 * SIZE] >> np.uint64(32)).astype(_VALUES)  # ascending, as they are
    if len(upper) > 1:
        fresh = np.empty(len(upper), bool)
        fresh[0] = True
        np.not_equal(upper[1:], upper[:-1], out=fresh[1:])
        upper = upper[fresh]
    return upper[:SIZE].tobytes()


def likeness(a: bytes, b: bytes, sizes: tuple[int, int]) -> Likeness:
    """Estimate what two texts share from their samples.

    Args:
        a: The sample of one text.
        b: The sample of the other.
        sizes: How many distinct shingles each of the two has.
    """
    one, other = np.frombuffer(a, _VALUES), np.frombuffer(b, _VALUES)
    reach = min(_reach(one, sizes[0]), _reach(other, sizes[1]))
    one, other = one[one <= reach], other[other <= reach]
    if not len(one) or not len(other):
        return Likeness(jaccard=0.0, containment=0.0)
    shared = len(np.intersect1d(one, other, assume_unique=True))
    if sizes[0] == sizes[1]:
        least = min(len(one), len(other))
    else:
        least = len(one) if sizes[0] < sizes[1] else len(other)
    return Likeness(jaccard=shared / (len(one) + len(other) - shared), containment=shared / least)


def _reach(values: npt.NDArray[np.uint32], size: int) -> int:
    """Up to which value all of a text's hashes are in its sample."""
    return int(values[-1]) if size > SIZE else _WHOLE
