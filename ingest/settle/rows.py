"""Build the rows of an article from its entry, its extraction and its place in the fold."""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from ingest.articles.identity import article_id
from ingest.articles.urls import site_of
from ingest.dedup.decision import Copy
from ingest.settle.finding import Found
from storage.model import Article, Duplicate, EntryState, StoredArticle

_SHARED = tuple(
    field.name for field in fields(Article) if field.name in {f.name for f in fields(Duplicate)}
)


def stored_article(
    state: EntryState, found: Found, *, previous: StoredArticle | None = None
) -> StoredArticle:
    """Return the article's next place in the index, as a story of its own until decided.

    A later revision keeps its identity, its first sighting and, until it is folded anew, its story.
    """
    extracted = found.extracted
    key = previous.article_id if previous else article_id(extracted.canonical_url)
    revision = previous.revision + 1 if previous else 0
    story_id = previous.story_id if previous else key
    if previous is not None and previous.duplicate_of is not None:
        # Not the bare id: the story it leaves may bear it, having begun with this article.
        story_id = f"{key}-{revision}"
    return StoredArticle(
        article_id=key,
        revision=revision,
        story_id=story_id,
        duplicate_of=None,
        url=found.url,
        canonical_url=previous.canonical_url if previous else extracted.canonical_url,
        site=site_of(extracted.canonical_url),
        title=extracted.title,
        published_at=extracted.published_at,
        first_seen_at=previous.first_seen_at if previous else _first_seen(state),
        fetched_at=found.fetched_at,
        word_count=extracted.word_count,
        fingerprint=extracted.fingerprint,
        text_source=extracted.text_source,
        feed_id=state.feed_id,
        guid=state.guid,
        language=extracted.language,
    )


def _first_seen(state: EntryState) -> datetime:
    """Return when the entry first led to a new article: a reused GUID did so when it changed."""
    return state.last_seen_at if state.recheck else state.first_seen_at


def article_row(
    state: EntryState, found: Found, stored: StoredArticle, *, related: Sequence[str] = ()
) -> Article:
    """Return the row of ``articles`` for this revision; ``related`` are ids of what is near it."""
    extracted = found.extracted
    return Article(
        article_id=stored.article_id,
        revision=stored.revision,
        story_id=stored.story_id,
        url=stored.url,
        canonical_url=stored.canonical_url,
        site=stored.site,
        feed_id=state.feed_id,
        guid=state.guid,
        title=extracted.title,
        authors=extracted.authors,
        published_at=extracted.published_at,
        modified_at=extracted.modified_at,
        first_seen_at=stored.first_seen_at,
        fetched_at=found.fetched_at,
        language=extracted.language,
        summary=extracted.summary,
        text=extracted.text,
        tags=extracted.tags,
        image_url=extracted.image_url,
        word_count=extracted.word_count,
        text_source=extracted.text_source,
        content_hash=extracted.fingerprint.content_hash,
        signature=extracted.fingerprint.signature,
        extractor=extracted.extractor,
        extra=json.dumps(
            {**extracted.extra, **({"related": list(related)} if related else {})},
            ensure_ascii=False,
            sort_keys=True,
        ),
    )


def duplicate_row(
    state: EntryState, found: Found, stored: StoredArticle, copy: Copy, *, keep_text: bool
) -> Duplicate:
    """Return the row of ``duplicates`` for an article that is folded as it arrives."""
    return _folded(article_row(state, found, stored), stored, copy, keep_text=keep_text)


def demoted_row(
    demoted: StoredArticle, copy: Copy, row: Article | None, *, keep_text: bool
) -> Duplicate:
    """Return the row of ``duplicates`` for a former first copy.

    ``row`` is its article row where that is still in the journal. Where it was flushed already
    its metadata stand in ``articles``, and this row has what the index knows.
    """
    return _folded(row or _from_index(demoted), demoted, copy, keep_text=keep_text and bool(row))


def _folded(row: Article, stored: StoredArticle, copy: Copy, *, keep_text: bool) -> Duplicate:
    shared = {name: getattr(row, name) for name in _SHARED}
    shared["story_id"] = stored.story_id
    if not keep_text:
        shared["text"] = None
    assert stored.duplicate_of is not None
    return Duplicate(
        **shared,
        duplicate_of=stored.duplicate_of,
        match=copy.match,
        similarity=copy.similarity,
        containment=copy.containment,
    )


def _from_index(stored: StoredArticle) -> Article:
    return Article(
        article_id=stored.article_id,
        revision=stored.revision,
        story_id=stored.story_id,
        url=stored.url,
        canonical_url=stored.canonical_url,
        site=stored.site,
        feed_id=stored.feed_id,
        guid=stored.guid,
        title=stored.title,
        published_at=stored.published_at,
        first_seen_at=stored.first_seen_at,
        fetched_at=stored.fetched_at,
        language=stored.language,
        text="",
        word_count=stored.word_count,
        text_source=stored.text_source,
        content_hash=stored.fingerprint.content_hash,
        signature=stored.fingerprint.signature,
        extractor="",
    )
