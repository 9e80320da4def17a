"""Rows with everything filled in, and ways to put them on the disk."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from storage.model import (
    Article,
    Duplicate,
    EntryCommit,
    EntryState,
    FeedState,
    Fingerprint,
    Match,
    Outcome,
    OutcomeChange,
    Poll,
    PollCommit,
    Reason,
    Row,
    StoredArticle,
    TextSource,
)
from storage.schema import to_table

T0 = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def article(
    name: str,
    *,
    revision: int = 0,
    story: str | None = None,
    title: str | None = None,
    text: str = "The harbour was closed.",
    minute: float = 0,
    site: str = "example.org",
) -> Article:
    return Article(
        article_id=name,
        revision=revision,
        story_id=story or name,
        url=f"https://{site}/{name}",
        canonical_url=f"https://{site}/{name}",
        site=site,
        feed_id="feed",
        guid=name,
        title=title or f"Title of {name}",
        authors=("A. Writer",),
        published_at=at(minute),
        first_seen_at=at(minute),
        fetched_at=at(minute + revision),
        text=text,
        word_count=len(text.split()),
        text_source=TextSource.PAGE,
        content_hash=f"hash-{name}-{revision}",
        signature=b"\x01\x02",
        extractor="test",
    )


def duplicate(
    name: str,
    *,
    of: str,
    revision: int = 0,
    story: str | None = None,
    minute: float = 0,
    site: str = "example.net",
) -> Duplicate:
    return Duplicate(
        article_id=name,
        revision=revision,
        story_id=story or of,
        duplicate_of=of,
        match=Match.NEAR,
        similarity=0.9,
        containment=0.95,
        url=f"https://{site}/{name}",
        canonical_url=f"https://{site}/{name}",
        site=site,
        feed_id="other",
        guid=name,
        title=f"Title of {name}",
        published_at=at(minute),
        first_seen_at=at(minute),
        fetched_at=at(minute + revision),
        word_count=4,
        text_source=TextSource.FEED,
        content_hash=f"hash-{name}-{revision}",
        signature=b"\x01\x02",
        extractor="test",
    )


def change(name: str, outcome: Outcome, reason: Reason, *, minute: float = 0) -> OutcomeChange:
    return OutcomeChange(
        entry_id=f"entry-{name}",
        feed_id="feed",
        guid=name,
        url=f"https://example.org/{name}",
        title=f"Title of {name}",
        article_id=None if outcome is Outcome.PENDING else name,
        changed_at=at(minute),
        run_id="run",
        outcome=outcome,
        reason=reason,
    )


def put_part(
    root: Path, table: str, name: str, rows: Sequence[Row], day: str = "2026-11-23"
) -> Path:
    """Write rows as a part that any engine could have written, without a ledger."""
    path = root / table / f"dt={day}" / f"part-{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(to_table(table, rows), path)
    return path


def feed_state() -> FeedState:
    return FeedState(feed_id="feed", url="https://example.org/feed.xml", name="Example", ok=True)


def poll_commit(*names: str) -> PollCommit:
    """A poll of ``feed`` that found these entries."""
    entries = tuple(
        EntryState(
            entry_id=f"entry-{name}",
            feed_id="feed",
            guid=name,
            url=f"https://example.org/{name}",
            title=f"Title of {name}",
            entry_hash="hash",
            first_seen_at=T0,
            last_seen_at=T0,
            outcome=Outcome.PENDING,
            reason=Reason.WAITING,
            due_at=T0,
            payload=b"payload",
        )
        for name in names
    )
    poll = Poll(
        feed_id="feed",
        url="https://example.org/feed.xml",
        polled_at=T0,
        run_id="run",
        ok=True,
        reason=Reason.FETCHED,
        status=200,
        entries=len(names),
        new=len(names),
    )
    return PollCommit(state=feed_state(), poll=poll, pending=entries)


def entry_commit(row: Article, *, entry: str | None = None) -> EntryCommit:
    """The commit of an entry (by default the article's namesake) that is new or revised."""
    outcome = Outcome.REVISED if row.revision else Outcome.NEW
    reason = Reason.TEXT_CHANGED if row.revision else Reason.FIRST_SEEN
    stored = StoredArticle(
        article_id=row.article_id,
        revision=row.revision,
        story_id=row.story_id,
        duplicate_of=None,
        url=row.url,
        canonical_url=row.canonical_url,
        site=row.site,
        title=row.title,
        published_at=row.published_at,
        first_seen_at=row.first_seen_at,
        fetched_at=row.fetched_at,
        word_count=row.word_count,
        fingerprint=Fingerprint(content_hash=row.content_hash),
    )
    return EntryCommit(
        change=replace(change(entry or row.article_id, outcome, reason), article_id=row.article_id),
        stored=stored,
        rows=(row,),
        aliases=(row.url, f"https://alias.example/{row.article_id}"),
    )
