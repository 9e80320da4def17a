"""Polls and entries of one run, side by side, for a one-off crawl and for the daemon alike."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

from ingest.clock import Clock
from ingest.committing.commits import Commits
from ingest.dedup.signature import load
from ingest.observe import Observer
from ingest.polling.poller import Poller
from ingest.reading.reader import Reader
from ingest.reading.room import Room
from ingest.types import Feed, Fetched
from storage.archive.writer import Archive
from storage.lake.lake import Lake
from storage.model import EntryState

# Pending entries are taken up in portions: their payloads are held in memory while they wait.
PORTION = 500

# One feed's entries among them, so that those of a few feeds which lead nowhere leave room.
SHARE = PORTION // 10


class Crawler:
    """Starts work and keeps track of it. Leaving the context waits for all of it.

    One feed's polls never overlap; entries are claimed in the ledger before they are worked on,
    so that a second process leaves them alone.
    """

    def __init__(
        self,
        *,
        poller: Poller,
        reader: Reader,
        commits: Commits,
        lake: Lake,
        archive: Archive,
        observer: Observer,
        clock: Clock,
    ) -> None:
        self._poller = poller
        self._reader = reader
        self._commits = commits
        self._lake = lake
        self._archive = archive
        self._observer = observer
        self._clock = clock
        self._group = asyncio.TaskGroup()
        self._polling: set[str] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._room = Room(PORTION)
        self._shares: defaultdict[str, Room] = defaultdict(lambda: Room(SHARE))
        self._can_sign = False

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._group.__aexit__(kind, error, trace)

    def poll(self, feeds: Iterable[Feed]) -> None:
        """Start a poll of each feed that is not being polled, with all that follows from it."""
        seen_at = self._clock()
        for feed in feeds:
            if feed.id not in self._polling:
                self._polling.add(feed.id)
                self._group.create_task(self._poll(feed, seen_at), name=f"poll {feed.id}")

    async def push(self, feed: Feed, pushed: Fetched) -> None:
        """Commit what a hub pushed, and start work on what is new in it.

        Waits for a poll of the feed that is under way: each would write over what the other learnt.
        """
        seen_at = self._clock()
        async with self._turn(feed):
            ids = await self._poller.push(feed, pushed, seen_at=seen_at)
        self._group.create_task(self._take_up(feed, ids), name=f"take up {feed.id}")

    async def resume(
        self, entry_ids: Sequence[str] | None = None, *, by: datetime | None = None
    ) -> int:
        """Start work on entries that are pending and due; returns how many were taken up.

        These are what an earlier run left, by being killed or because a page was to be tried
        again later. At most ``PORTION`` at a call, once fewer than that are under way, and at most
        ``SHARE`` of a feed that has fewer than that under way; ``entry_ids`` narrows it to these,
        ``by`` to what was due then.
        """
        await self._room.free()
        full = [feed for feed, share in self._shares.items() if not share.is_free]
        return await self._claim(entry_ids, by=by, but=full)

    async def room_for_more(self) -> bool:
        """Wait until some feed may have more under way than it has; false if all feeds may."""
        full = [share.free() for share in self._shares.values() if not share.is_free]
        waits = [asyncio.ensure_future(share) for share in full]
        if not waits:
            return False
        _, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in others:
            wait.cancel()
        return True

    async def _claim(
        self, ids: Sequence[str] | None, *, by: datetime | None = None, but: Sequence[str] = ()
    ) -> int:
        now = by or self._clock()
        claimed = await self._commits.read(
            lambda ledger: ledger.claim_pending(
                self._commits.run_id, now=now, limit=PORTION, share=SHARE, but=but, entry_ids=ids
            )
        )
        self._work(claimed)
        return len(claimed)

    @property
    def has_room(self) -> bool:
        """Whether ``resume`` would not have to wait."""
        return self._room.is_free

    async def flush(self) -> None:
        """Write what is committed out as Parquet, waiting for another flusher if there is one.

        What was archived is made durable first: the pages of the rows are among it.
        """
        await asyncio.to_thread(self._archive.sync)
        await self._flush(wait=True)

    async def flush_when_due(self) -> None:
        """Flush if enough rows, or rows old enough, are waiting."""
        now = self._clock()
        if await self._commits.read(lambda _: self._lake.should_flush(now=now)):
            await asyncio.to_thread(self._archive.sync)
            await self._flush(wait=False)

    async def _flush(self, *, wait: bool) -> None:
        # Not in the ledger's thread: what is read and committed need not wait for Parquet.
        await self._commits.patiently(
            lambda: asyncio.to_thread(self._lake.flush, at=self._clock(), wait=wait)
        )

    async def _poll(self, feed: Feed, seen_at: datetime) -> None:
        try:
            async with self._turn(feed):
                ids = await self._poller.poll(feed, seen_at=seen_at)
        finally:
            self._polling.discard(feed.id)
        await self._take_up(feed, ids)

    async def _take_up(self, feed: Feed, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), SHARE):
            await self._shares[feed.id].free()
            await self._room.free()
            await self._claim(ids[start : start + SHARE])

    def _turn(self, feed: Feed) -> asyncio.Lock:
        return self._turns.setdefault(feed.id, asyncio.Lock())

    def _work(self, entries: Sequence[EntryState]) -> None:
        self._observer.taken(entries)
        if entries and not self._can_sign:
            self._can_sign = True
            # Beside the first pages, or a commit that signs a text anew would have all wait for it.
            self._group.create_task(asyncio.to_thread(load), name="load what signs")
        for entry in entries:
            share = self._shares[entry.feed_id]
            self._room.enter()
            share.enter()
            task = self._group.create_task(self._reader.read(entry), name=f"entry {entry.entry_id}")
            task.add_done_callback(partial(self._leave, share))

    def _leave(self, share: Room, _: asyncio.Task[None]) -> None:
        self._room.leave()
        share.leave()
