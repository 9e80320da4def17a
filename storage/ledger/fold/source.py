"""What the index reads of the ledger: the truth it is derived from."""

from collections.abc import Iterable
from sqlite3 import Connection

import numpy as np
import numpy.typing as npt

from storage.ledger.codec import key_of, pack_bands
from storage.ledger.fold.block import Doc
from storage.model import Fingerprint

_COLUMNS = """index_no, fetched_at, shingles, lead_shingles, signature, lead, bands, lead_bands,
    passages, content_hash, headline, story_id"""


def identity(db: Connection) -> tuple[str, str]:
    """Return the ledger's own name and the scheme of its signatures, empty if none is set."""
    found = dict(
        db.execute("SELECT key, value FROM meta WHERE key IN ('ledger_id', 'fold_scheme')")
    )
    return found["ledger_id"], found.get("fold_scheme", "")


def last(db: Connection) -> int:
    """Return the highest number that was given out; 0 if none was."""
    (number,) = db.execute("SELECT coalesce(max(index_no), 0) FROM articles").fetchone()
    return int(number)


def docs(db: Connection, *, after: int, through: int, limit: int) -> list[Doc]:
    """Return at most ``limit`` articles with numbers above ``after`` up to ``through``, in order.

    Numbers that were given up have none.
    """
    found = db.execute(
        f"SELECT {_COLUMNS} FROM articles WHERE index_no > ? AND index_no <= ?"  # noqa: S608 - our own words alone
        " ORDER BY index_no LIMIT ?",
        [after, through, limit],
    )
    return [
        Doc._make(
            [
                *first,
                bands + lead_bands + passages + pack_bands((key_of(text),)),
                headline,
                key_of(story_id),
            ]
        )
        for *first, bands, lead_bands, passages, text, headline, story_id in found
    ]


def doc_of(print_: Fingerprint, *, number: int = 0, fetched: int = 0, story: str = "") -> Doc:
    """Return a fingerprint as it is read from the ledger once it is there."""
    packed = pack_bands(
        (*print_.bands, *print_.lead_bands, *print_.passages, key_of(print_.content_hash))
    )
    return Doc(
        number,
        fetched,
        print_.shingles,
        print_.lead_shingles,
        print_.signature,
        print_.lead,
        packed,
        print_.headline,
        key_of(story),
    )


def live(db: Connection, *, low: int, high: int) -> npt.NDArray[np.int64]:
    """Return the numbers from ``low`` to ``high`` that belong to an article, in order."""
    found: Iterable[tuple[int]] = db.execute(
        "SELECT index_no FROM articles WHERE index_no BETWEEN ? AND ? ORDER BY index_no",
        [low, high],
    )
    return np.fromiter((number for (number,) in found), np.int64)
