"""How big, quick and frugal the store is: ``python bench/store.py [--million] [--json]``.

One run fills a store with articles like news in length (100,000, or 1,000,000 with ``--million``,
over 30 days, two in a hundred with a second revision) and asks the same of it in four ways:

* *ours*: ``storage.open()`` and its views, ``articles`` (newest revisions) and ``revisions``;
* *ideal*: DuckDB over one Parquet file of the same rows, sorted by time, written as ours are;
* *delta*: DuckDB over a Delta Lake table of the same rows (``deltalake``), by way of Arrow;
* *sqlite*: one table with indexes on id and time.

The closed days are one file each, as compaction leaves them. *commit* and *flush* are measured on
the way in which a crawl stores: through the ledger's journal. Each query runs several times in
turns; printed are medians and their ratio to *ideal*.
"""

import argparse
import hashlib
import importlib
import json
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from measure import memory
from store_rows import DAYS, FIRST, KILO, articles, commit, entry, put_closed_days, record

import storage
from storage.lake.lake import Lake
from storage.ledger.sqlite import SqliteLedger
from storage.model import (
    Article,
    FeedState,
    Poll,
    PollCommit,
    Reason,
)

JOURNALLED = 4_000  # articles on which commit and flush are measured
A_FLUSH = 500
GROUP = 64
ROUNDS = 7
COLUMNS = "article_id, site, fetched_at, title, word_count, revision"
QUERIES = {
    "scan of numbers": "SELECT site, count(*), sum(word_count) FROM {of} GROUP BY site",
    "scan of texts": "SELECT count(*) FROM {of} WHERE text LIKE '%qq%'",
    "point lookup": "SELECT title, text FROM {of} WHERE article_id = '{key}'",
    "time range": "SELECT title FROM {of} WHERE fetched_at >= '{begin}' AND fetched_at < '{end}'",
}


def sizes(ideal: Path, count: int) -> dict[str, float]:
    """Return bytes an article by column, the largest first, and in all."""
    meta = pq.ParquetFile(ideal).metadata
    by_column: dict[str, int] = {}
    for group in range(meta.num_row_groups):
        for place in range(meta.num_columns):
            column = meta.row_group(group).column(place)
            name = column.path_in_schema.split(".")[0]
            by_column[name] = by_column.get(name, 0) + column.total_compressed_size
    ordered = sorted(by_column.items(), key=lambda each: -each[1])
    return {"in all": ideal.stat().st_size / count} | {name: n / count for name, n in ordered}


def commit_and_flush(root: Path) -> dict[str, float]:
    """Return articles of one day a second: committed durably in groups, flushed, compacted."""
    ledger = SqliteLedger(root / "state" / "ledger.db")
    lake = Lake(root, ledger)
    rows = [
        replace(row, fetched_at=FIRST + timedelta(seconds=number))
        for number, row in enumerate(articles(JOURNALLED))
        if not row.revision
    ]
    pending = tuple(map(entry, rows))
    poll = Poll(feed_id="f", url="", polled_at=FIRST, run_id="b", ok=True, reason=Reason.FETCHED)
    state = FeedState(feed_id="f", url="", name="")
    ledger.commit_poll(PollCommit(state=state, poll=poll, pending=pending))
    seconds = {"commit": 0.0, "flush": 0.0}
    for begin in range(0, len(rows), A_FLUSH):
        some = rows[begin : begin + A_FLUSH]
        seconds["commit"] += _seconds(lambda: commit_all(ledger, some))  # noqa: B023
        seconds["flush"] += _seconds(lambda: lake.flush(at=FIRST, wait=True))
    compact = getattr(lake, "compact", None)
    if compact is not None:
        later = FIRST + timedelta(days=DAYS)
        seconds["compact"] = _seconds(lambda: list(compact(at=later)))
    ledger.close()
    return {name: len(rows) / spent for name, spent in seconds.items()}


def commit_all(ledger: SqliteLedger, rows: Sequence[Article]) -> None:
    """Commit articles as a busy crawl does."""
    for begin in range(0, len(rows), GROUP):
        with ledger.writing() as writer:
            for row in rows[begin : begin + GROUP]:
                writer.commit(commit(row))


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def in_sqlite(file: Path, ideal: Path) -> sqlite3.Connection:
    """Return a database with the same rows, indexed by id and time."""
    db = sqlite3.connect(file)
    names = [n for n in pq.read_schema(ideal).names if n not in ("authors", "tags")]
    db.execute(f"CREATE TABLE articles ({', '.join(names)})")
    for batch in pq.ParquetFile(ideal).iter_batches(5_000, columns=names):
        columns = [
            column.cast(pa.string()) if pa.types.is_timestamp(column.type) else column
            for column in batch.columns
        ]
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        db.executemany(f"INSERT INTO articles VALUES ({', '.join('?' * len(names))})", rows)
    db.execute("CREATE INDEX by_id ON articles (article_id)")
    db.execute("CREATE INDEX by_time ON articles (fetched_at)")
    db.commit()
    return db


