"""What the ledger remembers of feeds, entries and articles."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.model.words import Outcome, Reason, TextSource

FAR = timedelta(hours=25)
"""No wait is longer than a day: a time further off was set by a clock that was wrong."""

LONGEST_REST = timedelta(days=8)
"""But for feeds that want to be left alone on some days of the week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What the fold knows of a text, as the ledger keeps it.

    ``content_hash``: hex digest of the normalised text. ``signature``: the MinHash values
    (``uint32`` little endian, one per permutation; empty when the text has no shingles).
    ``bands``: one signed 64-bit integer a band of the LSH index. ``shingles``: number of
    distinct shingles. ``sample``: the least of their 32-bit hashes (``uint32`` little endian,
    ascending). ``lead``, ``lead_bands``, ``lead_shingles``: signature, bands and size of the
    text's first tokens alone. ``numbers``: the distinct numbers the text states, sorted.
    ``passages``: a signed 64-bit hash for each distinct paragraph on its site, in order;
    ``headline``: one of the title.
    """

    content_hash: str
    signature: bytes = b""
    bands: tuple[int, ...] = ()
    shingles: int = 0
    numbers: tuple[str, ...] = ()
    sample: bytes = b""
    lead: bytes = b""
    lead_bands: tuple[int, ...] = ()
    lead_shingles: int = 0
    passages: tuple[int, ...] = ()
    headline: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What the ledger remembers of a feed between polls.

    ``etag`` and ``last_modified`` are the validators, byte for byte as the server sent them
    (RFC 9110 section 8.8). ``failures`` weighs the faults since the last success.
    ``held_until`` is set by a server's ``Retry-After``; ``retired`` by a 410. ``schedule`` says
    in sentences why ``next_due_at`` is what it is.

    ``answer_date`` is the ``Date`` of the last whole answer, as sent; ``validators_url`` is where
    it and the validators came from, behind redirects, and ``full_at`` when the feed was last asked
    unconditionally. ``fresh_seconds`` and ``ttl_seconds`` are the last wishes of the
    server and of the document, ``skip_hours`` (0 to 23) and ``skip_days`` (Monday is 0) the
    document's, in UTC. ``address`` is where the feed is asked for since it moved for good;
    ``moved_to`` where it redirects to permanently, without a break since ``moved_since``.
    ``gaps`` counts the polls that shared no entry with the one before, the last at ``gap_at``.
    ``link`` is the feed's site; ``hub`` and ``topic`` are what it says of WebSub.
    """

    feed_id: str
    url: str
    name: str
    title: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    interval_seconds: float | None = None
    next_due_at: datetime | None = None
    polled_at: datetime | None = None
    ok_at: datetime | None = None
    new_at: datetime | None = None
    failures: float = 0.0
    ok: bool | None = None
    reason: Reason | None = None
    detail: str | None = None
    status: int | None = None
    held_until: datetime | None = None
    retired: bool = False
    schedule: tuple[str, ...] = ()
    answer_date: str | None = None
    full_at: datetime | None = None
    validators_url: str | None = None
    fresh_seconds: float | None = None
    ttl_seconds: float | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    address: str | None = None
    moved_to: str | None = None
    moved_since: datetime | None = None
    gaps: int = 0
    gap_at: datetime | None = None
    link: str | None = None
    hub: str | None = None
    topic: str | None = None
    extra: str = "{}"

    def is_held(self, now: datetime) -> bool:
        """Whether the server wants the feed left alone now."""
        return self.held_until is not None and now < self.held_until <= now + FAR


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryState:
    """One entry as the ledger keeps it.

    ``entry_hash`` tells a changed entry from an unchanged one. ``payload`` is the parsed entry
    (opaque to storage), kept only while the entry is pending. ``attempts`` counts the tries at
    its page; ``due_at`` is when the next may be made. ``recheck`` marks an entry that changed
    after it was done once.
    """

    entry_id: str
    feed_id: str
    guid: str
    url: str | None
    title: str | None
    entry_hash: str
    first_seen_at: datetime
    last_seen_at: datetime
    outcome: Outcome
    reason: Reason
    detail: str | None = None
    article_id: str | None = None
    attempts: int = 0
    due_at: datetime | None = None
    recheck: bool = False
    payload: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArticle:
    """An article's newest revision as the ledger's index knows it: identity and fold, no text.

    ``duplicate_of`` is ``None`` for a story's first copy. One that is ``misplaced`` waits in its
    story until its page is read again: it is to leave, but its text is not kept.
    """

    article_id: str
    revision: int
    story_id: str
    duplicate_of: str | None
    url: str
    canonical_url: str
    site: str
    title: str | None
    published_at: datetime | None
    first_seen_at: datetime
    fetched_at: datetime
    word_count: int
    fingerprint: Fingerprint
    text_source: TextSource = TextSource.PAGE
    feed_id: str = ""
    guid: str | None = None
    language: str | None = None
    misplaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A link to an article that is near another and no copy of it.

    ``rule`` says what kept the two from being copies; ``similarity`` and ``containment`` are as in
    ``Duplicate``.
    """

    article_id: str
    rule: str
    similarity: float
    containment: float
