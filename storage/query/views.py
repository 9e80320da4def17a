"""The views that queries see, over Parquet parts and journal rows together.

A row stands either in a part or in the journal, never in both, when the two are taken from one
snapshot of the ledger. What an article *is* now follows from its rows alone: its state is that of
its highest revision, and where one revision has a row both in ``articles`` and in ``duplicates``
it was stored first and folded later, so the fold holds.

To look for the highest revisions would mean to read every file for every query. The ledger knows
the few articles of which not every row stands, so those rows are left out, and a filter on any
column goes through to the files: by ``dt`` some are not opened, by others row groups are not read.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa

from storage.lake.parts import is_part
from storage.model import FeedState, Row
from storage.query.window import Window
from storage.schema import TABLES, day_of, to_table

DAY = "dt"

_TIME = pa.timestamp("us", tz="UTC")
_TYPES: Mapping[pa.DataType, str] = {
    pa.string(): "VARCHAR",
    pa.list_(pa.string()): "VARCHAR[]",
    pa.binary(): "BLOB",
    pa.bool_(): "BOOLEAN",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.list_(pa.int32()): "INTEGER[]",
    pa.float64(): "DOUBLE",
    pa.date32(): "DATE",
    _TIME: "TIMESTAMPTZ",
}
FEEDS = pa.schema(
    [
        ("feed_id", pa.string()),
        ("url", pa.string()),
        ("name", pa.string()),
        ("title", pa.string()),
        ("etag", pa.string()),
        ("last_modified", pa.string()),
        ("body_hash", pa.string()),
        ("interval_seconds", pa.float64()),
        ("next_due_at", _TIME),
        ("polled_at", _TIME),
        ("ok_at", _TIME),
        ("new_at", _TIME),
        ("failures", pa.float64()),
        ("ok", pa.bool_()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("status", pa.int32()),
        ("held_until", _TIME),
        ("retired", pa.bool_()),
        ("schedule", pa.list_(pa.string())),
        ("answer_date", pa.string()),
        ("full_at", _TIME),
        ("validators_url", pa.string()),
        ("fresh_seconds", pa.float64()),
        ("ttl_seconds", pa.float64()),
        ("skip_hours", pa.list_(pa.int32())),
        ("skip_days", pa.list_(pa.int32())),
        ("address", pa.string()),
        ("moved_to", pa.string()),
        ("moved_since", _TIME),
        ("gaps", pa.int32()),
        ("gap_at", _TIME),
        ("link", pa.string()),
        ("hub", pa.string()),
        ("topic", pa.string()),
        ("extra", pa.string()),
    ]
)

# For a folder without a ledger.
_SUPERSEDED = """
INSERT INTO lake.superseded
SELECT article_id, max(before) FROM (
    SELECT article_id, revision AS before FROM lake.articles WHERE revision > 0
    UNION ALL
    SELECT article_id, revision + 1 FROM lake.duplicates
    WHERE article_id IN (SELECT article_id FROM lake.articles)
) GROUP BY ALL
"""

_VIEWS = """
CREATE VIEW revisions AS FROM lake.articles;

CREATE VIEW duplicates AS
-- One that has no second revision was stored before it was folded, if it ever was.
WITH newest AS (
    SELECT article_id, max(revision) AS revision FROM lake.articles WHERE revision > 0 GROUP BY ALL
)
-- A better original that arrived late leads the copies that were folded before it came.
SELECT d.* REPLACE (coalesce(first_copy.article_id, d.duplicate_of) AS duplicate_of)
FROM lake.duplicates d
LEFT JOIN newest USING (article_id)
LEFT JOIN articles first_copy ON first_copy.story_id = d.story_id
WHERE newest.revision IS NULL OR newest.revision <= d.revision
QUALIFY row_number() OVER (
    PARTITION BY d.article_id ORDER BY d.revision DESC, d.fetched_at DESC, d.duplicate_of
) = 1;

