"""An article's move to another place among the stories, with the rows that tell of it. Pure.

What is in the lake stays; a row of a higher revision takes the place of a fold, and of a story's
name. So the text of an article that was stored once is never lost to its being folded.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from ingest.dedup.sample import likeness
from ingest.feeds.diff import pack
from ingest.regroup.kept import Kept
from ingest.types import ParsedEntry
from storage.model import (
    Article,
    Duplicate,
    EntryState,
    Match,
    Outcome,
    Reason,
    StoredArticle,
)
from storage.regroup import Move

_SHARED = tuple(
    field.name for field in fields(Article) if field.name in {f.name for f in fields(Duplicate)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """Why an article moves: for its entries' outcome, and for ``why``."""

    reason: Reason
    detail: str
    evidence: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a copy matches: what its row says."""

    match: Match
    similarity: float
    containment: float


def measured(one: StoredArticle, other: StoredArticle, match: Match) -> Fit:
    """Return a match with the likeness that two articles have."""
    own, its = one.fingerprint, other.fingerprint
    found = likeness(own.sample, its.sample, (own.shingles, its.shingles))
    return Fit(match=match, similarity=found.jaccard, containment=found.containment)


def own_story(stored: StoredArticle) -> str:
    """Return the name of a story that begins with an article's next revision."""
    return f"{stored.article_id}-{stored.revision + 1}"


def as_first(stored: StoredArticle, row: Article, *, story_id: str, because: Because) -> Move:
    """Return the move of an article, its text being in ``row``, to the head of a story."""
    moved = replace(
        stored,
        revision=stored.revision + 1,
        story_id=story_id,
        duplicate_of=None,
        misplaced=False,
    )
    row = replace(
        row,
        revision=moved.revision,
        story_id=story_id,
        content_hash=stored.fingerprint.content_hash,
        signature=stored.fingerprint.signature,
    )
    return _move(moved, row, Outcome.NEW, because)


def as_copy(
    stored: StoredArticle, kept: Kept, first: StoredArticle, *, fit: Fit | None, because: Because
) -> Move:
    """Return the move of an article into the story of ``first``; ``fit`` or as it was folded."""
    before = stored.duplicate_of is None
    moved = replace(
        stored,
        revision=stored.revision if before else stored.revision + 1,
        story_id=first.story_id,
        duplicate_of=first.article_id,
        misplaced=stored.misplaced and fit is None,
    )
    source = (kept.article if before else kept.duplicate) or kept.article
    if source is None:
        raise LookupError(f"{stored.article_id}: neither stored nor folded")
    if fit is None:
        row = kept.duplicate
        match = row.match if row else Match.NEAR
        fit = measured(stored, first, match) if row is None else _fit_of(row)
    shared = {name: getattr(source, name) for name in _SHARED}
    if before:
        shared["text"] = None  # it stands among the revisions
    shared |= {
        "revision": moved.revision,
        "story_id": moved.story_id,
        "content_hash": stored.fingerprint.content_hash,
        "signature": stored.fingerprint.signature,
    }
    row = Duplicate(
        **shared,
        duplicate_of=first.article_id,
        match=fit.match,
        similarity=fit.similarity,
        containment=fit.containment,
    )
    return _move(moved, row, Outcome.DUPLICATE, because)


def to_be_read(entries: list[EntryState], stored: StoredArticle, detail: str) -> EntryState | None:
    """Return the entry by which an article's page is read again; ``None`` if there is no page."""
    with_page = [entry for entry in entries if entry.url is not None]
    if not with_page:
        return None
    entry = min(
        with_page,
        key=lambda it: ((it.feed_id, it.guid) != (stored.feed_id, stored.guid), it.entry_id),
    )
    told = ParsedEntry(
        guid=entry.guid, link=entry.url, title=entry.title, published_at=stored.published_at
    )
    return replace(
        entry,
        outcome=Outcome.PENDING,
        reason=Reason.SET_APART,
        detail=detail,
        payload=pack(told),
    )


def _fit_of(row: Duplicate) -> Fit:
    return Fit(match=row.match, similarity=row.similarity, containment=row.containment)


def _move(
    stored: StoredArticle, row: Article | Duplicate, outcome: Outcome, because: Because
) -> Move:
    return Move(
        stored=stored,
        rows=(row,),
        outcome=outcome,
        reason=because.reason,
        detail=because.detail,
        evidence=json.dumps(because.evidence),
    )
