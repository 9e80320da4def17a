"""The store as its readers see it: open a data folder, ask, close."""

import re
import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import duckdb
import msgspec
import pyarrow as pa

from storage.errors import QueryError, StoreError
from storage.ledger.sqlite import SqliteLedger
from storage.model import Article, Duplicate, OutcomeChange
from storage.query import Parameters, Session
from storage.schema import TABLES
from storage.search import SearchHit, SearchIndex
from storage.views import Source

T = TypeVar("T")

_ATTEMPTS = 6
_PAUSE = 0.05  # seconds, longer each time
_PREFIX = re.compile(r"[0-9a-z]{6,}")


class Store:
    """A data folder, open for reading, also while others write to it.

    Every call sees the store as it is at that moment: Parquet parts and the ledger's journal,
    taken in one snapshot. A context manager.

    Raises:
        StoreError: there is no store in the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._folders = {table: (self._root / table).resolve() for table in TABLES}
        self._ledger: SqliteLedger | None = None
        if not self._database.is_file() and not any(map(Path.is_dir, self._folders.values())):
            raise StoreError(f"there is no store in {root}; `newsfold crawl` makes one")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the ledger."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def sql(
        self, query: str, parameters: Parameters = (), *, timeout: timedelta | None = None
    ) -> pa.Table:
        """Run one SELECT over the views and return its rows.

        Views: ``articles``, ``revisions``, ``duplicates``, ``stories``, ``polls``, ``outcomes``,
        ``feeds``. ``parameters`` fill ``?`` and ``$1`` (a sequence) or ``$name`` (a mapping).

        Raises:
            QueryError: the query is refused or wrong.
            QueryTimeout: it took longer than ``timeout``.
        """
        return self._read(lambda session: session.ask(query, parameters, timeout=timeout))

    def resolve(self, key: str) -> str | None:
        """Return the id of the article known by a URL, an id or the beginning of an id.

        Raises:
            QueryError: several ids begin so.
        """
        ledger = self._open_ledger()
        if ledger is not None and (stored := ledger.article_by_url([key])):
            return stored.article_id
        return self._read(lambda session: _resolve(session, key))

    def get(self, key: str) -> list[Article]:
        """Return an article's revisions, oldest first; none if it is unknown or was only folded.

        Raises:
            QueryError: several ids begin so.
        """
        query = "FROM revisions WHERE article_id = $1 ORDER BY revision"
        return self._rows(Article, query, self.resolve(key))

    def copies(self, key: str) -> list[Duplicate]:
        """Return the folded copies of an article's story, earliest first.

        ``key`` may name any of them; it is itself among them when it is folded now.

        Raises:
            QueryError: several ids begin so.
        """
        query = """
            FROM duplicates WHERE story_id IN (
                SELECT story_id FROM articles WHERE article_id = $1
                UNION ALL SELECT story_id FROM duplicates WHERE article_id = $1)
            ORDER BY coalesce(published_at, first_seen_at), article_id"""
        return self._rows(Duplicate, query, self.resolve(key))

    def history(self, key: str) -> list[OutcomeChange]:
        """Return all that happened to an entry (by its id or link) or an article, in order.

        Raises:
            QueryError: several ids begin so.
        """
        ledger = self._open_ledger()
        entries = [] if ledger is None else ledger.entries_matching(url=key)
        ids = [key, *(entry.entry_id for entry in entries)]
        query = """
            FROM outcomes
            WHERE url = $key OR article_id = $article OR entry_id IN (SELECT unnest($ids))
            ORDER BY changed_at, outcome <> 'pending'"""
        given = {"key": key, "article": self.resolve(key) or key, "ids": ids}
        found = self._read(lambda session: session.table(query, given))
        return msgspec.convert(found.to_pylist(), list[OutcomeChange])

    def search(self, words: str, *, limit: int = 20) -> list[SearchHit]:
        """Return the articles that have all the words, best first.

        ``"words in a row"``, ``begin*`` and ``-without`` are understood. The index is brought up to
        date first; it is the one file reading writes (``state/search.db``).

        Raises:
            QueryError: there is no word to look for.
            StoreError: the index cannot be written.
        """
        index = SearchIndex(self._root / "state")
        return index.search(words, limit=limit, sync=self._read)

    @property
    def _database(self) -> Path:
        return self._root / "state" / "ledger.db"

    def _open_ledger(self) -> SqliteLedger | None:
        if self._ledger is None and self._database.is_file() and self._database.stat().st_size:
            self._ledger = SqliteLedger(self._database)
        return self._ledger

    def _source(self) -> Source:
        """Take one snapshot. Without a ledger, whatever parts lie in the folders are the store."""
        ledger = self._open_ledger()
        if ledger is None:
            globbed = {
                table: sorted(map(str, folder.glob("dt=*/*.parquet")))
                for table, folder in self._folders.items()
            }
            return Source(files=globbed)
        try:
            snapshot, feeds = ledger.snapshot(), ledger.feeds()
        except sqlite3.Error as error:
            raise StoreError(f"{self._database} cannot be read: {error}") from error
        files: dict[str, list[str]] = {table: [] for table in TABLES}
        for part in snapshot.parts:
            inside = part.path.removeprefix(f"{part.table}/")
            files[part.table].append(str(self._folders[part.table] / inside))
        return Source(files=files, rows=snapshot.rows, feeds=feeds)

    def _read(self, work: Callable[[Session], T]) -> T:
        """Do something on a snapshot; on a newer one when parts were moved meanwhile."""
        for attempt in range(_ATTEMPTS):
            time.sleep(_PAUSE * attempt)
            source = self._source()
            try:
                with Session(source, folders=list(self._folders.values())) as session:
                    return work(session)
            except duckdb.IOException as error:
                lost = source.vanished()
                if not lost:
                    raise _unreadable(error) from error
            except duckdb.Error as error:
                raise _unreadable(error) from error
        raise StoreError(
            f"the part {lost[0]} is in the ledger but not on the disk; see `newsfold store verify`"
        )

    def _rows(self, kind: type[T], query: str, article_id: str | None) -> list[T]:
        if article_id is None:
            return []
        found = self._read(lambda session: session.table(query, [article_id]))
        return msgspec.convert(found.to_pylist(), list[kind])  # type: ignore[valid-type]


def _unreadable(error: duckdb.Error) -> StoreError:
    said = " ".join(str(error).split())
    return StoreError(f"the store cannot be read: {said}; see `newsfold store verify`")


def _resolve(session: Session, key: str) -> str | None:
    exact = session.table(
        "SELECT article_id FROM lake.addresses"
        " WHERE article_id = $1 OR url = $1 OR canonical_url = $1"
        " ORDER BY article_id <> $1, article_id LIMIT 1",
        [key],
    )
    if exact.num_rows:
        return str(exact["article_id"][0].as_py())
    if not _PREFIX.fullmatch(key):
        return None
    begun = session.table(
        "SELECT DISTINCT article_id FROM lake.addresses WHERE starts_with(article_id, $1)"
        " ORDER BY ALL LIMIT 5",
        [key],
    )
    ids: list[str] = begun["article_id"].to_pylist()
    if len(ids) > 1:
        raise QueryError(f"several ids begin with {key}: {', '.join(ids)}")
    return ids[0] if ids else None
