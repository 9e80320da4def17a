"""The store as its readers see it: open a data folder, ask, close."""

import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self, TypeVar

import duckdb
import msgspec
import pyarrow as pa

from storage.answers.selection import Conditions, Day, Names, Selection
from storage.errors import QueryError, StoreError
from storage.fs import can_write
from storage.model import Article, Duplicate, OutcomeChange
from storage.query.parameters import Parameters
from storage.query.readings import Readings
from storage.query.session import Session
from storage.search import SearchHit, SearchIndex

T = TypeVar("T")

_PREFIX = re.compile(r"[0-9a-z]{6,}")


class Store:
    """A data folder, open for reading, also while others write to it.

    Every call sees the store as it is at that moment: Parquet parts and the ledger's journal,
    taken in one snapshot. A context manager.

    A part that cannot be read keeps nobody from the others: it is left out, and each answer that
    lacks it comes with an ``UnreadablePartWarning``. With ``strict`` it is a ``StoreError``.

    Raises:
        StoreError: there is no store in the folder.
    """

    def __init__(self, root: Path, *, strict: bool = False) -> None:
        self._root = root.resolve()
        self._readings = Readings(self._root, strict=strict)
        self._scratch: TemporaryDirectory[str] | None = None

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
        self._readings.close()
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

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
        return self._readings.read(lambda session: session.ask(query, parameters, timeout=timeout))

    def articles(
        self,
        *,
        since: Day | None = None,
        until: Day | None = None,
        feed: Names | None = None,
        site: Names | None = None,
        language: Names | None = None,
    ) -> Selection:
        """Select articles, each in its newest revision, by when that was fetched and by names.

        ``since`` is included, ``until`` is not; of the names any will do.

        Raises:
            QueryError: a time is none.
        """
        wanted = Conditions(since=since, until=until, feed=feed, site=site, language=language)
        condition, parameters = wanted.sql()
        return self._select(f"FROM articles WHERE {condition} ORDER BY fetched_at", parameters)

    def stories(self) -> Selection:
        """Select all stories."""
        return self._select("FROM stories ORDER BY first_seen_at", {})

    def resolve(self, key: str) -> str | None:
        """Return the id of the article known by a URL, an id or the beginning of an id.

        Raises:
            QueryError: several ids begin so.
        """
        ledger = self._readings.ledger()
        if ledger is not None and (stored := ledger.article_by_url([key])):
            return stored.article_id
        return self._readings.read(lambda session: _resolve(session, key))

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
        ledger = self._readings.ledger()
        entries = [] if ledger is None else ledger.entries_matching(key)
        ids = [key, *(entry.entry_id for entry in entries)]
        query = """
            FROM outcomes
            WHERE url = $key OR article_id = $article OR entry_id IN (SELECT unnest($ids))
            ORDER BY changed_at, outcome <> 'pending'"""
        given = {"key": key, "article": self.resolve(key) or key, "ids": ids}
        found = self._readings.read(lambda session: session.table(query, given))
        return msgspec.convert(found.to_pylist(), list[OutcomeChange])

    def search(self, words: str, *, limit: int = 20) -> list[SearchHit]:
        """Return the articles that have all the words, best first.

        ``"words in a row"``, ``begin*``, ``-without``, ``title:word``, ``site:``, ``feed:``,
        ``language:``, ``since:`` and ``until:`` are understood. The index is brought up to
        date first; it is the one file reading writes (``state/search.db``). Where that cannot be
        written, it goes to a temporary folder until the store is closed.

        Raises:
            QueryError: there is no word to look for.
            StoreError: the index cannot be written.
        """
        return self._index().search(words, limit=limit, sync=self._readings.read)

    def read(self, work: Callable[[Session], T]) -> T:
        """Do something on one snapshot; all of it again, on a newer one, if files moved meanwhile.

        Raises:
            StoreError: the store cannot be read, or with ``strict`` one of its parts.
        """
        return self._readings.read(work)

    def reindex(self) -> None:
        """Build the search index anew.

        Raises:
            StoreError: it cannot be written.
        """
        if not self._is_writable():
            raise StoreError(
                f"{self._root / 'state'}: cannot be written, so no index is kept there"
            )
        self._index().rebuild(sync=self._readings.read)

    def search_problems(self) -> list[str]:
        """Return a sentence for each thing that is wrong with the search index, if there is one."""
        return self._readings.read(self._index().problems)

    def _index(self) -> SearchIndex:
        state = self._root / "state"
        if self._is_writable():
            return SearchIndex(state)
        if self._scratch is None:
            self._scratch = TemporaryDirectory(prefix="newsfold-search-")
            for file in state.glob("search.db*"):
                with suppress(OSError):  # it is built anew where it cannot be copied
                    shutil.copyfile(file, Path(self._scratch.name) / file.name)
        return SearchIndex(Path(self._scratch.name))

    def _is_writable(self) -> bool:
        state = self._root / "state"
        return can_write(state if state.is_dir() else self._root)

    def _select(self, query: str, parameters: Mapping[str, object]) -> Selection:
        return Selection(query=query, parameters=parameters, _read=self.sql, _lend=self._lend)

    def _lend(self, query: str, parameters: Mapping[str, object]) -> duckdb.DuckDBPyRelation:
        return self._readings.lend().relation(query, parameters)

    def _rows(self, kind: type[T], query: str, article_id: str | None) -> list[T]:
        if article_id is None:
            return []
        found = self._readings.read(lambda session: session.table(query, [article_id]))
        return msgspec.convert(found.to_pylist(), list[kind])  # type: ignore[valid-type]


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
