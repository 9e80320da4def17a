"""The journal: committed rows on their way into the lake, and the parts they became."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

import msgspec

from storage.ledger import articles
from storage.ledger.codec import micros, moment, new_id, pack_row, unpack_row
from storage.ledger.parts import Batch, JournalState, Part, Rewrite, Snapshot
from storage.model import Article, Duplicate, Row
from storage.schema import TABLES, day_of, table_of

Packed = tuple[str, bytes, bytes]
"""A row as it lies in the journal: its table, its bytes and their checksum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedSnapshot:
    """A ``Snapshot`` whose rows were only read, so that the transaction is short."""

    rows: Sequence[Packed]
    parts: tuple[Part, ...]
    superseded: tuple[tuple[str, int], ...]
    rewrites: tuple[Rewrite, ...]


def append(db: Connection, rows: Iterable[Row], *, at: datetime) -> None:
    """Add rows at the end."""
    for row in rows:
        table = table_of(row)
        body, checksum = pack_row(table, row)
        key = (
            (row.article_id, row.revision) if isinstance(row, Article | Duplicate) else (None,) * 2
        )
        db.execute(
            """INSERT INTO journal
               (table_name, day, article_id, revision, added_at, checksum, body)
               VALUES (?, ?, ?, ?, ?, ?, ?)""",
            [table, day_of(row), *key, micros(at), checksum, body],
        )


def article_row(db: Connection, article_id: str, revision: int) -> Article | None:
    """Return the row of an article's revision if it is not in the lake yet."""
    found: Packed | None = db.execute(
        """SELECT table_name, body, checksum FROM journal
           WHERE table_name = 'articles' AND article_id = ? AND revision = ?""",
        [article_id, revision],
    ).fetchone()
    if found is None:
        return None
    row = _unpack(found)
    assert isinstance(row, Article)
    return row


def withdraw_article(db: Connection, article_id: str, revision: int) -> None:
    """Remove an article's row, unless it is in a batch: what a batch holds is fixed."""
    db.execute(
        """DELETE FROM journal WHERE table_name = 'articles' AND article_id = ? AND revision = ?
           AND batch_id IS NULL""",
        [article_id, revision],
    )


def state(db: Connection) -> JournalState:
    """Return how many rows are in no batch, and how old they are."""
    rows, oldest = db.execute(
        "SELECT count(*), min(added_at) FROM journal WHERE batch_id IS NULL"
    ).fetchone()
    return JournalState(rows=rows, oldest_at=None if oldest is None else moment(oldest))


def open_batches(db: Connection) -> list[Batch]:
    """Return the batches that are no parts yet, oldest first."""
    found = db.execute(
        "SELECT batch_id, table_name, day, rows, created_at FROM batches ORDER BY batch_id"
    )
    return [
        Batch(batch_id=batch_id, table=table, day=day, rows=rows, created_at=moment(created))
        for batch_id, table, day, rows, created in found
    ]


def assign_batches(db: Connection, *, at: datetime, limit: int) -> list[Batch]:
    """Open a batch for each table and day, with the oldest ``limit`` unbatched rows of it."""
    waiting = db.execute(
        """SELECT table_name, day, min(count(*), ?) FROM journal WHERE batch_id IS NULL
           GROUP BY table_name, day ORDER BY table_name, day""",
        [limit],
    ).fetchall()
    batches = [
        Batch(batch_id=new_id(at), table=table, day=day, rows=rows, created_at=at)
        for table, day, rows in waiting
    ]
    for batch in batches:
        db.execute(
            "INSERT INTO batches (batch_id, table_name, day, rows, created_at)"
            " VALUES (?, ?, ?, ?, ?)",
            [batch.batch_id, batch.table, batch.day, batch.rows, micros(at)],
        )
        db.execute(
            """UPDATE journal SET batch_id = ? WHERE seq IN (
                   SELECT seq FROM journal WHERE batch_id IS NULL AND table_name = ? AND day = ?
                   ORDER BY seq LIMIT ?)""",
            [batch.batch_id, batch.table, batch.day, batch.rows],
        )
    return sorted(batches, key=lambda batch: batch.batch_id)


