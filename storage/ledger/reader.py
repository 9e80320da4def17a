"""A ledger that is only read: nothing is made, upgraded or locked, wherever it lies.

SQLite reads a file in WAL mode by way of a second file beside it (``-shm``), which it has to make
where nobody has the ledger open. In a folder that cannot be written it is opened as one that
nobody changes; if it was left with a write-ahead log, which that way of opening does not see, a
copy of both is read (SQLite, "Write-Ahead Logging", section 5, "Read-Only Databases").
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from urllib.parse import quote

from storage.errors import StoreError
from storage.ledger import articles, entries, feed_states, journal
from storage.ledger.base import Snapshot
from storage.ledger.database import BUSY_SECONDS
from storage.ledger.ddl import SCHEMA_VERSION
from storage.model import EntryState, FeedState, StoredArticle


class LedgerReader:
    """What readers of a store ask its ledger. Threads take turns; close it.

    Raises:
        StoreError: the file is no ledger, or of another version, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._copy: TemporaryDirectory[str] | None = None
        self._turn = RLock()
        try:
            self._db = self._open()
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{path} cannot be read: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._db.close()
            if self._copy is not None:
                self._copy.cleanup()

    def mark(self) -> int:
        """Return a number that is another after each commit."""
        with self._turn:
            (version,) = self._db.execute("PRAGMA data_version").fetchone()
            return int(version)

    def snapshot(self) -> tuple[Snapshot, list[FeedState]]:
        """Return all rows and parts, and the feeds, as they are at one moment.

        Raises:
            StoreError: a row is damaged, or the file.
        """
        with self._reading() as db:
            packed, feeds = journal.packed(db), feed_states.every(db)
        return journal.snapshot(packed), feeds

    def article_by_url(self, urls: Sequence[str]) -> StoredArticle | None:
        """Return the article known by the first of ``urls`` that is the alias of one."""
        with self._reading() as db:
            return articles.by_url(db, urls)

    def entries_matching(self, url: str) -> list[EntryState]:
        """Return the entries with this link, or whose article is known by it, earliest first."""
        with self._reading() as db:
            return entries.matching(db, url=url, article_id=None, entry_id=None)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._turn:
            try:
                self._db.execute("BEGIN")
                try:
                    yield self._db
                finally:
                    self._db.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise StoreError(f"{self._path} cannot be read: {error}") from error

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connected(self._path, "mode=ro")
        except sqlite3.OperationalError:
            if os.access(self._path.parent, os.W_OK):
                raise
        wal = self._path.with_name(f"{self._path.name}-wal")
        if not wal.exists() or not wal.stat().st_size:
            return self._connected(self._path, "immutable=1")
        self._copy = TemporaryDirectory(prefix="newsfold-ledger-")
        for file in (self._path, wal):
            shutil.copy(file, self._copy.name)
        return self._connected(Path(self._copy.name) / self._path.name, "mode=ro")

    def _connected(self, file: Path, how: str) -> sqlite3.Connection:
        db = sqlite3.connect(
            f"file:{quote(str(file))}?{how}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._check(db)
        except BaseException:
            db.close()
            raise
        return db

    def _check(self, db: sqlite3.Connection) -> None:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        if not {"meta", "journal"} <= tables:
            raise StoreError(f"{self._path}: is no ledger of Newsfold")
        row = db.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
        version = int(row[0]) if row and row[0].isdecimal() else 0
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self._path}: was written by a newer Newsfold (its schema is version {version},"
                f" this one knows versions up to {SCHEMA_VERSION}); use that one"
            )
        if version < SCHEMA_VERSION:
            raise OutdatedError(
                f"{self._path}: is of an older version ({version}, not {SCHEMA_VERSION}); a"
                " `newsfold crawl` where it can be written brings it up to date"
            )


class OutdatedError(StoreError):
    """A ledger is of an older version, and has to be opened for writing once."""