def in_delta(folder: Path, ideal: Path) -> Callable[[str], object] | None:
    """Return a way to ask a Delta Lake table of the same rows, if ``deltalake`` is installed."""
    try:
        delta = importlib.import_module("deltalake")
    except ImportError:
        return None
    delta.write_deltalake(str(folder), pq.ParquetFile(ideal).read())
    dataset = delta.DeltaTable(str(folder)).to_pyarrow_dataset()
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("delta_articles", dataset)
    return lambda query: connection.sql(query).to_arrow_table()


def in_turns(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return each way's median of seconds; the first of the rounds is not counted."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS + 1):
        for name, way in ways.items():
            spent[name].append(_seconds(way))
    return {name: statistics.median(times[1:]) for name, times in spent.items()}


def ask(root: Path, ideal: Path, count: int) -> dict[str, dict[str, float]]:
    """Return seconds of each query by each way."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    db, delta = in_sqlite(root / "peer.db", ideal), in_delta(root / "delta", ideal)
    key = hashlib.sha256(str(count // 2 + 1).encode()).hexdigest()[:20]
    begin, end = (str((FIRST + timedelta(days=n)).date()) for n in (11, 12))
    found: dict[str, dict[str, float]] = {}
    with storage.open(root) as store:
        for name, query in QUERIES.items():

            def said(of: str, query: str = query) -> str:
                return query.format(of=of, key=key, begin=begin, end=end)

            file = f"read_parquet('{ideal}')"
            ways: dict[str, Callable[[], object]] = {
                "ideal": lambda: connection.sql(said(file)).to_arrow_table(),  # noqa: B023
                "revisions": lambda: store.sql(said("revisions")),
                "articles": lambda: store.sql(said("articles")),
                "sqlite": lambda: db.execute(said("articles")).fetchall(),
            }
            if delta is not None:
                ways["delta"] = lambda: delta(said("delta_articles"))
            found[name] = in_turns(ways)
        found["search"] = {}
        found["search"]["build"] = _seconds(lambda: store.search("qqqq"))
        found["search"] |= in_turns({"articles": lambda: store.search("aba* caba", limit=20)})
        found["search"]["bytes"] = (root / "state" / "search.db").stat().st_size
    return found


def opening(root: Path) -> float:
    """Return the seconds from opening a store to its first answer."""

    def once() -> None:
        with storage.open(root) as store:
            store.sql("SELECT 1")

    return in_turns({"open": once})["open"]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    count = 1_000_000 if options.million else options.count
    root = Path(tempfile.mkdtemp(prefix="newsfold-bench-"))
    try:
        with tempfile.TemporaryDirectory(prefix="newsfold-bench-") as other:
            rates = commit_and_flush(Path(other))
        ideal, revised = put_closed_days(root, count)
        record(root, revised)
        before = memory()
        result = {
            "articles": count,
            "superseded": len(revised),
            "bytes an article": sizes(ideal, count),
            "articles a second": rates,
            "seconds": ask(root, ideal, count),
            "open seconds": opening(root),
            "memory": memory()[0] - before[0],
        }
    finally:
        shutil.rmtree(root)
    print(json.dumps(result, indent=1) if options.as_json else _told(result))


def _told(result: dict) -> str:  # type: ignore[type-arg]
    lines = [f"{result['articles']:,} rows over {DAYS} days, {result['superseded']:,} superseded"]
    told = ", ".join(f"{name} {n:.0f}" for name, n in result["bytes an article"].items() if n >= 1)
    lines.append(f"bytes an article: {told}")
    told = ", ".join(f"{name} {n:,.0f}" for name, n in result["articles a second"].items())
    lines.append(f"articles a second: {told}")
    for name, times in result["seconds"].items():
        if name == "search":
            lines.append(
                f"search: {times['articles'] * KILO:.1f} ms; built in {times['build']:.0f} s,"
                f" {times['bytes'] / KILO**2:.0f} MB"
            )
            continue
        told = ", ".join(
            f"{way} {each * KILO:.1f} ms ({each / times['ideal']:.2f})"
            for way, each in times.items()
        )
        lines.append(f"{name}: {told}")
    lines.append(f"open: {result['open seconds'] * KILO:.1f} ms")
    lines.append(f"memory: {result['memory'] / KILO**2:.0f} MB")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