CREATE VIEW stories AS
WITH copy AS (
    SELECT story_id, article_id, title, url, site, published_at, first_seen_at, false AS folded
    FROM articles
    UNION ALL
    SELECT story_id, article_id, title, url, site, published_at, first_seen_at, true
    FROM duplicates
)
SELECT story_id, first_copy.article_id, first_copy.title, first_copy.url,
       copies, sites, first_published_at, first_seen_at
FROM (
    SELECT story_id,
           arg_min(struct_pack(article_id, title, url),
                   (folded, coalesce(published_at, 'infinity'), first_seen_at, article_id)
           ) AS first_copy,
           count(*) AS copies,
           list_sort(list_distinct(list(site))) AS sites,
           min(published_at) AS first_published_at,
           min(first_seen_at) AS first_seen_at
    FROM copy GROUP BY story_id
);

CREATE VIEW lake.addresses AS
SELECT article_id, url, canonical_url FROM lake.articles
UNION ALL
SELECT article_id, url, canonical_url FROM lake.duplicates;

CREATE VIEW polls AS FROM lake.polls;
CREATE VIEW outcomes AS FROM lake.outcomes;
CREATE VIEW feeds AS FROM lake.feeds;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """All that the views are made of: absolute paths of parts, and journal rows, by table.

    ``superseded`` is as in ``storage.ledger.parts.Snapshot``; with ``None`` the rows are asked.
    ``digests`` are the SHA-256 of parts, in hex, as far as known; ``left_out`` are parts that
    cannot be read.
    """

    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    feeds: Sequence[FeedState] = ()
    superseded: Sequence[tuple[str, int]] | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    left_out: Sequence[str] = ()

    def paths(self) -> Iterator[str]:
        """Yield the parts of all tables."""
        return chain.from_iterable(self.files.values())

    def without(self, unwanted: Collection[str]) -> Self:
        """Leave parts out."""
        return replace(
            self,
            files={
                table: [path for path in paths if path not in unwanted]
                for table, paths in self.files.items()
            },
            left_out=sorted(path for path in self.paths() if path in unwanted),
        )

    def vanished(self) -> list[str]:
        """Return the parts that are not on the disk: compaction moved them, or they are lost."""
        return [path for path in self.paths() if not is_part(Path(path))]


