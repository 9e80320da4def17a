"""The bands of the LSH index: texts that share one are looked at as possible copies.

With b bands of r rows, two texts of Jaccard similarity s share at least one with probability
1 - (1 - s**r)**b (Leskovec, Rajaraman and Ullman, "Mining of massive datasets", section 3.4):
for 42 bands of 3 rows .34 at s = .2, .68 at .3, .997 at .5.
"""

import numpy as np
import numpy.typing as npt

from ingest.dedup.shingles import mix

BANDS = 42
ROWS = 3

_ROW_FACTORS = np.array([0xD1B54A32D192ED03, 0xAEF17502108EF2D9, 0x8CB92BA72F3D8DD7], np.uint64)
_BAND_SALTS = mix(np.arange(1, BANDS + 1, dtype=np.uint64))


def bands(values: npt.NDArray[np.uint32]) -> tuple[int, ...]:
    """Return one signed 64-bit integer a band; the band's place is mixed in.

    ``values`` are the signature's at least ``BANDS * ROWS`` values. As the place is mixed in,
    an index may keep all bands in one column.
    """
    rows = values[: BANDS * ROWS].reshape(BANDS, ROWS).astype(np.uint64)
    mixed = mix((rows * _ROW_FACTORS).sum(axis=1, dtype=np.uint64) ^ _BAND_SALTS)
    return tuple(mixed.view(np.int64).tolist())
