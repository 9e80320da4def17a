"""The ledger as the pipeline sees it: asynchronous, one thread, commits grouped for speed."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from ingest.finding import Finding
from ingest.settle import Circumstances, settle
from ingest.verdict import internal_error, judge
from storage.ledger.base import Ledger
from storage.model import EntryState, OutcomeChange, PollCommit

T = TypeVar("T")

# A group is what came together while the last one was written, and never more than this.
GROUP = 64

# What our own mistakes with one entry's values raise, as a string that cannot be encoded; a full
# disk or a broken ledger concerns them all and is raised.
BUGS = (ValueError, TypeError, LookupError, AssertionError)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Item:
    state: EntryState
    finding: Finding
    at: datetime
    done: asyncio.Future[tuple[OutcomeChange, ...]]


class Commits:
    """Reads from and commits to the ledger for one run.

    An entry's commit is whole or not at all; several may share a transaction.
    """

    def __init__(self, ledger: Ledger, run: Circumstances) -> None:
        self._ledger = ledger
        self._run = run
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._waiting: list[_Item] = []
        self._writer: asyncio.Task[None] | None = None

    @property
    def run_id(self) -> str:
        """The run all of this is written under."""
        return self._run.run_id

    async def read(self, ask: Callable[[Ledger], T]) -> T:
        """Call ``ask`` with the ledger, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, ask, self._ledger)

    async def poll(self, commit: PollCommit) -> tuple[EntryState, ...]:
        """Commit a poll; returns the pending entries that were really written."""
        return await self.read(lambda ledger: ledger.commit_poll(commit))

    async def entry(
        self, state: EntryState, finding: Finding, *, at: datetime
    ) -> tuple[OutcomeChange, ...]:
        """Decide and commit one entry; returns once it is durable.

        Returns the changes of outcomes: none if another process has settled the entry already.
        """
        done: asyncio.Future[tuple[OutcomeChange, ...]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Item(state, finding, at, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await done

    async def drain(self) -> None:
        """Wait until all that was handed in is written."""
        if self._writer is not None:
            await self._writer

    async def close(self) -> None:
        """Wait for what is being written and end the thread."""
        await self.drain()
        self._thread.shutdown()

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            try:
                changes = await self.read(partial(self._commit, group))
            except Exception as error:  # noqa: BLE001 - each waiter raises it in its own task
                for item in group:
                    if not item.done.done():
                        item.done.set_exception(error)
                continue
            for item, change in zip(group, changes, strict=True):
                if not item.done.done():
                    item.done.set_result(change)

    def _commit(self, group: Sequence[_Item], ledger: Ledger) -> list[tuple[OutcomeChange, ...]]:
        try:
            return self._settle(group, ledger)
        except BUGS:
            # One of them cannot be written; the others must not pay for it.
            return [change for item in group for change in self._commit_alone(item, ledger)]

    def _commit_alone(self, item: _Item, ledger: Ledger) -> list[tuple[OutcomeChange, ...]]:
        try:
            return self._settle([item], ledger)
        except BUGS as bug:
            log.exception("%s: could not be committed", item.state.url or item.state.guid)
            fault = internal_error(bug)
            finding = judge(fault, attempts=item.state.attempts, retry=self._run.retry)
            return self._settle([replace(item, finding=finding)], ledger)

    def _settle(self, group: Sequence[_Item], ledger: Ledger) -> list[tuple[OutcomeChange, ...]]:
        with ledger.writing() as writer:
            return [settle(writer, item.state, item.finding, item.at, self._run) for item in group]
