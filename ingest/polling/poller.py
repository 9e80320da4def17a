"""The way of a feed: request, answer, document, diff, what was learnt, commit.

One direction, no way back: what is learnt for the next poll goes through the ledger alone.
Nothing here knows a library or a file; the parts are handed in by ``ingest.app``.
"""

import logging
from dataclasses import replace
from datetime import datetime

from ingest.clock import Clock
from ingest.committing.commits import Commits
from ingest.config import Config
from ingest.feeds import cadence
from ingest.feeds.diff import diff
from ingest.feeds.parse import parse_feed
from ingest.fetch.client import Fetcher
from ingest.observe import Observer
from ingest.polling.filling import Filling
from ingest.polling.polled import News, Said, row_of
from ingest.polling.sitemaps import Sitemaps
from ingest.settle.verdict import internal_error
from ingest.types import Fault, Feed, Fetched, ParsedFeed
from ingest.websub.reliance import Reliance
from ingest.workers.pool import Workers
from storage.model import FeedState, Outcome, Poll, PollCommit

log = logging.getLogger(__name__)


class Poller:
    """The way from a feed's address to entries that wait for their pages.

    Faults of feeds end as polls with a reason; an exception from here is a bug.

    ``seen_at`` is the run's own time: entries first seen in one run share it, so that the order in
    which its feeds answer decides nothing. What is returned are the ids of the entries to be taken
    up: those that now are pending, but for what exceeds ``diff.MOST_AT_ONCE``, which stay pending
    until their turn.
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
        self._bounds = config.polling
        self._commits = commits
        self._fetcher = fetcher
        self._workers = workers
        self._clock = clock
        self._sitemaps = Sitemaps(
            fetcher=fetcher, get=fetcher.get_feed, workers=workers, clock=clock
        )
        self._filling = Filling(
            commits=commits,
            sitemaps=Sitemaps(
                fetcher=fetcher, get=fetcher.get_sitemap, workers=workers, clock=clock
            ),
            clock=clock,
        )
        self._observer = observer
        self._reliance = reliance

    async def poll(self, feed: Feed, *, seen_at: datetime) -> list[str]:
        """Poll one feed and commit what it says and teaches."""
        at = self._clock()
        state = await self._state(feed, at)
        self._observer.polling(feed)
        request = cadence.request_for(state, feed, now=at)
        said = await self._ask(state, request, at)
        news = await self._compare(feed, said, seen_at)
        pushed_until = await self._reliance.weigh(said.state, new=news.new, at=at)
        try:
            learnt = self._learn(feed, said, news, request, pushed_until)
        except Exception as error:
            log.exception("%s: what it said could not be judged", feed.id)
            fault = internal_error(error)
            said, news = replace(said, answer=fault, document=fault), News(seen_at=seen_at)
            learnt = self._learn(feed, said, news, request, pushed_until)
        if learnt.gap:
            news, learnt = await self._fill(feed, said, news, learnt)
        row = row_of(said, news, learnt, run_id=self._commits.run_id)
        return await self._commit(feed, learnt.state, news, row)

    async def push(self, feed: Feed, pushed: Fetched, *, seen_at: datetime) -> list[str]:
        """Commit what a hub pushed, as if the feed itself had said it.

        It may be a part of the feed, so that it teaches nothing of validators and rhythm.
        """
        at = self._clock()
        state = await self._state(feed, at)
        said = await self._hear(state, pushed, at)
        news = await self._compare(feed, said, seen_at)
        if said.fault is None:
            await self._reliance.credit(feed.id, said.url, at=at)
        learnt = cadence.learn_push(state, said.document)
        row = row_of(said, news, learnt, run_id=self._commits.run_id)
        return await self._commit(feed, state, news, row)

    async def _state(self, feed: Feed, at: datetime) -> FeedState:
        state, holds = await self._commits.read(
            lambda ledger: (ledger.feed(feed.id), ledger.held_hosts(at))
        )
        assert state is not None, f"{feed.id} is not registered"
        # Another process may have been told to leave the host alone.
        self._fetcher.keep_holds(holds)
        return state

    async def _ask(self, state: FeedState, request: cadence.Request, at: datetime) -> Said:
        document: ParsedFeed | Fault | None
        try:
            answer = await self._fetcher.get_feed(request.url, request.validators)
            document = await self._parse(state, answer)
            if not (isinstance(answer, Fault) or isinstance(document, Fault)):
                # An index of sitemaps stands for what it lists.
                document, extra = await self._sitemaps.follow(
                    document, url=answer.url, extra=state.extra
                )
                state = state if extra == state.extra else replace(state, extra=extra)
        except Exception as error:
            # A bug, but this feed's alone: it is told, and all others are polled.
            log.exception("%s: could not be polled", state.feed_id)
            answer = document = internal_error(error)
        return Said(url=request.url, at=at, answer=answer, document=document, state=state)

    async def _hear(self, state: FeedState, pushed: Fetched, at: datetime) -> Said:
        url, answer = pushed.requested_url, pushed
        try:
            document = await self._parse(state, answer)
        except Exception as error:
            log.exception("%s: what was pushed could not be read", state.feed_id)
            fault = internal_error(error)
            return Said(url=url, at=at, answer=fault, document=fault, state=state)
        return Said(url=url, at=at, answer=answer, document=document, state=state)

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

    async def _compare(self, feed: Feed, said: Said, seen_at: datetime) -> News:
        if not isinstance(said.document, ParsedFeed):
            return News(seen_at=seen_at)
        entries = said.document.entries
        guids = [entry.guid for entry in entries]
        known, waiting = await self._commits.read(
            lambda ledger: (
                ledger.known_entries(feed.id, guids),
                ledger.count_outcomes(feed.id)[Outcome.PENDING],
            )
        )
        changes = diff(feed, entries, known, now=seen_at, waiting=waiting)
        return News(seen_at=seen_at, backlog=waiting, changes=changes, known=known)

    def _learn(
        self,
        feed: Feed,
        said: Said,
        news: News,
        request: cadence.Request,
        pushed_until: datetime | None,
    ) -> cadence.Learnt:
        return cadence.learn(
            said.state,
            feed,
            said.answer,
            said.document,
            request=request,
            now=self._clock(),
            polling=self._bounds,
            known=news.known.keys(),
            pushed_until=pushed_until,
        )

    async def _fill(
        self, feed: Feed, said: Said, news: News, learnt: cadence.Learnt
    ) -> tuple[News, cadence.Learnt]:
        """Add what the feed has missed, as far as its site tells."""
        assert isinstance(said.document, ParsedFeed), "a gap is between documents"
        at = learnt.state.gap_at or said.at
        filled = await self._filling.fill(said.state, said.document, at=at)
        learnt = replace(
            learnt,
            state=replace(learnt.state, extra=filled.extra),
            events=(*learnt.events, *filter(None, (filled.event,))),
        )
        return news.with_missed(feed, filled.entries), learnt

    async def _commit(self, feed: Feed, state: FeedState, news: News, row: Poll) -> list[str]:
        written = await self._commits.poll(
            PollCommit(
                state=replace(state, new_at=row.polled_at) if row.new else state,
                poll=row,
                pending=news.changes.pending,
                seen=news.changes.unchanged,
            )
        )
        self._observer.polled(feed, row, news.changes.unchanged, news.waiting(written))
        # Ids alone: the payloads of a long feed are held by nobody until they are taken up.
        return [entry.entry_id for entry in written if news.has_turn(entry)]
