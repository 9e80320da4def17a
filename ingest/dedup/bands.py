"""The bands of the LSH index: texts that share one are looked at as possible copies.

With b bands of r rows, two texts of Jaccard similarity s share at least one with probability
1 - (1 - s**r)**b (Leskovec, Rajaraman and Ullman, "Mining of massive datasets", section 3.4):
for 42 bands of 3 rows .34 at s = .2, .68 at .3, .997 at .5. The lead's 21 bands find .93 at .5.
"""

import numpy as np
import numpy.typing as npt

from ingest.dedup.shingles import mix

BANDS = 42
LEAD_BANDS = 21
ROWS = 3

_ROW_FACTORS = np.array([0xD1B54A32D192ED03, 0xAEF17502108EF2D9, 0x8CB92BA72F3D8DD7], np.uint64)
_SALTS = mix(np.arange(1, BANDS + LEAD_BANDS + 1, dtype=np.uint64))


def bands(values: npt.NDArray[np.uint32]) -> tuple[int, ...]:
    """Return one signed 64-bit integer for each band of a whole text's signature.

    ``values`` are at least ``BANDS * ROWS``. The band's place is mixed in, so that an index may
    keep all bands, those of leads among them, as keys of one kind.
    """
    return _mixed(values, _SALTS[:BANDS])


def lead_bands(values: npt.NDArray[np.uint32]) -> tuple[int, ...]:
    """Return the same for the signature of a lead, at least ``LEAD_BANDS * ROWS`` values."""
    return _mixed(values, _SALTS[BANDS:])


def _mixed(values: npt.NDArray[np.uint32], salts: npt.NDArray[np.uint64]) -> tuple[int, ...]:
    rows = values[: len(salts) * ROWS].reshape(len(salts), ROWS).astype(np.uint64)
    mixed = mix((rows * _ROW_FACTORS).sum(axis=1, dtype=np.uint64) ^ salts)
    return tuple(mixed.view(np.int64).tolist())
