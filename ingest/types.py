"""The values that travel from stage to stage, named by the stage that makes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from storage.model import Fingerprint, Reason, TextSource


class FullText(StrEnum):
    """Where an article's text is to come from: the page, the feed, or whichever can be had."""

    AUTO = "auto"
    PAGE = "page"
    FEED = "feed"


class FeedText(StrEnum):
    """What a feed's own texts are, as far as its last entries tell: whole, or teasers."""

    FULL = "full"
    TEASER = "teaser"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """What the configuration says of a host's pages and those of its subdomains: XPaths.

    ``body`` are the elements that hold the article, ``remove`` those that do not belong to it,
    ``title`` and ``date`` those (or attributes) that state these.
    """

    host: str
    body: str | None = None
    remove: str | None = None
    title: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is known beforehand of a page's site and of the feed that led to the page.

    ``repeated`` are hashes of blocks that stood on several of its pages.
    """

    repeated: frozenset[int] = frozenset()
    rules: SiteRules | None = None
    feed_text: FeedText = FeedText.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a page teaches of its site, and what was done to it by what others taught.

    ``blocks`` are the hashes of its own blocks. ``removed`` counts those that were left out,
    ``quotations`` are the beginnings of some of them; both say what would have been left out
    where ``kept`` is true, for it was most of the article. ``passages`` are the hashes of the
    paragraphs that were left out, as the fold knows them. ``agreement`` and ``links`` are signals
    of quality, 0 to 1. ``unmatched`` are the site rules that matched nothing. ``feed_words``
    counts the feed's own text, ``None`` where there is none, ``page_words`` the page's; ``shared``
    is the share of the page's text that the feed's has.
    """

    blocks: tuple[int, ...] = ()
    removed: int = 0
    quotations: tuple[str, ...] = ()
    passages: tuple[int, ...] = ()
    kept: bool = False
    agreement: float = 0.0
    links: float = 0.0
    unmatched: tuple[str, ...] = ()
    feed_words: int | None = None
    page_words: int = 0
    shared: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as configured. ``interval`` is ``None`` for ``auto``.

    With ``fold`` off, its articles are neither folded nor folded into. Its rows are kept for
    ``retention``, for ever with ``None``; with ``archive`` its pages are, as they were fetched.
    """

    id: str
    url: str
    name: str
    tags: tuple[str, ...] = ()
    interval: timedelta | None = None
    full_text: FullText = FullText.AUTO
    fold: bool = True
    retention: timedelta | None = None
    archive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something outside went wrong. A value, not an exception: faults are expected.

    ``status`` is the HTTP status if there was an answer; ``retry_after`` the server's own wish
    (RFC 9110 section 10.2.3), already made relative. ``url`` is the address that is at fault,
    behind ``redirects`` (each a status and the address it pointed to).
    """

    reason: Reason
    detail: str
    status: int | None = None
    retry_after: timedelta | None = None
    url: str | None = None
    seconds: float = 0.0
    redirects: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """The validators of a conditional request (RFC 9110 section 8.8), byte-exact.

    ``url`` is the address that gave them: they are sent to it alone, however it is reached, since
    they say nothing of any other. ``None`` is the address that is asked first.
    """

    etag: str | None = None
    last_modified: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A whole answer: 2xx with its decoded body, or 304 with none.

    ``headers`` has lower-case names; ``url`` is where the body came from after ``redirects``
    (each a status and the address it pointed to). ``links`` are the targets of its ``Link``
    headers as sent, by relation in lower case (RFC 8288). ``conditional`` says whether the request
    that it answers was, ``sent`` are that request's headers. ``wire_bytes`` counts before decoding.
    """

    requested_url: str
    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    redirects: tuple[tuple[int, str], ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    conditional: bool = False
    sent: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    wire_bytes: int = 0

    @property
    def not_modified(self) -> bool:
        """Whether the server said that nothing changed."""
        return self.status == 304  # noqa: PLR2004 - the one status this is about

    @property
    def is_delta(self) -> bool:
        """Whether the body holds only what is new since the validators sent (RFC 3229)."""
        return self.status == 226  # noqa: PLR2004 - the one status this is about

    @property
    def validators(self) -> Validators:
        """The validators to send back at the next poll."""
        return Validators(
            etag=self.headers.get("etag"),
            last_modified=self.headers.get("last-modified"),
            url=self.url,
        )

    @property
    def content_type(self) -> str:
        """The Content-Type header as sent, or an empty string."""
        return self.headers.get("content-type", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """One item of a feed document.

    ``guid`` is never empty: the feed's own, else the link, else a digest of title and text.
    ``link`` is absolute. ``summary`` and ``content`` are HTML as the feed gave it. ``digest``
    tells a changed entry from an unchanged one.
    """

    guid: str
    link: str | None = None
    title: str | None = None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    raw_date: str | None = None
    summary: str | None = None
    content: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    digest: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """A sitemap that an index lists. ``changed_at`` is its ``lastmod``, ``None`` if not told."""

    url: str
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed document in one shape, whatever its format (``rss20``, ``atom10``, ``json11``, …).

    ``flaw`` says what was wrong with a document that could still be read. ``ttl`` is the
    feed's own wish for the time between polls, ``skip_hours`` (0 to 23) and ``skip_days`` (Monday
    is 0) when it does not want any, in UTC. ``hub`` is where the document says that its
    changes can be had from, under the name of ``topic`` (WebSub, section 4). ``sitemaps`` are
    those that an index lists, the most promising first; it has no entries of its own.
    """

    format: str
    title: str | None = None
    link: str | None = None
    language: str | None = None
    entries: tuple[ParsedEntry, ...] = ()
    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    hub: str | None = None
    topic: str | None = None
    sitemaps: tuple[Sitemap, ...] = ()
    flaw: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What extraction is given: a page's bytes and the addresses around it."""

    url: str
    body: bytes
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """A page as trafilatura and the metadata cascade read it: cleaned, with the fold's fingerprint.

    ``canonical_url`` is the page's own ``rel=canonical`` where it may be believed, else the
    page's address, in canonical form. ``amp_of`` is set when the page is the AMP twin of that
    address: the caller fetches it instead. ``text`` is empty when no article was found.
    ``sources`` names where each field was found; ``extra`` is what the row's JSON object is to
    hold: values that JSON has. ``lesson`` is what the page teaches of its site.
    """

    canonical_url: str
    text: str
    fingerprint: Fingerprint
    title: str | None = None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None
    language: str | None = None
    summary: str | None = None
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    word_count: int = 0
    amp_of: str | None = None
    text_source: TextSource = TextSource.PAGE
    extractor: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    lesson: Lesson | None = None
