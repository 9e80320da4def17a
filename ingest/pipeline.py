"""The stages in order: poll, parse, diff, fetch page, extract, sign, decide, commit.

One direction, no way back: what a stage learns for the next poll goes through the ledger alone.
Nothing here knows a library or a file; the parts are handed in by ``ingest.app``.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlsplit
from weakref import WeakValueDictionary

from ingest.articles.extract import extract_feed_text, extract_page
from ingest.articles.identity import is_read
from ingest.articles.urls import canonical_url
from ingest.articles.wrappers import unwrapped
from ingest.clock import Clock
from ingest.commits import Commits
from ingest.config import Config
from ingest.feeds import cadence
from ingest.feeds.diff import Diff, diff, unpack
from ingest.feeds.parse import parse_feed
from ingest.fetch.client import Fetcher
from ingest.finding import Finding, Found, Known, Refused
from ingest.observe import Observer
from ingest.room import Room
from ingest.sitemaps import Sitemaps
from ingest.types import (
    Extracted,
    Fault,
    Feed,
    Fetched,
    FullText,
    Page,
    ParsedEntry,
    ParsedFeed,
)
from ingest.verdict import internal_error, judge
from ingest.websub.reliance import Reliance
from ingest.workers import Workers
from storage.model import (
    EntryState,
    FeedState,
    Outcome,
    Poll,
    PollCommit,
    Reason,
)

log = logging.getLogger(__name__)

# A feed's own text stands in for a page that cannot be had only if it is more than a teaser.
FULL_TEXT_WORDS = 100

# Pages that may wait for each worker before fetching pauses.
BODIES_A_WORKER = 8


class Pipeline:
    """The way from a feed's address to committed articles.

    Faults of feeds and pages end as outcomes with a reason; an exception from here is a bug.
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
        reliance: Reliance,
    ) -> None:
        self._feeds = {feed.id: feed for feed in config.feeds}
        self._config = config
        self._commits = commits
        self._fetcher = fetcher
        self._workers = workers
        self._clock = clock
        self._sitemaps = Sitemaps(fetcher=fetcher, workers=workers, clock=clock)
        self._observer = observer
        self._reliance = reliance
        # What one feed's entries take of the whole, whatever hosts they lead to.
        self._share = max(1, config.fetch.concurrency // 4)
        self._shares: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        # Pages wait here, so that a feed's document waits for no more than the one under way.
        self._extracting = asyncio.Semaphore(config.workers.count + 1)
        # Weak, so that a daemon does not remember every host and page it ever met.
        self._lanes: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._reading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # Pages that were fetched and wait for a worker hold their bodies in memory.
        self._bodies = Room(BODIES_A_WORKER * config.workers.count)

    async def poll(
        self, feed: Feed, *, seen_at: datetime, pushed: Fetched | None = None
    ) -> list[str]:
        """Poll one feed and commit what it says. Returns the ids of the entries to be taken up.

        Those are the ones that now are pending, but for what exceeds ``diff.MOST_AT_ONCE``: the
        rest stay pending until their turn.

        ``seen_at`` is the run's own time: entries first seen in one run share it, so that the
        order in which its feeds answer decides nothing.

        What a hub ``pushed`` is taken in the same way, in place of the feed's own answer. It may be
        a part of the feed, so that it teaches nothing of validators and rhythm.
        """
        at = self._clock()
        state, holds = await self._commits.read(
            lambda ledger: (ledger.feed(feed.id), ledger.held_hosts(at))
        )
        assert state is not None, f"{feed.id} is not registered"
        # Another process may have been told to leave the host alone.
        self._fetcher.keep_holds(holds)
        if pushed is None:
            self._observer.polling(feed)
        request = cadence.request_for(state, feed, now=at)
        answer, document, state = await self._read(feed, state, request, pushed)
        changes = Diff(pending=(), unchanged=())
        known: Mapping[str, EntryState] = {}
        if isinstance(document, ParsedFeed):
            guids = [entry.guid for entry in document.entries]
            known, backlog = await self._commits.read(
                lambda ledger: (
                    ledger.known_entries(feed.id, guids),
                    ledger.count_outcomes(feed.id)[Outcome.PENDING],
                )
            )
            changes = diff(feed, document.entries, known, now=seen_at, waiting=backlog)
        new = sum(not entry.recheck for entry in changes.pending)
        fault = next((part for part in (answer, document) if isinstance(part, Fault)), None)
        # Where ``learnt.gap`` is set, what was missed is to be made up.
        learnt = (
            cadence.learn_push(state, document)
            if pushed
            else cadence.learn(
                state,
                feed,
                answer,
                document,
                request=request,
                now=self._clock(),
                polling=self._config.polling,
                known=known.keys(),
                pushed_until=await self._reliance.weigh(state, new=new, at=at),
            )
        )
        after = replace(learnt.state, new_at=at) if new else learnt.state
        told = fault or after
        if pushed:
            after = replace(state, new_at=after.new_at)
            if fault is None:
                await self._reliance.credit(feed.id, pushed.requested_url, at=at)
        poll = Poll(
            feed_id=feed.id,
            url=pushed.requested_url if pushed else request.url,
            polled_at=at,
            run_id=self._commits.run_id,
            ok=fault is None,
            reason=told.reason or Reason.FETCHED,
            detail="; ".join(filter(None, (told.detail, _put_off(changes), *learnt.events)))
            or None,
            status=told.status,
            seconds=answer.seconds,
            bytes=len(answer.body) if isinstance(answer, Fetched) else 0,
            entries=len(changes.pending) + len(changes.unchanged),
            new=new,
            changed=len(changes.pending) - new,
            next_due_at=after.next_due_at,
            extra='{"gap": true}' if learnt.gap else "{}",
        )
        pending = await self._commits.poll(
            PollCommit(state=after, poll=poll, pending=changes.pending, seen=changes.unchanged)
        )
        waiting = {e.entry_id for e in known.values() if e.outcome is Outcome.PENDING}
        waiting.update(entry.entry_id for entry in pending if not _has_turn(entry, seen_at))
        self._observer.polled(feed, poll, changes.unchanged, waiting)
        # Ids alone: the payloads of a long feed are held by nobody until they are taken up.
        return [entry.entry_id for entry in pending if _has_turn(entry, seen_at)]

    async def _read(
        self, feed: Feed, state: FeedState, request: cadence.Request, pushed: Fetched | None
    ) -> tuple[Fetched | Fault, ParsedFeed | Fault | None, FeedState]:
        """Return what the feed answered, what that says, and the state with its sitemaps'."""
        try:
            answer = pushed or await self._fetcher.get_feed(request.url, request.validators)
            document = await self._parse(state, answer)
            if isinstance(answer, Fetched) and not (pushed or isinstance(document, Fault)):
                # An index of sitemaps stands for what it lists.
                document, extra = await self._sitemaps.follow(
                    document, url=answer.url, extra=state.extra
                )
                state = replace(state, extra=extra)
        except Exception as error:
            # A bug, but this feed's alone: it is told, and all others are polled.
            log.exception("%s: could not be polled", feed.id)
            fault = internal_error(error)
            return fault, fault, state
        return answer, document, state

    async def _parse(self, state: FeedState, answer: Fetched | Fault) -> ParsedFeed | Fault | None:
        """Return the document, a fault, or ``None`` where the answer says nothing new."""
        if isinstance(answer, Fault):
            return answer
        if answer.not_modified or cadence.is_same_body(state, answer):
            return None
        return await self._workers.run(
            parse_feed,
            answer.body,
            url=answer.url,
            content_type=answer.content_type,
            now=self._clock(),
        )

    async def article(self, state: EntryState) -> None:
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
        finding = await self._from_page(state, entry, link)
        if isinstance(finding, Refused) and full_text is FullText.AUTO and entry.content:
            instead = await self._from_feed(state, entry, link)
            if isinstance(instead, Found) and instead.extracted.word_count >= FULL_TEXT_WORDS:
                note = f"the feed's own text; the page: {finding.detail}"
                return replace(instead, note=note)
        return finding

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
        return self._text(extracted, url, (url,))

    async def _from_page(
        self, state: EntryState, entry: ParsedEntry, url: str, *, came_from: tuple[str, ...] = ()
    ) -> Finding:
        """Read the page at ``url``, unless its article is stored and the entry says nothing new.

        An AMP page is left for the page it is the twin of, once.
        """
        key = canonical_url(url)
        # Two entries that link to one page wait for each other, so that it is fetched once.
        async with self._reading.setdefault(key, asyncio.Lock()):
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
            page = Page(url=answer.url, body=answer.body, content_type=answer.content_type)
            with self._bodies:
                async with self._extracting:
                    extracted = await self._workers.run(extract_page, page, entry)
        if isinstance(extracted, Fault):
            return self._judge(extracted, state)
        urls = (*came_from, url, answer.url)
        if extracted.amp_of is not None and not came_from:
            twin = await self._from_page(state, entry, extracted.amp_of, came_from=urls)
            if not isinstance(twin, Refused):
                return twin
        return self._text(extracted, answer.url, urls)

    def _text(self, extracted: Extracted, url: str, urls: tuple[str, ...]) -> Finding:
        if not extracted.text:
            detail = f"no article text was found at {url}"
            return Refused(outcome=Outcome.SKIPPED, reason=Reason.NO_TEXT, detail=detail)
        return Found(extracted=extracted, url=url, urls=urls, fetched_at=self._clock())

    def _judge(self, fault: Fault, state: EntryState) -> Finding:
        return judge(fault, attempts=state.attempts, retry=self._config.retry)


def _has_turn(entry: EntryState, now: datetime) -> bool:
    return entry.due_at is None or entry.due_at <= now


def _put_off(changes: Diff) -> str | None:
    """How many entries had to be put off, if any had."""
    if not changes.put_off:
        return None
    number = len(changes.pending)
    return f"{number} entries to read, of which {changes.put_off} stay pending until their turn"
