"""Polls and entries of one run, side by side, for a one-off crawl and for the daemon alike."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from ingest.clock import Clock
from ingest.commits import Commits
from ingest.observe import Observer
from ingest.pipeline import Pipeline
from ingest.room import Room
from ingest.types import Feed
from storage.lake.lake import Lake
from storage.model import EntryState

# Pending entries are taken up in portions: their payloads are held in memory while they wait.
PORTION = 500


class Crawler:
    """Starts work and keeps track of it. Leaving the context waits for all of it.

    One feed's polls never overlap; entries are claimed in the ledger before they are worked on,
    so that a second process leaves them alone.
    """

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        commits: Commits,
        lake: Lake,
        observer: Observer,
        clock: Clock,
    ) -> None:
        self._pipeline = pipeline
        self._commits = commits
        self._lake = lake
        self._observer = observer
        self._clock = clock
        self._group = asyncio.TaskGroup()
        self._polling: set[str] = set()
        self._room = Room(PORTION)

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

    async def resume(self, entry_ids: Sequence[str] | None = None) -> int:
        """Start work on entries that are pending and due; returns how many were taken up.

        These are what an earlier run left, by being killed or because a page was to be tried
        again later. At most ``PORTION`` at a call, once fewer than that are under way;
        ``entry_ids`` narrows it to these.
        """
        await self._room.free()
        at = self._clock()
        claimed = await self._commits.read(
            lambda ledger: ledger.claim_pending(
                self._commits.run_id, now=at, limit=PORTION, entry_ids=entry_ids
            )
        )
        self._work(claimed)
        return len(claimed)

    @property
    def has_room(self) -> bool:
        """Whether ``resume`` would not have to wait."""
        return self._room.is_free

    async def flush(self) -> None:
        """Write what is committed out as Parquet, waiting for another flusher if there is one."""
        await self._commits.read(lambda _: self._lake.flush(at=self._clock(), wait=True))

    async def flush_when_due(self) -> None:
        """Flush if enough rows, or rows old enough, are waiting."""
        now = self._clock()
        if await self._commits.read(lambda _: self._lake.should_flush(now=now)):
            await self._commits.read(lambda _: self._lake.flush(at=now))

    async def _poll(self, feed: Feed, seen_at: datetime) -> None:
        try:
            ids = await self._pipeline.poll(feed, seen_at=seen_at)
        finally:
            self._polling.discard(feed.id)
        for start in range(0, len(ids), PORTION):
            await self.resume(ids[start : start + PORTION])

    def _work(self, entries: Sequence[EntryState]) -> None:
        self._observer.taken(entries)
        for entry in entries:
            self._room.enter()
            task = self._group.create_task(
                self._pipeline.article(entry), name=f"entry {entry.entry_id}"
            )
            task.add_done_callback(lambda _: self._room.leave())
