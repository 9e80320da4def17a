"""Which of the archived pages are meant."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from ingest.articles.urls import canonical_url, host_of, site_of
from storage.archive.reader import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A choice of pages; of an empty filter all. Times are those of the fetch."""

    since: datetime | None = None
    until: datetime | None = None
    feeds: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    def has(self, kept: Kept) -> bool:
        """Whether a page is among them."""
        return (
            (self.since is None or kept.at >= self.since)
            and (self.until is None or kept.at < self.until)
            and (not self.feeds or kept.about.get("feed_id") in self.feeds)
            and (not self.sites or bool({site_of(kept.url), host_of(kept.url)} & {*self.sites}))
            and (not self.urls or page_key(kept.url) in {page_key(url) for url in self.urls})
        )


def page_key(url: str) -> bytes:
    """Return what tells a page from others, in 12 bytes: many are held at once."""
    return blake2b(canonical_url(url).encode("utf-8", "replace"), digest_size=12).digest()
