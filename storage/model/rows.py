"""The rows of each table: frozen values, named as their columns are in ``storage.schema``."""

from dataclasses import dataclass
from datetime import datetime

from storage.model.words import Match, Outcome, Reason, TextSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One row of ``articles``: one revision of one article."""

    article_id: str
    revision: int
    story_id: str
    url: str
    canonical_url: str
    site: str
    feed_id: str
    guid: str | None
    title: str | None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None
    first_seen_at: datetime
    fetched_at: datetime
    language: str | None = None
    summary: str | None = None
    text: str
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    word_count: int
    text_source: TextSource
    content_hash: str
    signature: bytes
    extractor: str
    extra: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """One row of ``duplicates``: an article that was folded into ``duplicate_of``.

    ``similarity`` is the (estimated) Jaccard similarity of the two texts' shingle sets,
    ``containment`` the share of the smaller set that lies in the larger; both 0 to 1.
    ``text`` is kept only where the configuration asks for it.
    """

    article_id: str
    revision: int
    story_id: str
    duplicate_of: str
    match: Match
    similarity: float
    containment: float
    url: str
    canonical_url: str
    site: str
    feed_id: str
    guid: str | None
    title: str | None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None
    first_seen_at: datetime
    fetched_at: datetime
    language: str | None = None
    summary: str | None = None
    text: str | None = None
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    word_count: int
    text_source: TextSource
    content_hash: str
    signature: bytes
    extractor: str
    extra: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One row of ``polls``: one request to a feed. ``seconds`` is wall time, ``bytes`` decoded."""

    feed_id: str
    url: str
    polled_at: datetime
    run_id: str
    ok: bool
    reason: Reason
    detail: str | None = None
    status: int | None = None
    seconds: float = 0.0
    bytes: int = 0
    entries: int = 0
    new: int = 0
    changed: int = 0
    next_due_at: datetime | None = None
    extra: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeChange:
    """One row of ``outcomes``: one change of one entry's outcome.

    ``detail`` is a sentence for people; ``evidence`` the rule's numbers as a JSON object.
    """

    entry_id: str
    feed_id: str
    guid: str
    url: str | None
    title: str | None
    article_id: str | None
    changed_at: datetime
    run_id: str
    outcome: Outcome
    reason: Reason
    detail: str | None = None
    evidence: str = "{}"
    extra: str = "{}"


Row = Article | Duplicate | Poll | OutcomeChange
