"""Whether the files of the index have what the ledger says, and nothing else of it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from storage.ledger.database import Database
from storage.ledger.fold import source
from storage.ledger.fold.block import Block, block_of
from storage.ledger.fold.segment import SUFFIX, Segment, SegmentError, open_segment

_ARTICLES = 1 << 12


def problems(folder: Path, database: Database) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong.

    Files that are not there are no problem, nor are articles that are in none yet: whoever needs
    them in the index next takes them from the ledger. May run while others write.
    """
    with database.reading() as db:
        ledger, scheme = source.identity(db)
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            segment = open_segment(path, ledger=ledger, scheme=scheme)
        except FileNotFoundError:
            continue  # merged into another meanwhile
        except (SegmentError, OSError) as error:
            yield f"{path.name}: {error}"
            continue
        if not segment.is_whole():
            yield f"{path.name}: is damaged: a checksum does not match"
            continue
        yield from _differences(segment, database)


def _differences(segment: Segment, database: Database) -> Iterator[str]:
    header = segment.header
    after = header.low - 1
    missing = surplus = 0
    while after < header.high:
        with database.reading() as db:
            docs = source.docs(db, after=after, through=header.high, limit=_ARTICLES)
        after = docs[-1].number if docs else header.high
        asked = block_of([doc for doc in docs if doc.fetched >= header.since])
        lacking, more = _compared(segment.block, asked)
        missing += lacking
        surplus += more
    if missing:
        yield f"{segment.path.name}: {missing} bands of articles are missing"
    if surplus:
        yield f"{segment.path.name}: {surplus} bands belong to no article's text"


def _compared(block: Block, asked: Block) -> tuple[int, int]:
    """Return how many bands of some articles a block lacks, and how many more it has of them."""
    numbers = asked.table["number"]
    places = block.table["number"].searchsorted(numbers)
    known = np.isin(numbers, block.table["number"])
    rows, which = block.run.find(asked.run.keys)
    articles = asked.run.rows[which]
    found = int((known[articles] & (places[articles] == rows)).sum())
    held = np.bincount(block.run.rows, minlength=len(block.table))
    return len(asked.run.keys) - found, int(held[places[known]].sum()) - found
