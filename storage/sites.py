"""What the ledger remembers of the sites that pages come from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSignals:
    """What the extraction of one page came to, as far as it tells how extraction goes on a site.

    ``words`` of the text, 0 where none was found; ``agreement`` with a second extraction and
    ``links``, the share of the text that is linked, 0 to 1. ``note`` says what else went wrong.
    ``feed_id`` is the feed that led there.
    """

    url: str
    feed_id: str
    seen_at: datetime
    words: int
    agreement: float = 0.0
    links: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSignals:
    """How a feed's own text of one entry compares with the text of its page, both in words.

    ``shared`` is the share of the page's pairs of words that the feed's text has, 0 to 1.
    """

    feed_id: str
    url: str
    feed_words: int
    page_words: int
    shared: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one page adds to what is known of its host and its feed.

    ``blocks`` are the hashes of its blocks (signed, 64 bits), none where it is no article; ``page``
    and ``story`` name the article and its story, ``headline`` is a hash of its title, 0 for none.
    """

    host: str
    page: str = ""
    story: str = ""
    headline: int = 0
    blocks: tuple[int, ...] = ()
    signals: PageSignals
    fed: FeedSignals | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What is known of a host and a feed before a page is read.

    ``repeated`` are the blocks that stood on several of the host's pages; ``fed`` the feed's last
    texts, oldest first.
    """

    repeated: frozenset[int] = frozenset()
    fed: tuple[FeedSignals, ...] = ()


class Sites(Protocol):
    """What is remembered of the sites that pages come from; commits of entries add to it."""

    def recall(self, host: str, feed_id: str, *, at: datetime) -> Remembered:
        """Return what a host's pages repeat, and how a feed's texts compare with their pages."""

    def pages_of(self, host: str) -> tuple[PageSignals, ...]:
        """Return the last pages of a host, oldest first."""

    def pages(self) -> dict[str, tuple[PageSignals, ...]]:
        """Return the last pages of each host, oldest first."""
