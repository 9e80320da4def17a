"""What readers of a store ask its ledger; nothing is made, upgraded or locked by them."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import RLock

from storage.errors import StoreError
from storage.ledger import articles, entries, feed_states, journal
from storage.ledger.opening import open_to_read
from storage.ledger.parts import Snapshot
from storage.model import EntryState, FeedState, StoredArticle


class LedgerReader:
    """What readers of a store ask its ledger. Threads take turns; close it.

    Raises:
        StoreError: the file is no ledger, or of another version, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened = ExitStack()
        self._turn = RLock()
        try:
            self._db = open_to_read(path, self._opened)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{path} cannot be read: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._opened.close()

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
