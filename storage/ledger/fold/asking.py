"""What is asked of the index: whose keys are those of a text, or of several at once.

Looking keys up one text at a time costs mostly the calls themselves; those of a whole transaction's
texts, looked up together, cost a quarter. So whoever will decide on several says so beforehand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from storage.ledger.codec import key_of, pack_bands
from storage.ledger.fold.runs import Keys, Places
from storage.model import Fingerprint

FULL, LEAD, TEXT = range(3)
"""What a key is: a band of the text, one of its lead, or the hash of its content hash."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """The keys of some texts, one text after the other, of each no two bands alike.

    ``texts`` says for each key which text's it is, ``kinds`` what it is; ``begins`` for each text
    where its keys begin.
    """

    keys: Keys
    texts: Places
    kinds: Places
    begins: Places


def question(prints: Sequence[Fingerprint]) -> Asked:
    """Return the question for the bands and content hashes of some texts."""
    keys: list[tuple[int, ...]] = []
    for print_ in prints:
        full, lead = _distinct(print_.bands, print_.lead_bands)
        keys += (full, lead, (key_of(print_.content_hash),))
    counts = np.fromiter(map(len, keys), np.intp, len(keys))
    kinds = np.arange(len(keys)).repeat(counts)
    packed = pack_bands(tuple(chain.from_iterable(keys)))
    ends = counts.cumsum()
    return Asked(
        keys=np.frombuffer(packed, "<u8"),
        texts=kinds // 3,
        kinds=kinds % 3,
        begins=(ends - counts)[::3],
    )


def keys_of(values: Sequence[int]) -> Keys:
    """Return signed 64-bit integers as the keys of a run."""
    return np.array(values, np.int64).view(np.uint64)


def _distinct(
    full: tuple[int, ...], lead: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    both = dict.fromkeys((*full, *lead))
    if len(both) == len(full) + len(lead):
        return full, lead
    own = dict.fromkeys(full)
    return tuple(own), tuple(both)[len(own) :]
