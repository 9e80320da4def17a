"""The way of an entry: page, extraction, finding, commit.

Nothing here knows a library or a file; the parts are handed in by ``ingest.app``.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from functools import partial
from urllib.parse import quote, urlsplit
from weakref import WeakValueDictionary

from ingest.articles.choice import is_article
from ingest.articles.extract import extract_feed_text, extract_page
from ingest.articles.identity import is_read
from ingest.articles.urls import canonical_url
from ingest.articles.wrappers import unwrapped
from ingest.clock import Clock
from ingest.committing.commits import Commits
from ingest.config import Config
from ingest.feeds.diff import unpack
from ingest.fetch.client import Fetcher
from ingest.observe import Observer
from ingest.reading.archiving import archive_page
from ingest.reading.memory import Memory
from ingest.reading.room import Room
from ingest.settle.finding import Finding, Found, Known, Refused, taken_down
from ingest.settle.sightings import of_article, of_no_article
from ingest.settle.verdict import internal_error, judge
from ingest.types import Extracted, Fault, FeedText, FullText, Page, ParsedEntry
from ingest.workers.pool import Workers
from storage.archive.writer import Archive
from storage.model import EntryState, Outcome, Reason

log = logging.getLogger(__name__)

# Pages that may wait for each worker before fetching pauses.
BODIES_A_WORKER = 8


class Reader:
    """The way from a pending entry to its committed outcome.

    Faults of pages end as outcomes with a reason; an exception from here is a bug.
    """

    def __init__(
        self,
        *,
        config: Config,
        commits: Commits,
        fetcher: Fetcher,
        workers: Workers,
        clock: Clock,
        observer: Observer,
        archive: Archive,
    ) -> None:
        self._feeds = {feed.id: feed for feed in config.feeds}
        self._config = config
        self._commits = commits
        self._fetcher = fetcher
        self._workers = workers
        self._clock = clock
        self._observer = observer
        self._archive = archive
        self._memory = Memory(config, commits, clock)
        # What one feed's entries take of the whole, whatever hosts they lead to.
        self._share = max(1, config.fetch.concurrency // 4)
        self._shares: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        # Pages wait here, so that a feed's document waits for no more than the one under way.
        self._extracting = asyncio.Semaphore(config.workers.count + 1)
        # Their sites are looked up two pages ahead: a look waits behind commits, a worker must not.
        self._ahead = asyncio.Semaphore(config.workers.count + 3)
        # Weak, so that a daemon does not remember every host and page it ever met.
        self._lanes: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._reading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # Pages that were fetched and wait for a worker hold their bodies in memory.
        self._bodies = Room(BODIES_A_WORKER * config.workers.count)

    async def read(self, state: EntryState) -> None:
        """Take one pending entry to its outcome.

        A feed's entries have their share of what is done at once, and a host's wait in a lane of
        their own: few bodies are held at a time, and neither a slow host nor a feed that leads to
        many of them keeps the others waiting.
        """
        async with self._feed_share(state.feed_id), self._lane(state.url):
            try:
                finding = await self._find(state)
            except Exception as error:
                # A bug, but this entry's alone: it is told, and the entry tried again later.
                log.exception("%s: could not be processed", state.url or state.guid)
                finding = self._judge(internal_error(error), state)
        for change in await self._commits.entry(state, finding, at=self._clock()):
            self._observer.settled(change)
        if isinstance(finding, Found | Refused) and finding.sighting is not None:
            await self._memory.watch(finding.sighting)

    def _feed_share(self, feed_id: str) -> asyncio.Semaphore:
        return self._shares.setdefault(feed_id, asyncio.Semaphore(self._share))

    def _lane(self, url: str | None) -> asyncio.Semaphore:
        host = urlsplit(url or "").netloc
        width = self._config.fetch.per_host.concurrency + self._config.workers.count
        return self._lanes.setdefault(host, asyncio.Semaphore(width))

    async def _find(self, state: EntryState) -> Finding:
        assert state.payload is not None, "a pending entry keeps its payload"
        entry = unpack(state.payload)
        link = unwrapped(entry.link) if entry.link else None
        feed = self._feeds.get(state.feed_id)
        full_text = feed.full_text if feed else FullText.AUTO
        if link is None:
            return await self._without_page(state, entry)
        if full_text is FullText.FEED and (entry.content or entry.summary):
            return await self._from_feed(state, entry, link)
        finding = await self._from_page(state, entry, link, full_text)
        if isinstance(finding, Refused) and full_text is FullText.AUTO:
            return await self._instead(finding, state, entry, link)
        return finding

    async def _instead(
        self, refused: Refused, state: EntryState, entry: ParsedEntry, link: str
    ) -> Finding:
        """Return the feed's own text in place of a page that cannot be had, if it is an article."""
        known = await self._memory.feed_text(link, state.feed_id)
        if entry.content or (entry.summary and known is FeedText.FULL):
            found = await self._from_feed(state, entry, link)
            if isinstance(found, Found) and is_article(found.extracted.word_count, known):
                note = f"the feed's own text; the page: {refused.detail}"
                return replace(found, note=note, sighting=refused.sighting)
        return refused

    async def _without_page(self, state: EntryState, entry: ParsedEntry) -> Finding:
        if not (entry.content or entry.summary):
            return Refused(
                outcome=Outcome.SKIPPED,
                reason=Reason.NO_LINK,
                detail="the entry has neither a link nor a text",
            )
        return await self._from_feed(
            state, entry, f"urn:newsfold:{state.feed_id}:{quote(entry.guid, safe='')}"
        )

    async def _from_feed(self, state: EntryState, entry: ParsedEntry, url: str) -> Finding:
        async with self._extracting:
            extracted = await self._workers.run(extract_feed_text, entry, url=url)
        if isinstance(extracted, Fault):
            return self._judge(extracted, state)
        return self._text(extracted, url, (url,), at=self._clock())

    async def _from_page(
        self,
        state: EntryState,
        entry: ParsedEntry,
        url: str,
        full_text: FullText,
        *,
        came_from: tuple[str, ...] = (),
    ) -> Finding:
        """Read the page at ``url``, unless its article is stored and the entry says nothing new.

        An AMP page is left for the page it is the twin of, once.
        """
        key = canonical_url(url)
        # Two entries that link to one page wait for each other, so that it is fetched once.
        async with self._reading.setdefault(key, asyncio.Lock()):
            takedown = await self._commits.read(
                lambda ledger: ledger.takedowns.find((key,), feed_id=state.feed_id, guid=state.guid)
            )
            if takedown is not None:
                return taken_down(takedown)
            if not state.recheck:
                stored = await self._commits.read(lambda ledger: ledger.article_by_url((key,)))
                if stored is not None and is_read(stored, state, key):
                    return Known(
                        article_id=stored.article_id,
                        url=stored.canonical_url,
                        urls=(*came_from, url),
                    )
            await self._bodies.free()
            answer = await self._fetcher.get_page(url)
            if isinstance(answer, Fault):
                return self._judge(answer, state)
            fetched_at = self._clock()
            if self._is_archived(state.feed_id):
                await self._commits.patiently(
                    partial(archive_page, self._archive, answer, state, entry, at=fetched_at)
                )
            page = Page(url=answer.url, body=answer.body, content_type=answer.content_type)
            with self._bodies:
                async with self._ahead:
                    site = await self._memory.recall(answer.url, state.feed_id, full_text)
                    async with self._extracting:
                        extracted = await self._workers.run(
                            extract_page,
                            page,
                            entry,
                            site=site,
                            with_markdown=self._config.extract.markdown,
                        )
        if isinstance(extracted, Fault):
            return self._no_article(extracted, state, answer.url)
        urls = (*came_from, url, answer.url)
        if extracted.amp_of is not None and not came_from:
            twin = await self._from_page(state, entry, extracted.amp_of, full_text, came_from=urls)
            if not isinstance(twin, Refused):
                return twin
        finding = self._text(extracted, answer.url, urls, at=fetched_at)
        if isinstance(finding, Found | Refused):
            sighting = of_article(extracted, answer.url, feed_id=state.feed_id, at=self._clock())
            finding = replace(finding, sighting=sighting)
        return finding

    def _no_article(self, fault: Fault, state: EntryState, url: str) -> Finding:
        finding = self._judge(fault, state)
        if fault.reason is not Reason.NOT_AN_ARTICLE or not isinstance(finding, Refused):
            return finding
        return replace(
            finding, sighting=of_no_article(url, feed_id=state.feed_id, at=self._clock())
        )

    def _is_archived(self, feed_id: str) -> bool:
        feed = self._feeds.get(feed_id)
        return self._config.archive if feed is None else feed.archive

    def _text(
        self, extracted: Extracted, url: str, urls: tuple[str, ...], *, at: datetime
    ) -> Finding:
        if not extracted.text:
            detail = f"no article text was found at {url}"
            return Refused(outcome=Outcome.SKIPPED, reason=Reason.NO_TEXT, detail=detail)
        return Found(extracted=extracted, url=url, urls=urls, fetched_at=at)

    def _judge(self, fault: Fault, state: EntryState) -> Finding:
        return judge(fault, attempts=state.attempts, retry=self._config.retry)
