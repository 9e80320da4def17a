"""How big, quick and frugal the store is: ``python bench/store.py``.

One run fills a store with articles like news in length and words (100,000, or 1,000,000 with
``--million``, or as many as ``--count`` says, over 30 days, two in a hundred with a second
revision) and asks the same of it in five ways:

* *ideal*: DuckDB over one Parquet file of the same rows, sorted by time, written as ours are;
* *revisions* and *articles* (newest revisions): ``storage.open()`` and its views;
* *delta*: DuckDB over a Delta Lake table of the same rows (``deltalake``), by way of Arrow;
* *sqlite*: one table with indexes on id and time.

The closed days are one file each, as compaction leaves them. *commit*, *flush* and *compact* are
measured on the way in which a crawl stores: through the ledger's journal. Each query runs several
times in turns; printed are medians and their ratio to *ideal*. Memory is the peak of a process of
its own for each way and query.
"""

import argparse
import hashlib
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
from store_peers import IDEAL, OURS, here, opened, peaks, put_peers
from store_rows import DAYS, FIRST, KILO, articles, commit, entry, put_closed_days, record
from store_search import searches

import storage
from storage.lake.lake import Lake
from storage.ledger.sqlite import SqliteLedger
from storage.model import Article, FeedState, Poll, PollCommit, Reason

JOURNALLED = 4_000  # articles on which commit and flush are measured
A_FLUSH = 500
GROUP = 64
ROUNDS = 9
DAY = 11
QUERIES = {
    "scan of numbers": "SELECT site, count(*), sum(word_count) FROM {of} GROUP BY site",
    "scan of texts": "SELECT count(*) FROM {of} WHERE text LIKE '%qq%'",
    "point lookup": "SELECT title, text FROM {of} WHERE article_id = '{key}'",
    "time range": "SELECT title FROM {of} WHERE fetched_at >= '{begin}' AND fetched_at < '{end}'",
}
BY_DAY = "time range, by dt"
"""The same range; our views, which alone have that column, are asked for the day as well."""


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
    later = FIRST + timedelta(days=DAYS)
    seconds["compact"] = _seconds(lambda: list(lake.compact(at=later)))
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


def in_turns(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return each way's median of seconds; the first of the rounds is not counted."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS + 1):
        for name, way in ways.items():
            spent[name].append(_seconds(way))
    return {name: statistics.median(times[1:]) for name, times in spent.items()}


def queries(count: int) -> dict[str, str]:
    """Return the queries by name; ``{of}`` in each stands for the rows."""
    key = hashlib.sha256(str(count // 2 + 1).encode()).hexdigest()[:20]
    begin, end = ((FIRST + timedelta(days=day)).date() for day in (DAY, DAY + 1))
    return {
        name: query.format(of="{of}", key=key, begin=begin, end=end)
        for name, query in QUERIES.items()
    }


def ask(root: Path, count: int) -> dict[str, dict[str, float]]:
    """Return seconds of each query by each way."""
    found: dict[str, dict[str, float]] = {}
    by_day = f" AND dt = '{(FIRST + timedelta(days=DAY)).date()}'"
    with ExitStack() as stack:
        ways = {way: stack.enter_context(opened(way, root)) for way in here(root)}
        for name, query in queries(count).items():
            said = {way: query.format(of=of) for way, (of, _) in ways.items()}
            found[name] = in_turns({way: partial(ways[way][1], said[way]) for way in ways})
        said |= {way: said[way] + by_day for way in OURS}
        found[BY_DAY] = in_turns({way: partial(ways[way][1], said[way]) for way in ways})
    return found


def look_for(root: Path, count: int) -> dict[str, float]:
    """Return the seconds of building the index of words, its bytes an article, and searches."""
    with storage.open(root) as store:
        found = {"build": _seconds(store.reindex)}
        found["bytes an article"] = (root / "state" / "search.db").stat().st_size / count
        wanted = searches(root / IDEAL)
        return found | in_turns({name: partial(store.search, wanted[name]) for name in wanted})


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
        revised = put_closed_days(root, count)
        record(root, revised)
        put_peers(root)
        asked = queries(count)
        used = peaks(root, list(asked.values()))
        result = {
            "articles": count,
            "superseded": len(revised),
            "bytes an article": sizes(root / IDEAL, count),
            "articles a second": rates,
            "seconds": ask(root, count),
            "open seconds": opening(root),
            "peak bytes": {
                way: {name: of[query] for name, query in {"nothing": "", **asked}.items()}
                for way, of in used.items()
            },
            "search": look_for(root, count),
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
        told = ", ".join(
            f"{way} {each * KILO:.1f} ms ({each / times['ideal']:.2f})"
            for way, each in times.items()
        )
        lines.append(f"{name}: {told}")
    lines.append(f"open: {result['open seconds'] * KILO:.1f} ms")
    for way, each in result["peak bytes"].items():
        told = ", ".join(f"{name} {n / KILO**2:.0f}" for name, n in each.items())
        lines.append(f"peak MB, {way}: {told}")
    built, size, *_ = (search := result["search"]).values()
    told = ", ".join(f"{name} {n * KILO:.1f} ms" for name, n in list(search.items())[2:])
    lines.append(f"search: built in {built:.1f} s, {size:.0f} bytes an article; {told}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
