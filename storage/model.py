"""The words both packages share: outcomes, reasons and the rows of each table.

Rows are values: frozen, and named as their columns are in ``storage.schema``.
All times are timezone-aware UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from storage.sites import Sighting

FAR = timedelta(hours=25)
"""No wait is longer than a day: a time further off was set by a clock that was wrong."""

LONGEST_REST = timedelta(days=8)
"""But for feeds that want to be left alone on some days of the week."""


class Outcome(StrEnum):
    """What became of an entry. Every entry has exactly one at any time."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    FAILED = "failed"
    PENDING = "pending"


class Match(StrEnum):
    """How a duplicate matched the article it was folded into."""

    EXACT = "exact"
    NEAR = "near"
    CONTAINED = "contained"
    JOINED = "joined"


class TextSource(StrEnum):
    """Where an article's text was taken from."""

    PAGE = "page"
    FEED = "feed"


class Reason(StrEnum):
    """Why something happened: one vocabulary for logs, counts, columns and ``why``."""

    # polls that went well
    FETCHED = "fetched"
    NOT_MODIFIED = "not_modified"
    SAME_BODY = "same_body"
    PUSHED = "pushed"
    # polls that were not made
    ON_HOLD = "on_hold"
    RETIRED = "retired"
    # faults of the network
    BAD_URL = "bad_url"
    ADDRESS_REFUSED = "address_refused"
    DNS_FAILED = "dns_failed"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"
    DEADLINE = "deadline"
    PROTOCOL_ERROR = "protocol_error"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    BAD_REDIRECT = "bad_redirect"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    # answers that are refusals
    HTTP_NOT_FOUND = "http_not_found"
    HTTP_GONE = "http_gone"
    HTTP_FORBIDDEN = "http_forbidden"
    HTTP_TOO_MANY_REQUESTS = "http_too_many_requests"
    HTTP_CLIENT_ERROR = "http_client_error"
    HTTP_SERVER_ERROR = "http_server_error"
    HTTP_UNEXPECTED = "http_unexpected"
    ROBOTS_DISALLOWED = "robots_disallowed"
    ROBOTS_UNREACHABLE = "robots_unreachable"
    # faults of a document
    NOT_A_FEED = "not_a_feed"
    NOT_HTML = "not_html"
    WORKER_TIMEOUT = "worker_timeout"
    WORKER_CRASHED = "worker_crashed"
    INTERNAL_ERROR = "internal_error"
    # subscriptions to a hub
    ASKED = "asked"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    NOT_VERIFIED = "not_verified"
    LEASE_ENDED = "lease_ended"
    NOT_WANTED = "not_wanted"
    # rows of an import
    BAD_ROW = "bad_row"
    # what was decided of an entry
    WAITING = "waiting"
    NO_LINK = "no_link"
    NO_TEXT = "no_text"
    TAKEN_DOWN = "taken_down"
    NOT_AN_ARTICLE = "not_an_article"
    KNOWN_URL = "known_url"
    SAME_TEXT = "same_text"
    SAME_PASSAGES = "same_passages"
    SEEN_BEFORE = "seen_before"
    FIRST_SEEN = "first_seen"
    TEXT_CHANGED = "text_changed"
    NEWER_TEXT = "newer_text"
    EXACT_COPY = "exact_copy"
    NEAR_COPY = "near_copy"
    CONTAINED_COPY = "contained_copy"
    BETTER_ORIGINAL = "better_original"
    SHARED_COPY = "shared_copy"
    # what a person said, or a new look at all that is stored
    JOINED = "joined"
    SET_APART = "set_apart"
    REFOLDED = "refolded"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A pending entry that is to be tried again."""

    attempts: int
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCommit:
    """All that is written for one entry, whole or not at all.

    ``stored``: the article's new place in the index. ``rows``: article and duplicate rows for
    the journal. ``aliases``: URLs by which the article may be asked for. ``demoted``: an earlier
    first copy which this commit folds into the new article; its rows still in the journal are
    replaced by the given duplicate row. ``gathered``: articles alone in their stories that join the
    new one's in the same way. ``retry``: set exactly when the outcome is pending.
    ``version`` is what names the text among those of its article, by which it is counted;
    ``related`` the links that take the place of those found for it before, ``None`` to leave them.
    ``sighting``: what its page adds to what is known of its site.
    """

    change: OutcomeChange
    stored: StoredArticle | None = None
    rows: tuple[Article | Duplicate, ...] = ()
    aliases: tuple[str, ...] = ()
    demoted: tuple[StoredArticle, Duplicate, OutcomeChange] | None = None
    gathered: tuple[tuple[StoredArticle, Duplicate, OutcomeChange], ...] = ()
    retry: Retry | None = None
    version: str | None = None
    related: tuple[Related, ...] | None = None
    sighting: Sighting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollCommit:
    """All that one poll writes: the feed's state, its poll row, and entries new or changed.

    ``seen`` holds the ids of the entries that stood in the feed unchanged.
    """

    state: FeedState
    poll: Poll
    pending: tuple[EntryState, ...] = field(default=())
    seen: tuple[str, ...] = field(default=())
