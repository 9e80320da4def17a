"""Which sitemaps of an index are read, and what is remembered of them between polls."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Final, Self

import msgspec

from ingest.articles.urls import same_site
from ingest.feeds.sitemaps import promise
from ingest.types import ParsedFeed, Sitemap, Validators

MOST_CHILDREN: Final = 10
"""Sitemaps of one index that are read; a site's newest articles are in the first few."""

_KEY: Final = "sitemaps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A sitemap of an index, as it is remembered.

    ``changed_at`` is its ``lastmod`` in the index, ``read_as`` what that was when it was last read;
    ``etag``, ``last_modified`` and ``body_hash`` are of that reading.
    """

    url: str
    changed_at: datetime | None = None
    read_as: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None

    @property
    def validators(self) -> Validators:
        """What makes the next request conditional."""
        return Validators(etag=self.etag, last_modified=self.last_modified)

    @property
    def is_current(self) -> bool:
        """Whether the index says that nothing changed since it was read.

        A ``lastmod`` to the day does not say it: the day is not over.
        """
        told = self.changed_at
        return told is not None and told == self.read_as and told.time() != time.min

    def read(self, validators: Validators, digest: str) -> Self:
        """Return the child after a reading."""
        return replace(
            self,
            read_as=self.changed_at,
            etag=validators.etag,
            last_modified=validators.last_modified,
            body_hash=digest,
        )

    def confirmed(self) -> Self:
        """Return the child after an answer that nothing changed."""
        return replace(self, read_as=self.changed_at)


def chosen(index: ParsedFeed, known: Sequence[Child], *, url: str) -> tuple[Child, ...]:
    """Return the sitemaps of an index that are to be read, with what is known of them.

    They are the first of those that promise most, if any is called news only those; at most
    ``MOST_CHILDREN``, and only of the index's own site (sitemaps.org, "Sitemaps & Cross Submits").

    Args:
        index: The index.
        known: What is remembered of its sitemaps.
        url: Where it came from.
    """
    own = [sitemap for sitemap in index.sitemaps if same_site(sitemap.url, url)]
    most = max((promise(sitemap.url) for sitemap in own), default=0)
    best = [sitemap for sitemap in own if promise(sitemap.url) == most]
    before = {child.url: child for child in known}
    return tuple(_child(sitemap, before.get(sitemap.url)) for sitemap in best[:MOST_CHILDREN])


def _child(sitemap: Sitemap, known: Child | None) -> Child:
    return replace(known or Child(url=sitemap.url), changed_at=sitemap.changed_at)


def remembered(extra: str) -> tuple[Child, ...]:
    """Return the children kept in a feed's ``extra``; none if it holds none."""
    kept = json.loads(extra).get(_KEY, [])
    return msgspec.convert(kept, tuple[Child, ...])


def with_children(extra: str, children: Sequence[Child]) -> str:
    """Return a feed's ``extra`` with these children in it, and nothing else changed."""
    kept = json.loads(extra)
    if not (children or _KEY in kept):
        return extra
    kept.pop(_KEY, None)
    if children:
        kept[_KEY] = msgspec.to_builtins(children)
    return json.dumps(kept, sort_keys=True)
