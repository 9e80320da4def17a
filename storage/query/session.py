"""One reading of a store: an in-memory DuckDB with the views of one snapshot."""

import difflib
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from storage.errors import QueryError, QueryTimeout, QueryTooBig
from storage.model import Article, Duplicate
from storage.query import guard, standing, views
from storage.query.parameters import Parameters, check_values
from storage.query.unreadable import noticing
from storage.query.views import Source
from storage.query.window import window

MEMORY_LIMIT = "2GB"

_UNKNOWN_COLUMN = re.compile(r'(?:Referenced column|does not have a column named) "([^"]+)"')
_UNKNOWN_TABLE = re.compile(r"Table with name (.+?) does not exist!")
_CANDIDATES = 8
_OVER_ARTICLES = frozenset({"articles", "stories", "duplicates"})
_KEPT = 32  # texts of queries, checked and bound, as a database's driver keeps its statements
_SHORT = 4_096  # characters; the tree of a longer one is not kept
_JOINED = 3  # queries over them, of one snapshot, before the rows that do not stand are looked for


class Session:
    """A connection whose views show one snapshot. For one thread at a time; close it.

    ``folders`` are the tables' folders: all that a query may read.

    Raises:
        duckdb.Error: a part of the snapshot cannot be read; see ``Source.vanished``.
    """

    def __init__(self, source: Source, *, folders: Sequence[Path]) -> None:
        self.source = source
        self._asked = 0
        self._sought = False
        self._scratch = TemporaryDirectory(prefix="newsfold-query-")
        self._connection = duckdb.connect(":memory:")
        self._checked = lru_cache(_KEPT)(partial(guard.check, self._connection))
        self._bound = lru_cache(_KEPT)(self._connection.sql)
        try:
            guard.harden(
                self._connection,
                folders=folders,
                scratch=Path(self._scratch.name).resolve(),
                memory_limit=MEMORY_LIMIT,
                threads=min(os.cpu_count() or 1, 8),
            )
            views.create(self._connection, source)
            guard.lock(self._connection)
        except BaseException:
            self.close()
            raise

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
        """Give back the memory and the scratch files."""
        self._bound.cache_clear()
        self._connection.close()
        self._scratch.cleanup()

    @property
    def stamp(self) -> str:
        """A digest that is the same as long as the same articles are stored and folded."""
        digest = hashlib.sha256()
        for table in ("articles", "duplicates"):
            for path in sorted(self.source.files.get(table, ())):
                digest.update(f"{table} {path}\n".encode())
            for row in self.source.rows.get(table, ()):
                assert isinstance(row, Article | Duplicate)
                digest.update(f"{table} {row.article_id} {row.revision}\n".encode())
        return digest.hexdigest()

    def table(self, query: str, parameters: Parameters = ()) -> pa.Table:
        """Run a statement of our own and return its rows. Column names come out distinct."""
        given = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        return self._rows(self._connection.sql(query, params=given or None))

    def _rows(self, relation: duckdb.DuckDBPyRelation) -> pa.Table:
        table: pa.Table = relation.to_arrow_table()
        return table.rename_columns(_distinct(table.column_names))

    def relation(self, query: str, parameters: Mapping[str, object]) -> duckdb.DuckDBPyRelation:
        """Return a statement of our own as a relation of this session's connection."""
        return self._connection.sql(query, params=dict(parameters) or None)

    def stream(self, query: str, *, wanted: pa.Table, size: int) -> Iterator[pa.RecordBatch]:
        """Run a statement of our own that joins the given table as ``wanted``, rows by batches."""
        self._connection.register("wanted", wanted)
        try:
            yield from self._connection.sql(query).to_arrow_reader(size)
        finally:
            self._connection.unregister("wanted")

    def ask(self, query: str, parameters: Parameters, *, timeout: timedelta | None) -> pa.Table:
        """Run a person's statement and return its rows. It can be broken off with Ctrl-C.

        Raises:
            QueryError: it is refused or wrong.
            QueryTimeout: it took longer than ``timeout``.
            QueryTooBig: it needs more memory than it may have.
            LostPartError: parts vanished.
            DamagedPartError: parts are damaged.
        """
        try:
            check = self._checked if len(query) <= _SHORT else self._checked.__wrapped__
            nodes = check(query)
            [statement] = self._connection.extract_statements(query)
            check_values(statement.named_parameters, parameters)
            asked = window(nodes, parameters)
            if asked is None and _OVER_ARTICLES.intersection(_named(nodes)):
                self._asked += 1
            with noticing(self.source), views.narrowed(self._connection, self.source, asked):
                return self._interruptible(lambda: self._answer(query, parameters), timeout)
        except duckdb.OutOfMemoryException as error:
            raise QueryTooBig(
                f"the query needs more than the {MEMORY_LIMIT} of memory that one may have;"
                " ask for fewer rows (WHERE, LIMIT) or columns (text is the largest), or in steps"
            ) from error
        except duckdb.Error as error:
            raise QueryError(self._explain(str(error))) from error

    def _answer(self, query: str, parameters: Parameters) -> pa.Table:
        # One answer or two take no longer with the join than the search for its rows does.
        if not self._sought and self._asked > _JOINED:
            self._sought = True  # also if it is broken off: the next query has that time for itself
            standing.find(self._connection, self.source)
        if parameters or len(query) > _SHORT:  # a relation keeps the values it was made with
            return self.table(query, parameters)
        return self._rows(self._bound(query))

    def _interruptible(self, work: Callable[[], pa.Table], timeout: timedelta | None) -> pa.Table:
        # DuckDB sees no signal while it runs, so it runs in another thread and this one waits.
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="query") as thread:
            running = thread.submit(work)
            try:
                return running.result(None if timeout is None else timeout.total_seconds())
            except TimeoutError as error:
                self._stop(running)
                assert timeout is not None
                raise QueryTimeout(f"stopped after {timeout.total_seconds():g} seconds") from error
            except BaseException:
                self._stop(running)
                raise

    def _stop(self, running: Future[pa.Table]) -> None:
        # An interrupt that comes before the query has begun is lost, so it is said again.
        while not running.done():
            self._connection.interrupt()
            wait([running], timeout=0.05)

    def _explain(self, message: str) -> str:
        """Say what is wrong in the words of the views, with the nearest name where one is meant."""
        body = message.partition(" Error: ")[2] or message
        columns = self._columns()
        if unknown := _UNKNOWN_TABLE.search(body):
            name = unknown[1]
            hint = _nearest(name, list(columns))
            return f'there is no view "{name}"{hint}\nviews: {", ".join(columns)}'
        if unknown := _UNKNOWN_COLUMN.search(body):
            name = unknown[1]
            # One of that name may stand in a view that the query does not use.
            every = {column for names in columns.values() for column in names} - {name}
            return f'there is no column "{name}"{_nearest(name, sorted(every))}{_place(body)}'
        lines = body.rstrip().splitlines()
        return "\n".join(line for line in _shortened(lines) if line.strip())

    def _columns(self) -> dict[str, list[str]]:
        rows = self._connection.execute(
            "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns()"
            " WHERE schema_name = 'main' AND NOT internal GROUP BY table_name ORDER BY table_name"
        ).fetchall()
        return dict(rows)