def batch_rows(db: Connection, batch_id: str) -> list[Packed]:
    """Return a batch's rows in the order they were committed."""
    return db.execute(
        "SELECT table_name, body, checksum FROM journal WHERE batch_id = ? ORDER BY seq",
        [batch_id],
    ).fetchall()


def close_batch(db: Connection, batch_id: str, part: Part) -> None:
    """Put a part in the place of a batch and its rows.

    Raises:
        LookupError: there is no such open batch.
        ValueError: the part does not have as many rows as the batch, or is of another table.
    """
    batch = next((b for b in open_batches(db) if b.batch_id == batch_id), None)
    if batch is None:
        raise LookupError(f"there is no open batch {batch_id}")
    gone = db.execute("DELETE FROM journal WHERE batch_id = ?", [batch_id]).rowcount
    if (part.batch_id, part.table, part.rows) != (batch_id, batch.table, gone):
        raise ValueError(f"{part.path} is not the part of batch {batch_id} with its {gone} rows")
    db.execute("DELETE FROM batches WHERE batch_id = ?", [batch_id])
    put_part(db, part)


def put_part(db: Connection, part: Part) -> None:
    """Add a part."""
    db.execute(
        "INSERT INTO parts (path, table_name, batch_id, rows, bytes, sha256)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [part.path, part.table, part.batch_id, part.rows, part.bytes, part.sha256],
    )


def drop_part(db: Connection, path: str) -> None:
    """Forget a part, whose file is not to be read any more."""
    db.execute("DELETE FROM parts WHERE path = ?", [path])


def parts(db: Connection, table: str | None = None) -> list[Part]:
    """Return the parts, of one table or of all, by path."""
    found = db.execute(
        """SELECT table_name, path, batch_id, rows, bytes, sha256 FROM parts
           WHERE :table IS NULL OR table_name = :table ORDER BY path""",
        {"table": table},
    )
    return [
        Part(table=name, path=path, batch_id=batch_id, rows=rows, bytes=size, sha256=digest)
        for name, path, batch_id, rows, size, digest in found
    ]


def open_rewrites(db: Connection) -> list[Rewrite]:
    """Return the open rewrites, oldest first."""
    found = db.execute(
        "SELECT rewrite_id, table_name, day, old, parts FROM rewrites ORDER BY rewrite_id"
    )
    return [
        Rewrite(
            rewrite_id=rewrite_id,
            table=table,
            day=day,
            old=tuple(json.loads(old)),
            parts=tuple(msgspec.json.decode(parts, type=list[Part])),
        )
        for rewrite_id, table, day, old, parts in found
    ]


def packed(db: Connection) -> PackedSnapshot:
    """Return all rows, in batches or not, and all parts, as one transaction sees them."""
    return PackedSnapshot(
        rows=db.execute("SELECT table_name, body, checksum FROM journal ORDER BY seq").fetchall(),
        parts=tuple(parts(db)),
        superseded=tuple(articles.superseded(db)),
        rewrites=tuple(open_rewrites(db)),
    )


def snapshot(packed: PackedSnapshot) -> Snapshot:
    """Return what was packed, as values.

    Raises:
        StoreError: a row is damaged.
    """
    rows: dict[str, list[Row]] = {table: [] for table in TABLES}
    for row in unpack(packed.rows):
        rows[table_of(row)].append(row)
    return Snapshot(
        rows={table: tuple(of) for table, of in rows.items()},
        parts=packed.parts,
        superseded=packed.superseded,
        rewrites=packed.rewrites,
    )


def unpack(found: Iterable[Packed]) -> list[Row]:
    """Return rows as they were committed.

    Raises:
        StoreError: one of them is damaged.
    """
    return [_unpack(packed) for packed in found]


def _unpack(packed: Packed) -> Row:
    table, body, checksum = packed
    return unpack_row(table, body, checksum)
