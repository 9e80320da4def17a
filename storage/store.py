"""The store as its readers see it: open a data folder, ask, close."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self, TypeVar

import duckdb
import msgspec
import pyarrow as pa

from storage.errors import QueryError, StoreError
from storage.lake.exchange import standing
from storage.lake.layout import Layout
from storage.ledger.reader import LedgerReader, OutdatedError
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
        self._layout = Layout(self._root)
        self._folders = {table: (self._root / table).resolve() for table in TABLES}
        self._ledger: LedgerReader | None = None
        self._current: _Current | None = None
        self._turn = Lock()
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
        """Let go of the ledger, and of what queries left in memory."""
        with self._turn:
            self._drop()
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
        entries = [] if ledger is None else ledger.entries_matching(key)
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

    def read(self, work: Callable[[Session], T]) -> T:
        """Do something on one snapshot; all of it again, on a newer one, if files moved meanwhile.

        Raises:
            StoreError: a part is lost, or cannot be read.
        """
        return self._read(work)

    @property
    def _database(self) -> Path:
        return self._root / "state" / "ledger.db"

    def _open_ledger(self) -> LedgerReader | None:
        if self._ledger is None and self._database.is_file() and self._database.stat().st_size:
            try:
                self._ledger = LedgerReader(self._database)
            except OutdatedError:
                if not os.access(self._database.parent, os.W_OK):
                    raise
                _bring_up_to_date(self._database)
                self._ledger = LedgerReader(self._database)
        return self._ledger

    def _mark(self) -> object:
        """Return a value that is the same as long as the same rows are stored."""
        ledger = self._open_ledger()
        return self._parts() if ledger is None else ledger.mark()

    def _parts(self) -> dict[str, list[str]]:
        return {
            table: sorted(map(str, folder.glob("dt=*/*.parquet")))
            for table, folder in self._folders.items()
        }

    def _source(self) -> Source:
        """Take one snapshot. Without a ledger, whatever parts lie in the folders are the store."""
        ledger = self._open_ledger()
        if ledger is None:
            return Source(files=self._parts())
        snapshot, feeds = ledger.snapshot()
        files: dict[str, list[str]] = {table: [] for table in TABLES}
        for part in standing(self._layout, snapshot):
            inside = part.path.removeprefix(f"{part.table}/")
            files[part.table].append(str(self._folders[part.table] / inside))
        return Source(files=files, rows=snapshot.rows, feeds=feeds, superseded=snapshot.superseded)

    def _read(self, work: Callable[[Session], T]) -> T:
        """Do something on a snapshot; on a newer one when parts were moved meanwhile."""
        lost = None
        for attempt in range(_ATTEMPTS):
            time.sleep(_PAUSE * attempt)
            try:
                with self._session() as session:
                    return work(session)
            except _LostPartError as error:
                lost = error
            except duckdb.Error as error:
                raise _unreadable(error) from error
        raise StoreError(
            f"the part {lost} is in the ledger but not on the disk; see `newsfold store verify`"
        )

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """Give the session of the last reading if nothing was stored since, else a new one.

        Who comes while another thread has it gets one of its own.
        """
        if not self._turn.acquire(blocking=False):
            with self._new_session() as session, _noticing(session.source):
                yield session
            return
        try:
            # Asked before the snapshot is taken: if a commit comes between, the session is newer
            # than its mark says, and not used again.
            mark = self._mark()
            if self._current is None or self._current.mark != mark:
                self._drop()
                self._current = _Current(mark, self._new_session())
            with _noticing(self._current.session.source):
                yield self._current.session
        except (duckdb.Error, _LostPartError):
            self._drop()
            raise
        finally:
            self._turn.release()

    def _new_session(self) -> Session:
        source = self._source()
        with _noticing(source):
            return Session(source, folders=list(self._folders.values()))

    def _drop(self) -> None:
        if self._current is not None:
            self._current.session.close()
            self._current = None

    def _rows(self, kind: type[T], query: str, article_id: str | None) -> list[T]:
        if article_id is None:
            return []
        found = self._read(lambda session: session.table(query, [article_id]))
        return msgspec.convert(found.to_pylist(), list[kind])  # type: ignore[valid-type]


@dataclass(frozen=True, slots=True)
class _Current:
    mark: object
    session: Session


class _LostPartError(Exception):
    """A part of a snapshot is not on the disk any more."""


@contextmanager
def _noticing(source: Source) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if lost := source.vanished():
            raise _LostPartError(lost[0]) from error
        raise


def _bring_up_to_date(database: Path) -> None:
    from storage.ledger.sqlite import SqliteLedger  # noqa: PLC0415 - readers rarely need it

    SqliteLedger(database).close()


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
