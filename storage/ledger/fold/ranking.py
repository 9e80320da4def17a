"""Which of the articles that share bands with a text are worth reading from the ledger."""

import numpy as np
import numpy.typing as npt

from storage.ledger.fold.block import SIGNATURE, SIGNATURE_OF_LEAD, Hits, Table
from storage.ledger.fold.runs import Places

# Of those that share bands, so many are compared: those that share most, the lowest numbers first.
COMPARED = 512


def rankings(own: Table, hits: Hits, floor: float) -> tuple[list[int], list[int]]:
    """Return the numbers that share bands of the text, and of its lead, best first."""
    numbers = hits.rows["number"]
    best = [_best(numbers, shared) for shared in (hits.full, hits.lead)]
    chosen = np.concatenate(best)
    shares = containment(own, hits.rows[chosen])
    enough = np.where(np.arange(len(chosen)) < len(best[0]), shares[:, 0], shares.max(axis=1))
    full, lead = (
        numbers[places[mask]].tolist()
        for places, mask in zip(best, np.split(enough >= floor, [len(best[0])]), strict=True)
    )
    return full, lead


def _best(numbers: npt.NDArray[np.int64], shared: Places) -> Places:
    """Return where those are that share most."""
    sharing = min(int(np.count_nonzero(shared)), COMPARED)
    return np.lexsort((numbers, -shared))[:sharing]


def containment(asked: Table, found: Table) -> npt.NDArray[np.float64]:
    """Return how much of the smaller text lies in the larger, for texts and leads: two columns.

    Each 0 to 1, estimated: of sets with m and n shingles and the Jaccard similarity J,
    J / (1 + J) * (m + n) are shared.
    """
    equal = (asked["sketch"] == found["sketch"]).astype(np.float32)
    similarity = (equal @ _SHARES).astype(np.float64)
    own, other = asked["sizes"].astype(np.int64), found["sizes"].astype(np.int64)
    smaller = np.minimum(own, other)
    shared = similarity / (1 + similarity) * (own + other)
    contained: npt.NDArray[np.float64] = np.minimum(1, shared / np.maximum(smaller, 1))
    return contained * (smaller > 0)


_SHARES = np.zeros((SIGNATURE + SIGNATURE_OF_LEAD, 2), np.float32)
"""What each equal value adds to the similarity of the texts, and of the leads. Sums are exact."""

_SHARES[:SIGNATURE, 0] = 1 / SIGNATURE
_SHARES[SIGNATURE:, 1] = 1 / SIGNATURE_OF_LEAD
