"""Looking at feeds and pages without storing anything: to add, check or compare them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from ingest.articles.extract import extract_page
from ingest.clock import Clock
from ingest.feeds.discover import Announced, discover
from ingest.feeds.parse import parse_feed
from ingest.feeds.reading import absolute
from ingest.feeds.subscriptions import Subscriptions, parse_subscriptions
from ingest.fetch.client import Fetcher
from ingest.polling.sitemaps import Sitemaps
from ingest.types import Extracted, Fault, Feed, Fetched, Page, ParsedFeed, Validators
from ingest.workers.pool import Workers
from storage.model import Reason

# Redirects that tell to use the new address from now on (RFC 9110 sections 15.4.2 and 15.4.9).
_PERMANENT: Final = frozenset({301, 308})

_GONE: Final = frozenset({Reason.HTTP_NOT_FOUND, Reason.HTTP_GONE})
_MOST_OFFERS: Final = 3  # feeds of a site that are tried in place of one that is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What an address gave. ``announced``: the feeds an HTML page there announces.

    ``offered`` is a feed that the site announces where this one is gone, and ``offered_by`` the
    page that does.

    ``lasting_url`` is where the feed is to be asked for: behind redirects, if all are permanent.
    """

    url: str
    lasting_url: str
    document: ParsedFeed | Fault
    status: int | None = None
    seconds: float = 0.0
    bytes: int = 0
    announced: tuple[Announced, ...] = field(default=())
    offered: str | None = None
    offered_by: str | None = None

    @property
    def newest(self) -> datetime | None:
        """The newest date among the entries."""
        if isinstance(self.document, Fault):
            return None
        dates = (entry.published_at or entry.updated_at for entry in self.document.entries)
        return max((date for date in dates if date), default=None)


class Prober:
    """Fetches and reads feeds and pages; made by ``ingest.app.open_prober``."""

    def __init__(self, fetcher: Fetcher, workers: Workers, clock: Clock) -> None:
        self._fetcher = fetcher
        self._workers = workers
        self._clock = clock
        self._sitemaps = Sitemaps(
            fetcher=fetcher, get=fetcher.get_feed, workers=workers, clock=clock
        )

    async def probe(self, url: str, *, follow: bool = True) -> Probe:
        """Fetch ``url`` and read it as a feed.

        An index of sitemaps is followed as a poll does it, or with ``follow`` off left as it is.
        """
        answer = await self._fetcher.get_feed(url, Validators())
        if isinstance(answer, Fault):
            return Probe(
                url=url,
                lasting_url=url,
                document=answer,
                status=answer.status,
                seconds=answer.seconds,
            )
        read = {"url": answer.url, "content_type": answer.content_type}
        document = await self._workers.run(parse_feed, answer.body, now=self._clock(), **read)
        if follow and isinstance(document, ParsedFeed):
            followed, _ = await self._sitemaps.follow(document, url=answer.url, extra="{}")
            document = followed or document
        announced: tuple[Announced, ...] | Fault = ()
        if isinstance(document, Fault):
            announced = await self._workers.run(discover, answer.body, **read)
        return Probe(
            url=url,
            lasting_url=_lasting(answer),
            document=document,
            status=answer.status,
            seconds=answer.seconds,
            bytes=len(answer.body),
            announced=() if isinstance(announced, Fault) else announced,
        )

    async def subscriptions(self, source: str | bytes) -> Subscriptions | Fault:
        """Read a list of feeds: the document at an address, or one given as bytes."""
        content_type = ""
        if isinstance(source, str):
            answer = await self._fetcher.get_feed(source, Validators())
            if isinstance(answer, Fault):
                return answer
            source, content_type = answer.body, answer.content_type
        return await self._workers.run(parse_subscriptions, source, content_type=content_type)

    async def article(self, url: str) -> tuple[Fetched, Extracted] | Fault:
        """Fetch a page and extract its article; the AMP twin of a page is left for that, once."""
        found = await self._article(url)
        if not isinstance(found, Fault) and found[1].amp_of is not None:
            twin = await self._article(found[1].amp_of)
            return found if isinstance(twin, Fault) else twin
        return found

    async def extract(self, page: Page) -> Extracted | Fault:
        """Extract the article of a page that is at hand."""
        return await self._workers.run(extract_page, page, None)

    async def _article(self, url: str) -> tuple[Fetched, Extracted] | Fault:
        answer = await self._fetcher.get_page(url)
        if isinstance(answer, Fault):
            return answer
        page = Page(url=answer.url, body=answer.body, content_type=answer.content_type)
        extracted = await self.extract(page)
        return extracted if isinstance(extracted, Fault) else (answer, extracted)

    async def named_by_robots(self, url: str) -> tuple[str, ...]:
        """Return the sitemaps that the robots.txt of an address's host names, best first."""
        return await self._sitemaps.of_site(url)

    async def probe_all(
        self,
        feeds: Sequence[Feed],
        *,
        sites: Mapping[str, str],
        done: Callable[[Feed], None],
    ) -> list[Probe]:
        """Probe several feeds at once; ``done`` is called as each is through.

        For one that is gone it is asked what its site announces: the page in ``sites`` under the
        feed's id, else its host's front page.
        """

        async def one(feed: Feed) -> Probe:
            found = await self.probe(feed.url)
            if isinstance(found.document, Fault) and found.document.reason in _GONE:
                found = await self._with_offer(found, sites.get(feed.id))
            done(feed)
            return found

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(feed)) for feed in feeds]
        return [task.result() for task in tasks]

    async def _with_offer(self, gone: Probe, site: str | None) -> Probe:
        pages = dict.fromkeys(filter(None, (site, absolute("/", gone.url))))
        for page in pages:
            seen = await self.probe(page, follow=False)
            others = [each.url for each in seen.announced if each.url != gone.url]
            for url in others[:_MOST_OFFERS]:
                there = await self.probe(url, follow=False)
                if isinstance(there.document, ParsedFeed):
                    return replace(gone, offered=there.lasting_url, offered_by=page)
        return gone


def _lasting(answer: Fetched) -> str:
    permanent = all(status in _PERMANENT for status, _ in answer.redirects)
    return answer.url if answer.redirects and permanent else answer.requested_url
