"""Exchanges of a day's parts that are under way, or were when their process was killed."""

import json
from datetime import datetime
from sqlite3 import Connection

import msgspec

from storage.ledger import journal
from storage.ledger.codec import micros
from storage.ledger.database import Database
from storage.ledger.parts import Rewrite

_PRUNED = "pruned_before"


def pruned_before(db: Connection) -> int:
    """Return the time before which rows may have been removed for their age; 0 if none were."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", [_PRUNED]).fetchone()
    return 0 if row is None else int(row[0])


class SqliteRewrites:
    """A ``storage.ledger.rewriting.Rewrites``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def every(self) -> list[Rewrite]:
        """Return the open rewrites, oldest first."""
        with self._database.reading() as db:
            return journal.open_rewrites(db)

    def prune(self, before: datetime) -> None:
        """Write down that rows from before then may be gone, for they are too old."""
        with self._database.writing() as db:
            if pruned_before(db) < micros(before):
                pair = [_PRUNED, str(micros(before))]
                db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", pair)

    def begin(self, rewrite: Rewrite) -> None:
        """Write down which parts are about to be exchanged for which.

        Raises:
            ValueError: ``old`` are not all parts of the table and day.
        """
        with self._database.writing() as db:
            folder = f"{rewrite.table}/dt={rewrite.day}/"
            there = [p.path for p in journal.parts(db, rewrite.table) if p.path.startswith(folder)]
            if sorted(rewrite.old) != there:
                raise ValueError(f"{folder} has other parts than {rewrite.rewrite_id} is about")
            db.execute(
                "INSERT INTO rewrites (rewrite_id, table_name, day, old, parts)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    rewrite.rewrite_id,
                    rewrite.table,
                    rewrite.day,
                    json.dumps(rewrite.old),
                    msgspec.json.encode(rewrite.parts).decode(),
                ],
            )

    def end(self, rewrite_id: str, *, done: bool) -> None:
        """Put the new parts in the place of the old ones, or leave these if it was not ``done``.

        Raises:
            LookupError: there is no such open rewrite.
        """
        with self._database.writing() as db:
            rewrite = next(
                (one for one in journal.open_rewrites(db) if one.rewrite_id == rewrite_id), None
            )
            if rewrite is None:
                raise LookupError(f"there is no open rewrite {rewrite_id}")
            db.execute("DELETE FROM rewrites WHERE rewrite_id = ?", [rewrite_id])
            if done:
                db.executemany("DELETE FROM parts WHERE path = ?", [(p,) for p in rewrite.old])
                for part in rewrite.parts:
                    journal.put_part(db, part)
