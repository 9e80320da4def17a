"""The rows of ``bench/store.py``, and ways to put them into a store."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from store_peers import IDEAL
from store_texts import texts

from storage.lake.parts import measure, row_groups, write_groups, write_part
from storage.ledger import articles as ledger_articles
from storage.ledger.sqlite import SqliteLedger
from storage.model import (
    Article,
    EntryCommit,
    EntryState,
    Fingerprint,
    Outcome,
    OutcomeChange,
    Reason,
    StoredArticle,
    TextSource,
)
from storage.schema import day_of, to_table

DAYS = 30
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
REVISED = 0.02
KILO = 1_000


def articles(count: int) -> Iterator[Article]:
    """Yield articles in the order in which they were fetched."""
    chance = np.random.default_rng(7)
    written = texts(count, seed=7)
    for number, each in enumerate(written):
        text = each.text
        revised = number > KILO and chance.random() < REVISED
        of = number - KILO if revised else number
        key = hashlib.sha256(str(of).encode()).hexdigest()[:20]
        at = FIRST + timedelta(days=DAYS) * (number / count)
        site = f"site{of % 997}.example"
        yield Article(
            article_id=key,
            revision=int(revised),
            story_id=key,
            url=f"https://{site}/news/{of}",
            canonical_url=f"https://{site}/news/{of}",
            site=site,
            feed_id=f"feed-{of % 997}",
            guid=str(of),
            title=text[: 40 + of % 40],
            published_at=at,
            first_seen_at=at,
            fetched_at=at,
            language=each.language,
            summary=text[:150],
            text=text,
            word_count=text.count(" ") + 1 if each.language == "en" else len(text),
            text_source=TextSource.PAGE,
            content_hash=hashlib.sha256(text.encode()).hexdigest(),
            signature=chance.bytes(512),
            extractor="bench",
        )


def put_closed_days(root: Path, count: int) -> list[Article]:
    """Write a part a day, and the same rows as one file; return the second revisions."""
    rows, revised = articles(count), list[Article]()

    def days() -> Iterator[pa.Table]:
        for day, of in groupby(rows, day_of):
            some = list(of)
            revised.extend(row for row in some if row.revision)
            table = to_table("articles", some)
            folder = root / "articles" / f"dt={day}"
            folder.mkdir(parents=True)
            write_part(folder / "part-day.parquet", "articles", table, scheme="bench")
            yield table

    write_groups(
        root / IDEAL, "articles", row_groups("articles", days()), rows=count, scheme="bench"
    )
    return revised


def record(root: Path, revised: Sequence[Article]) -> None:
    """Give the parts a ledger that knows them, and which rows do not stand."""
    ledger = SqliteLedger(root / "state" / "ledger.db")
    with ledger._database.writing() as db:
        for file in sorted((root / "articles").rglob("*.parquet")):
            size, digest = measure(file)
            rows = pq.ParquetFile(file).metadata.num_rows
            path = file.relative_to(root).as_posix()
            values = [path, "articles", path, rows, size, digest]
            db.execute(
                "INSERT INTO parts (path, table_name, batch_id, rows, bytes, sha256)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
        for row in revised:
            ledger_articles.put(db, stored(replace(row, revision=0)))
            ledger_articles.put(db, stored(row))
    ledger.close()


def entry(row: Article) -> EntryState:
    """Return the entry that brings an article."""
    return EntryState(
        entry_id=row.article_id,
        feed_id="f",
        guid=row.article_id,
        url=row.url,
        title=row.title,
        entry_hash="",
        first_seen_at=FIRST,
        last_seen_at=FIRST,
        outcome=Outcome.PENDING,
        reason=Reason.WAITING,
        due_at=FIRST,
        payload=b"{}",
    )


def commit(row: Article) -> EntryCommit:
    """Return the commit of an article that is new."""
    change = OutcomeChange(
        entry_id=row.article_id,
        feed_id="f",
        guid=row.article_id,
        url=row.url,
        title=row.title,
        article_id=row.article_id,
        changed_at=FIRST,
        run_id="b",
        outcome=Outcome.NEW,
        reason=Reason.FIRST_SEEN,
    )
    return EntryCommit(change=change, stored=stored(row), rows=(row,), aliases=(row.url,))


def stored(row: Article) -> StoredArticle:
    """Return an article's place in the ledger."""
    return StoredArticle(
        **{name: getattr(row, name) for name in StoredArticle.__slots__ if hasattr(row, name)},
        duplicate_of=None,
        fingerprint=Fingerprint(content_hash=row.content_hash),
    )
