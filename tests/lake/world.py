"""A ledger filled through its public commits, and readings of what came of its rows."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.dataset as ds

from storage.fs import OnStep, no_hook
from storage.ledger.sqlite import SqliteLedger
from storage.model import (
    Article,
    EntryCommit,
    EntryState,
    FeedState,
    Fingerprint,
    Outcome,
    OutcomeChange,
    Poll,
    PollCommit,
    Reason,
    Row,
    StoredArticle,
    TextSource,
)
from storage.schema import TABLES, to_table

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FEED = "example"
FEED_URL = "https://www.example.org/feed.xml"

Key = tuple[Any, ...]


def open_ledger(root: Path, *, on_step: OnStep = no_hook) -> SqliteLedger:
    (root / "state").mkdir(parents=True, exist_ok=True)
    return SqliteLedger(root / "state" / "ledger.db", on_step=on_step)


def article(number: int, *, at: datetime = NOON, text: str = "", revision: int = 0) -> Article:
    url = f"https://www.example.org/{number}"
    return Article(
        article_id=f"a{number:05}",
        revision=revision,
        story_id=f"a{number:05}",
        url=url,
        canonical_url=url,
        site="example.org",
        feed_id=FEED,
        guid=url,
        title=f"Story {number}",
        authors=("A. Writer", "B. Editor"),
        first_seen_at=at,
        fetched_at=at,
        text=text or f"The text of story {number}.",
        word_count=5,
        text_source=TextSource.PAGE,
        content_hash=f"{number:064x}",
        signature=number.to_bytes(4, "little"),
        extractor="test",
    )


def poll(number: int, *, at: datetime = NOON) -> Poll:
    return Poll(
        feed_id=FEED,
        url=FEED_URL,
        polled_at=at + timedelta(microseconds=number),
        run_id="run",
        ok=True,
        reason=Reason.FETCHED,
    )


def change(of: Article) -> OutcomeChange:
    return OutcomeChange(
        entry_id=f"e{of.article_id}-{of.revision}",
        feed_id=FEED,
        guid=of.url,
        url=of.url,
        title=of.title,
        article_id=of.article_id,
        changed_at=of.fetched_at,
        run_id="run",
        outcome=Outcome.NEW,
        reason=Reason.FIRST_SEEN,
    )


def commit(ledger: SqliteLedger, articles: Iterable[Article], *, at: datetime = NOON) -> None:
    """Store articles the way a crawl does: a poll that brings them, then each entry's commit."""
    articles = list(articles)
    ledger.register_feeds([(FEED, FEED_URL, "Example")], at=at)
    pending = tuple(
        EntryState(
            entry_id=change(each).entry_id,
            feed_id=FEED,
            guid=f"{each.url}#{each.revision}",
            url=each.url,
            title=each.title,
            entry_hash=f"{each.content_hash}{each.revision}",
            first_seen_at=at,
            last_seen_at=at,
            outcome=Outcome.PENDING,
            reason=Reason.WAITING,
            due_at=at,
            payload=b"{}",
        )
        for each in articles
    )
    state = FeedState(feed_id=FEED, url=FEED_URL, name="Example", polled_at=at)
    ledger.commit_poll(PollCommit(state=state, poll=poll(0, at=at), pending=pending))
    with ledger.writing() as writer:
        for each in articles:
            writer.commit(EntryCommit(change=change(each), stored=_stored(each), rows=(each,)))


def _stored(of: Article) -> StoredArticle:
    return StoredArticle(
        article_id=of.article_id,
        revision=of.revision,
        story_id=of.story_id,
        duplicate_of=None,
        url=of.url,
        canonical_url=of.canonical_url,
        site=of.site,
        title=of.title,
        published_at=None,
        first_seen_at=of.first_seen_at,
        fetched_at=of.fetched_at,
        word_count=of.word_count,
        fingerprint=Fingerprint(content_hash=of.content_hash),
    )


def _as_counts(table: str, rows: Iterable[Mapping[str, Any]]) -> Counter[Key]:
    names = TABLES[table].names
    return Counter(
        tuple(tuple(v) if isinstance(v, list) else v for v in (row[name] for name in names))
        for row in rows
    )


def journal(ledger: SqliteLedger) -> dict[str, Counter[Key]]:
    rows: Mapping[str, tuple[Row, ...]] = ledger.snapshot().rows
    return {
        table: _as_counts(table, to_table(table, rows.get(table, ())).to_pylist())
        for table in TABLES
    }


def lake(root: Path, ledger: SqliteLedger) -> dict[str, Counter[Key]]:
    """The rows of all parts that the ledger knows."""
    found: dict[str, Counter[Key]] = {}
    for table, schema in TABLES.items():
        files = [root / part.path for part in ledger.parts(table)]
        rows = ds.dataset(files, schema=schema, format="parquet").to_table().to_pylist()
        found[table] = _as_counts(table, rows)
    return found


def everything(root: Path, ledger: SqliteLedger) -> dict[str, Counter[Key]]:
    """Parquet and journal together, as the query side reads them."""
    waiting, stored = journal(ledger), lake(root, ledger)
    return {table: waiting[table] + stored[table] for table in TABLES}


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    """Return one connection for all readings, which keeps nothing of any: to connect is slow."""
    return duckdb.connect(config={"enable_external_file_cache": "false"})


def globbed(root: Path) -> list[Counter[Key]]:
    """What three engines that know nothing of us see in ``articles``, ids and revisions only."""
    if not list(root.glob("articles/**/*.parquet")):
        return []
    pattern = f"{root}/articles/**/*.parquet"
    query = "SELECT article_id, revision FROM read_parquet(?)"
    by_duckdb = _duckdb().execute(query, [pattern]).fetchall()
    by_polars = pl.scan_parquet(pattern).select("article_id", "revision").collect().rows()
    folder = ds.dataset(root / "articles", format="parquet", partitioning="hive")
    by_arrow = [(r["article_id"], r["revision"]) for r in folder.to_table().to_pylist()]
    return [Counter(by_duckdb), Counter(by_polars), Counter(by_arrow)]


def files(root: Path) -> set[str]:
    return {
        path.relative_to(root).as_posix()
        for table in TABLES
        for path in (root / table).rglob("*")
        if path.is_file()
    }
