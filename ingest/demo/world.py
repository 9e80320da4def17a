"""The newsroom at one moment: outlets with addresses, articles with dates. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ingest.demo import copydesk
from ingest.demo.copydesk import Copy
from ingest.demo.outlet import Item, Outlet
from ingest.demo.outlets import outlet_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An article as it stands in one outlet. ``url`` is its page's own address.

    ``published`` and ``modified`` are in the outlet's own time zone; a silent correction leaves
    ``modified`` as it was. ``linked_url`` is where the feed leads, which may have moved on.
    """

    outlet: Outlet
    item: Item
    url: str
    linked_url: str
    amp_url: str | None
    headline: str
    copy: Copy
    published: datetime
    modified: datetime

    @property
    def guid(self) -> str:
        """The entry's id in its outlet's feed."""
        if self.outlet.permalinks:
            return self.linked_url
        return f"urn:{self.outlet.id}:{self.item.copy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item of a feed: an article under the link and guid which that feed gives it."""

    guid: str
    link: str
    article: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that is published. ``bases`` maps an outlet's id to ``http://host:port``."""

    bases: Mapping[str, str]
    opened: datetime
    edition: int

    def feed_url(self, outlet: Outlet) -> str:
        """Return the address of the outlet's feed."""
        return self.bases[outlet.id] + outlet.feed_path

    def articles(self, outlet: Outlet) -> list[Published]:
        """Return the articles the outlet has published by now, newest first."""
        shown = [self._publish(outlet, item) for item in outlet.items if item.since <= self.edition]
        return sorted(shown, key=lambda article: article.published, reverse=True)

    def entries(self, outlet: Outlet) -> list[Entry]:
        """Return what stands in the outlet's feed, in its order."""
        own = [Entry(guid=a.guid, link=a.linked_url, article=a) for a in self.articles(outlet)]
        pointed = []
        for pointer in outlet.pointers:
            article = self.article(pointer.outlet, pointer.copy)
            link = article.url + pointer.suffix
            pointed.append(Entry(guid=pointer.guid, link=link, article=article))
        return own + pointed

    def article(self, outlet_id: str, copy: str) -> Published:
        """Return the article an outlet made of a text.

        Raises:
            KeyError: The outlet has published no such article by now.
        """
        for article in self.articles(outlet_of(outlet_id)):
            if article.item.copy == copy:
                return article
        raise KeyError((outlet_id, copy))

    def changed_at(self, outlet: Outlet) -> datetime:
        """Return when the outlet's feed document last changed, for ``Last-Modified``."""
        # a silent correction changes the document though no date in it tells of it
        if self.edition > 1 and any(item.second or item.since > 1 for item in outlet.items):
            return self.opened
        dates = [entry.article.modified for entry in self.entries(outlet)]
        return max(dates, default=self.opened - timedelta(days=30))

    def _publish(self, outlet: Outlet, item: Item) -> Published:
        revised = item.second is not None and self.edition > 1
        copy = copydesk.read(item.second if revised and item.second else item.copy)
        zone = timezone(timedelta(hours=outlet.utc_offset))
        published = (self.opened - timedelta(hours=item.hours)).astimezone(zone)
        base = self.bases[outlet.id]
        linked = item.linked or item.path
        return Published(
            outlet=outlet,
            item=item,
            url=base + item.path,
            linked_url=base + linked,
            amp_url=base + item.amp_path if item.amp_path else None,
            headline=item.headline or copy.headline,
            copy=copy,
            published=published,
            modified=self.opened.astimezone(zone) if revised and item.bumped else published,
        )