def statements(text: str) -> list[str]:
    """Return the statements of a text, without what is empty between them.

    Raises:
        QueryError: it is not SQL.
    """
    try:
        return [statement.query for statement in duckdb.extract_statements(text)]
    except duckdb.Error as error:
        raise QueryError(str(error).partition(" Error: ")[2] or str(error)) from error


def _named(nodes: Iterable[Mapping[str, object]]) -> Iterator[str]:
    return (str(node["table_name"]).lower() for node in nodes if "table_name" in node)


def _nearest(name: str, known: Sequence[str]) -> str:
    found = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f'; did you mean "{found[0]}"?' if found else ""


def _place(body: str) -> str:
    _, mark, rest = body.partition("\n\nLINE ")
    return f"\n{mark.strip()} {rest}" if mark else ""


def _shortened(lines: Sequence[str]) -> Iterator[str]:
    """Leave out what is too much of DuckDB's lists of overloads."""
    listed = 0
    for line in lines:
        listed = listed + 1 if line.startswith("\t") else 0
        if listed <= _CANDIDATES:
            yield line


def _distinct(names: Sequence[str]) -> list[str]:
    """Number the names that come again, since a record has one value by each name."""
    taken: dict[str, None] = {}
    for name in names:
        number, unique = 1, name
        while unique in taken:
            number += 1
            unique = f"{name}_{number}"
        taken[unique] = None
    return list(taken)
