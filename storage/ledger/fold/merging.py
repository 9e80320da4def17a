"""Blocks, in memory or in files, into one new segment: a slice of the keys at a time.

What is in memory is bounded by the slice, however large the segments: keys are hashes, so slices
of equal width have about equally many.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from storage.fs import OnStep
from storage.ledger.fold.block import Block
from storage.ledger.fold.runs import Keys, Rows, bits_of, prefix_bits, sorted_pairs, starts
from storage.ledger.fold.segment import Header, SegmentWriter

SLICE = 1 << 19
"""Pairs sorted at once: 6 MB of them, and as much again for the sorting."""

_ARTICLES = 1 << 13
_GONE = np.uint32(0xFFFFFFFF)

Kept = npt.NDArray[np.bool_]
KeptOf = Callable[[Block], Kept]


def everything(block: Block) -> Kept:
    """Keep all articles of a block."""
    return np.ones(len(block.table), bool)


def write_segment(
    blocks: Sequence[Block], folder: Path, header: Header, *, kept: KeptOf, on_step: OnStep
) -> None:
    """Write what is ``kept`` of blocks, each with later numbers than the one before.

    ``header`` needs the counts and checksums filled in, which is done here.

    Raises:
        OSError: the disk is full or refuses.
    """
    masks = [kept(block) for block in blocks]
    places = _renumbered(masks)
    pairs = sum(_pairs(block, where) for block, where in zip(blocks, places, strict=True))
    bits = prefix_bits(pairs)
    whole = msgspec.structs.replace(
        header,
        pairs=pairs,
        prefixes=1 << bits,
        articles=sum(int(mask.sum()) for mask in masks),
    )
    writer = SegmentWriter(folder, whole, on_step)
    try:
        _write_run(writer, blocks, places, pairs=pairs, bits=bits)
        for block, mask in zip(blocks, masks, strict=True):
            for begin in range(0, len(mask), _ARTICLES):
                some = slice(begin, begin + _ARTICLES)
                writer.table(block.table[some][mask[some]])
        writer.finish()
    finally:
        writer.close()


def _renumbered(masks: Sequence[Kept]) -> list[Rows]:
    """Return for each block where its rows will be, or that they are gone."""
    places, first = [], 0
    for mask in masks:
        count = int(mask.sum())
        where = np.full(len(mask), _GONE, np.uint32)
        where[mask] = np.arange(first, first + count, dtype=np.uint32)
        places.append(where)
        first += count
    return places


def _pairs(block: Block, places: Rows) -> int:
    rows = block.run.rows
    return sum(
        int((places[rows[begin : begin + SLICE]] != _GONE).sum())
        for begin in range(0, len(rows), SLICE)
    )


def _write_run(
    writer: SegmentWriter, blocks: Sequence[Block], places: Sequence[Rows], *, pairs: int, bits: int
) -> None:
    width = min(bits, (pairs // SLICE).bit_length())
    cuts = [_cuts(block, width) for block in blocks]
    begun = 0
    for part in range(1 << width):
        keys, rows = _slice(blocks, places, cuts, part)
        first, last = part << (bits - width), (part + 1) << (bits - width)
        writer.keys(keys)
        writer.rows(rows)
        writer.starts(starts(keys, bits, first=first, last=last) + begun)
        begun += len(keys)
    writer.starts(np.array([begun]))


def _slice(
    blocks: Sequence[Block], places: Sequence[Rows], cuts: Sequence[Sequence[int]], part: int
) -> tuple[Keys, Rows]:
    spans = [slice(cut[part], cut[part + 1]) for cut in cuts]
    keys = np.concatenate([block.run.keys[span] for block, span in zip(blocks, spans, strict=True)])
    rows = np.concatenate(
        [
            where[block.run.rows[span]]
            for block, where, span in zip(blocks, places, spans, strict=True)
        ]
    )
    stays = rows != _GONE
    return sorted_pairs(keys[stays], rows[stays])


def _cuts(block: Block, width: int) -> list[int]:
    """Return where, in a block's run, each of ``2**width`` equal parts of the keys begins."""
    table = block.run.starts
    if bits_of(table) >= width:
        return [int(cut) for cut in table[:: 1 << (bits_of(table) - width)]]
    return [*starts(block.run.keys, width).tolist(), len(block.run.keys)]