def create(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Create the views in an empty in-memory database.

    Raises:
        duckdb.IOException: a part cannot be read, for one because it is no longer there.
    """
    connection.begin()  # a transaction of its own for each statement takes twice as long
    connection.execute("CREATE SCHEMA lake")
    for table in TABLES:
        connection.execute(f"SET VARIABLE {table}_columns = {_columns(TABLES[table])}")
        files, rows = source.files.get(table, ()), source.rows.get(table, ())
        _load(connection, f"journal_{table}", _journal(table, rows))
        if files:
            connection.execute(f"SET VARIABLE {table}_files = {_listed(files)}")
        connection.execute(_table_view(table, some=bool(files), waiting=bool(rows)))
    _load(connection, "feeds", _feeds(source.feeds))
    _load(connection, "superseded", _superseded(source.superseded or ()))
    if source.superseded is None:
        connection.execute(_SUPERSEDED)
    # A join, also with nothing, costs the reading of every id.
    some = connection.execute("FROM lake.superseded LIMIT 1").fetchone()
    newest = standing("lake.articles") if some else "FROM lake.articles"
    connection.execute(f"CREATE VIEW articles AS {newest}")
    connection.execute(_VIEWS)
    connection.commit()


@contextmanager
def narrowed(
    connection: duckdb.DuckDBPyConnection, source: Source, asked: Window | None
) -> Iterator[None]:
    """Leave files closed, while this lasts, in which nothing is that is asked for.

    That a file has rows of its folder's day alone is certain where the ledger names it.
    """
    if asked is None or source.superseded is None:
        yield
        return
    files = source.files.get(asked.table, ())
    wanted = [path for path in files if asked.holds(day_in(path))] or files[:1]
    if len(wanted) == len(files):
        yield
        return
    connection.execute(f"SET VARIABLE {asked.table}_wanted = {_listed(wanted)}")
    try:
        yield
    finally:
        connection.execute(f"RESET VARIABLE {asked.table}_wanted")


def day_in(path: str) -> str:
    """Return the day that a part's path tells."""
    return path.rsplit("/", 2)[-2].removeprefix(f"{DAY}=")  # a Path takes ten times as long


def standing(rows: str) -> str:
    """Return the query for the rows that stand among some of ``lake.articles``."""
    return f"""SELECT a.* FROM {rows} a
        ANTI JOIN lake.superseded s ON s.article_id = a.article_id AND a.revision < s.before"""  # noqa: S608 - our own words alone


def in_files(table: str) -> str:
    """Return the query for a table's rows in its files, to which a WHERE may be added."""
    return f"""
        SELECT * EXCLUDE (filename),
               TRY_CAST(regexp_extract(filename, '/{DAY}=([^/]*)/[^/]*$', 1) AS DATE) AS "{DAY}"
        FROM {scan(table)}"""  # noqa: S608 - our own words alone


def every_file(table: str) -> str:
    """Return the expression for the list of a table's files."""
    return f"getvariable('{table}_files')"


def scan(table: str, files: str | None = None) -> str:
    """Return the scan of a table's files: the schema's columns and ``filename``.

    ``files`` is an expression for the list of them; without it, those wanted if only some are.
    """
    # With the columns given, no file is opened before it is known to be wanted, and one of another
    # schema version lacks what it lacks. Filters on the day go by the path alone. The columns stand
    # in a variable because a view is bound anew for each query, and they took most of that time.
    files = files or f"coalesce(getvariable('{table}_wanted'), {every_file(table)})"
    return f"""read_parquet({files},
        schema = getvariable('{table}_columns'), filename = true, hive_partitioning = false)"""


def quote(text: str) -> str:
    """Return the SQL literal of a string."""
    return "'" + text.replace("'", "''") + "'"


def _load(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    columns = (f'"{column.name}" {_TYPES[column.type]}' for column in table.schema)
    connection.execute(f"CREATE TABLE lake.{name} ({', '.join(columns)})")
    if table.num_rows:
        connection.register("incoming", table)
        connection.execute(f"INSERT INTO lake.{name} FROM incoming")
        connection.unregister("incoming")


def _journal(table: str, rows: Sequence[Row]) -> pa.Table:
    days = pa.array([date.fromisoformat(day_of(row)) for row in rows], type=pa.date32())
    return to_table(table, rows).append_column(DAY, days)


def _feeds(feeds: Iterable[FeedState]) -> pa.Table:
    names = [column.name for column in fields(FeedState)]
    records = [{name: getattr(feed, name) for name in names} for feed in feeds]
    return pa.Table.from_pylist(records, schema=FEEDS)


def _superseded(found: Sequence[tuple[str, int]]) -> pa.Table:
    ids, numbers = zip(*found, strict=True) if found else ((), ())
    return pa.table(
        {"article_id": pa.array(ids, pa.string()), "before": pa.array(numbers, pa.int32())}
    )


def _listed(paths: Sequence[str]) -> str:
    return f"[{', '.join(map(quote, paths))}]"


def _table_view(table: str, *, some: bool, waiting: bool) -> str:
    """Return the statement for a view over a table's files, if there are some, and its journal."""
    parts = [f"FROM lake.journal_{table}"] if waiting or not some else []
    parts += [in_files(table)] if some else []
    return f"CREATE VIEW lake.{table} AS {' UNION ALL BY NAME '.join(parts)}"


def _columns(schema: pa.Schema) -> str:
    given = (
        f"{quote(name)}: {{name: {quote(name)}, type: {quote(_TYPES[kind])}, default_value: NULL}}"
        for name, kind in zip(schema.names, schema.types, strict=True)
    )
    return f"MAP {{{', '.join(given)}}}"
