"""What the blocks have of several texts, looked up together before they are decided on.

It holds for one transaction: within it the blocks stay as they are, and what it adds is in the
dictionary, which is asked each time. A text that very many articles share something with is left
out, and looked up alone, so that what is held of all of them together is little.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress

import numpy as np

from storage.ledger.fold.asking import question
from storage.ledger.fold.block import Block, Hits, Sighting, all_hits
from storage.model import Fingerprint

EACH = 1 << 10
"""A text is left out if more places than this may have one of its keys."""

Bands = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """Of each text, named by its bands or by its content hash, the rows that have keys of it.

    ``None`` where there are none; ``seen`` is where each passage stands.
    """

    near: Mapping[Bands, Hits | None]
    same: Mapping[str, Hits | None]
    seen: Mapping[int, Sequence[Sighting]]


NOTHING = Ahead({}, {}, {})


def bands_of(print_: Fingerprint) -> Bands:
    """Return what names a text whose bands were looked up."""
    return print_.bands, print_.lead_bands


def look_ahead(blocks: Sequence[Block], prints: Sequence[Fingerprint]) -> Ahead:
    """Look up the bands, content hashes and passages of texts."""
    passages = list(dict.fromkeys(chain.from_iterable(print_.passages for print_ in prints)))
    prints, found = _hits(blocks, prints)
    return Ahead(
        {bands_of(print_): hits for print_, hits in zip(prints, found, strict=True)},
        {print_.content_hash: hits for print_, hits in zip(prints, found, strict=True)},
        standing([block.sightings(passages) for block in blocks], passages),
    )


def standing(
    found: Iterable[Iterable[tuple[int, Sighting]]], passages: Iterable[int]
) -> dict[int, list[Sighting]]:
    """Return where each passage stands, of what the blocks answered."""
    seen: dict[int, list[Sighting]] = {passage: [] for passage in passages}
    for passage, sighting in chain.from_iterable(found):
        seen[passage].append(sighting)
    return seen


def _hits(
    blocks: Sequence[Block], prints: Sequence[Fingerprint]
) -> tuple[Sequence[Fingerprint], list[Hits | None]]:
    """Return those texts that are not left out, and what the blocks have of each."""
    if not prints:
        return (), []
    asked = question(prints)
    spans = [block.run.spans(asked.keys) for block in blocks]
    places = sum((counts for _, counts in spans), np.zeros(len(asked.keys), np.intp))
    few = np.add.reduceat(places, asked.begins) <= EACH
    if not few.all():
        return _hits(blocks, [*compress(prints, few)])
    found = [
        hits
        for block, span in zip(blocks, spans, strict=True)
        if (hits := block.find(asked, span)) is not None
    ]
    return prints, _by_text(all_hits(found), len(prints)) if found else [None] * len(prints)


def _by_text(hits: Hits, count: int) -> list[Hits | None]:
    hits = hits.where(hits.texts.argsort(kind="stable"))
    ends = hits.texts.searchsorted(np.arange(count), side="right").tolist()
    return [
        hits.where(slice(begin, end)) if begin < end else None
        for begin, end in zip([0, *ends], ends, strict=False)
    ]
