"""Values to write into ledgers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
    Retry,
    StoredArticle,
    TextSource,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def entry(name: str, *, feed: str = "f", version: int = 0, at: datetime = NOON) -> EntryState:
    return EntryState(
        entry_id=f"{feed}/{name}",
        feed_id=feed,
        guid=name,
        url=f"https://{feed}.example/{name}",
        title=name.title(),
        entry_hash=f"{name}-{version}",
        first_seen_at=at,
        last_seen_at=at,
        outcome=Outcome.PENDING,
        reason=Reason.WAITING,
        due_at=at,
        recheck=version > 0,
        payload=f"payload of {name} {version}".encode(),
    )


def poll(
    *pending: EntryState,
    feed: str = "f",
    seen: tuple[str, ...] = (),
    at: datetime = NOON,
    run: str = "run",
) -> PollCommit:
    return PollCommit(
        state=FeedState(
            feed_id=feed,
            url=f"https://{feed}.example/feed",
            name=feed.title(),
            etag='W/"1"',
            interval_seconds=900.5,
            next_due_at=at + HOUR,
            polled_at=at,
            ok=True,
            reason=Reason.FETCHED,
            status=200,
        ),
        poll=Poll(
            feed_id=feed,
            url=f"https://{feed}.example/feed",
            polled_at=at,
            run_id=run,
            ok=True,
            reason=Reason.FETCHED,
            entries=len(pending),
        ),
        pending=pending,
        seen=seen,
    )


def stored(
    name: str,
    *,
    bands: tuple[int, ...] = (),
    text: str | None = None,
    revision: int = 0,
    story: str | None = None,
    duplicate_of: str | None = None,
    at: datetime = NOON,
) -> StoredArticle:
    return StoredArticle(
        article_id=name,
        revision=revision,
        story_id=story or name,
        duplicate_of=duplicate_of,
        url=f"https://f.example/{name}?utm_source=feed",
        canonical_url=f"https://f.example/{name}",
        site="f.example",
        title=name.title(),
        published_at=None,
        first_seen_at=at,
        fetched_at=at,
        word_count=3,
        fingerprint=Fingerprint(
            content_hash=text or f"hash of {name} {revision}",
            signature=b"\x00\xff" * 4,
            bands=bands,
            shingles=7,
            numbers=("1,5", "2026"),
        ),
        feed_id="f",
        guid=name,
    )


def article(of: StoredArticle) -> Article:
    return Article(
        article_id=of.article_id,
        revision=of.revision,
        story_id=of.story_id,
        url=of.url,
        canonical_url=of.canonical_url,
        site=of.site,
        feed_id=of.feed_id,
        guid=of.guid,
        title=of.title,
        authors=("A. Writer", "B. Wríter"),
        first_seen_at=of.first_seen_at,
        fetched_at=of.fetched_at,
        text=f"Text of {of.article_id} 日本 \x00",
        word_count=of.word_count,
        text_source=TextSource.PAGE,
        content_hash=of.fingerprint.content_hash,
        signature=of.fingerprint.signature,
        extractor="test",
    )


def duplicate(of: StoredArticle, *, original: str) -> Duplicate:
    return Duplicate(
        article_id=of.article_id,
        revision=of.revision,
        story_id=of.story_id,
        duplicate_of=original,
        match=Match.NEAR,
        similarity=0.875,
        containment=1.0,
        url=of.url,
        canonical_url=of.canonical_url,
        site=of.site,
        feed_id=of.feed_id,
        guid=of.guid,
        title=of.title,
        first_seen_at=of.first_seen_at,
        fetched_at=of.fetched_at,
        word_count=of.word_count,
        text_source=TextSource.PAGE,
        content_hash=of.fingerprint.content_hash,
        signature=of.fingerprint.signature,
        extractor="test",
    )


def change(
    of: EntryState,
    outcome: Outcome,
    reason: Reason = Reason.FIRST_SEEN,
    *,
    article_id: str | None = None,
    at: datetime = NOON,
) -> OutcomeChange:
    return OutcomeChange(
        entry_id=of.entry_id,
        feed_id=of.feed_id,
        guid=of.guid,
        url=of.url,
        title=of.title,
        article_id=article_id,
        changed_at=at,
        run_id="run",
        outcome=outcome,
        reason=reason,
        detail=f"{of.guid} is {outcome}",
    )


def new(of: EntryState, place: StoredArticle) -> EntryCommit:
    """The entry brought an article that is its story's first copy."""
    outcome = Outcome.REVISED if place.revision else Outcome.NEW
    return EntryCommit(
        change=change(of, outcome, article_id=place.article_id, at=place.fetched_at),
        stored=place,
        rows=(article(place),),
        aliases=(place.url, place.canonical_url),
    )


def copy(of: EntryState, place: StoredArticle) -> EntryCommit:
    """The entry brought a copy of another article."""
    assert place.duplicate_of is not None
    return EntryCommit(
        change=change(of, Outcome.DUPLICATE, Reason.NEAR_COPY, article_id=place.article_id),
        stored=place,
        rows=(duplicate(place, original=place.duplicate_of),),
        aliases=(place.url,),
    )


def better(of: EntryState, place: StoredArticle, former: StoredArticle) -> EntryCommit:
    """The entry brought the original of a story that ``former`` was the first copy of."""
    place = replace(place, story_id=former.story_id)
    demoted = replace(former, duplicate_of=place.article_id)
    demotion = replace(
        change(of, Outcome.DUPLICATE, Reason.BETTER_ORIGINAL, article_id=former.article_id),
        entry_id=former.article_id,
        detail=f"{place.article_id} came out before it",
    )
    row = duplicate(demoted, original=place.article_id)
    return replace(new(of, place), demoted=(demoted, row, demotion))


def failed(of: EntryState) -> EntryCommit:
    return EntryCommit(change=change(of, Outcome.FAILED, Reason.HTTP_NOT_FOUND))


def again(of: EntryState, *, attempts: int, due_at: datetime) -> EntryCommit:
    return EntryCommit(
        change=change(of, Outcome.PENDING, Reason.DEADLINE),
        retry=Retry(attempts=attempts, due_at=due_at),
    )
