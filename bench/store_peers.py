"""The contenders of ``bench/store.py``: ways to ask the same rows, and the memory they take."""

import importlib
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import storage

Ask = Callable[[str], object]

IDEAL, DELTA, SQLITE = "ideal.parquet", "delta", "peer.db"
WAYS = ("ideal", "revisions", "articles", "delta", "sqlite")
OURS = ("revisions", "articles")
BATCH = 5_000


def put_peers(root: Path) -> None:
    """Give SQLite the rows of the ideal file, indexed by id and time, and Delta Lake, if there."""
    rows = pq.ParquetFile(root / IDEAL)
    names = [name for name in rows.schema_arrow.names if name not in ("authors", "tags")]
    with closing(sqlite3.connect(root / SQLITE)) as db:
        db.execute(f"CREATE TABLE articles ({', '.join(names)})")
        for batch in rows.iter_batches(BATCH, columns=names):
            columns = [
                column.cast(pa.string()) if pa.types.is_timestamp(column.type) else column
                for column in batch.columns
            ]
            values = zip(*(column.to_pylist() for column in columns), strict=True)
            db.executemany(f"INSERT INTO articles VALUES ({', '.join('?' * len(names))})", values)
        db.execute("CREATE INDEX by_id ON articles (article_id)")
        db.execute("CREATE INDEX by_time ON articles (fetched_at)")
        db.commit()
    if find_spec("deltalake"):
        delta = importlib.import_module("deltalake")
        reader = pa.RecordBatchReader.from_batches(rows.schema_arrow, rows.iter_batches(BATCH))
        delta.write_deltalake(str(root / DELTA), reader)


def here(root: Path) -> list[str]:
    """Return the names of the ways that there are."""
    return [way for way in WAYS if way != "delta" or (root / DELTA).exists()]


@contextmanager
def opened(way: str, root: Path) -> Iterator[tuple[str, Ask]]:
    """Open the rows; give what stands for them in a query, and a function that is asked one."""
    with ExitStack() as stack:
        if way in OURS:
            store = stack.enter_context(storage.open(root))
            yield way, store.sql
        elif way == "sqlite":
            db = stack.enter_context(closing(sqlite3.connect(root / SQLITE)))
            yield "articles", lambda query: db.execute(query).fetchall()
        else:
            connection = stack.enter_context(duckdb.connect())
            connection.execute("SET TimeZone = 'UTC'")
            of = f"read_parquet('{root / IDEAL}')"
            if way == "delta":
                delta = importlib.import_module("deltalake")
                dataset = delta.DeltaTable(str(root / DELTA)).to_pyarrow_dataset()
                connection.register(of := "delta_articles", dataset)
            yield of, lambda query: connection.sql(query).to_arrow_table()


def peaks(root: Path, queries: list[str]) -> dict[str, dict[str, int]]:
    """Return the peak of resident memory, in bytes, of a process that asks one query once.

    By way and query; ``{of}`` in a query stands for the rows.
    """
    found: dict[str, dict[str, int]] = {}
    for way in here(root):
        found[way] = {query: _alone(_peak, way, root, query) for query in ["", *queries]}
    return found


def _alone(work: Callable[[str, Path, str], int], way: str, root: Path, query: str) -> int:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, way, root, query).result()


def _peak(way: str, root: Path, query: str) -> int:
    if query:
        with opened(way, root) as (of, ask):
            ask(query.format(of=of))
    lines = Path("/proc/self/status").read_text().splitlines()
    (high,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(high) * 1024
