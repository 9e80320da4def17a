"""The ledger as polls and entries see it: asynchronous, one thread, calls grouped for speed.

A transaction's cost is its way to the disk, and a call's the way to the thread: both are shared by
what comes while the last group is worked on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar, cast

from ingest.committing.groups import Groups
from ingest.committing.patience import Patience
from ingest.settle import Circumstances, settle_all
from ingest.settle.finding import Finding
from ingest.settle.verdict import internal_error, judge
from storage.ledger.base import Ledger
from storage.model import EntryState, OutcomeChange, PollCommit

T = TypeVar("T")
R = TypeVar("R")

# What our own mistakes with one item's values raise, as a string that cannot be encoded; a full
# disk or a broken ledger concerns them all and is raised.
BUGS = (ValueError, TypeError, LookupError, AssertionError)

Changes = tuple[OutcomeChange, ...]
Written = tuple[EntryState, ...]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Item:
    state: EntryState
    finding: Finding
    at: datetime


class Commits:
    """Reads from and commits to the ledger for one run.

    A commit is whole or not at all, and durable when it returns; several may share a transaction.
    With ``patience``, what a full disk refuses is done once there is room.
    """

    def __init__(
        self, ledger: Ledger, run: Circumstances, *, patience: Patience | None = None
    ) -> None:
        self._patience = patience
        self._ledger = ledger
        self._run = run
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._reads = Groups[Callable[[Ledger], object], object](self._off_loop(self._read))
        self._polls = Groups[PollCommit, Written](self._off_loop(self._write_polls))
        self._entries = Groups[_Item, Changes](self._off_loop(self._write_entries))

    @property
    def run_id(self) -> str:
        """The run all of this is written under."""
        return self._run.run_id

    async def read(self, ask: Callable[[Ledger], T]) -> T:
        """Call ``ask`` with the ledger, off the event loop."""
        return cast("T", await self._patiently(self._reads, ask))

    async def poll(self, commit: PollCommit) -> Written:
        """Commit a poll; returns the pending entries that were really written."""
        return await self._patiently(self._polls, commit)

    async def entry(self, state: EntryState, finding: Finding, *, at: datetime) -> Changes:
        """Decide and commit one entry; returns once it is durable.

        Returns the changes of outcomes: none if another process has settled the entry already.
        """
        return await self._patiently(self._entries, _Item(state, finding, at))

    async def patiently(self, do: Callable[[], Awaitable[T]]) -> T:
        """Do something else that a full disk may refuse, with the patience there is."""
        return await do() if self._patience is None else await self._patience.through(do)

    async def _patiently(self, groups: Groups[T, R], item: T) -> R:
        return await self.patiently(lambda: groups.put(item))

    async def drain(self) -> None:
        """Wait until all that was handed in is done."""
        for groups in (self._reads, self._polls, self._entries):
            await groups.drain()

    async def close(self) -> None:
        """Wait for what is being written and end the thread."""
        await self.drain()
        self._thread.shutdown()

    def _off_loop(
        self, work: Callable[[Sequence[T]], Sequence[R | Exception]]
    ) -> Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]]:
        async def run(group: Sequence[T]) -> Sequence[R | Exception]:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, group)

        return run

    def _read(self, group: Sequence[Callable[[Ledger], object]]) -> list[object | Exception]:
        return [_outcome(ask, self._ledger) for ask in group]

    def _write_polls(self, group: Sequence[PollCommit]) -> list[Written | Exception]:
        try:
            with self._ledger.writing() as writer:
                return [writer.commit_poll(commit) for commit in group]
        except BUGS:
            # One of them cannot be written; the others must not pay for it.
            return [_outcome(self._ledger.commit_poll, commit) for commit in group]

    def _write_entries(self, group: Sequence[_Item]) -> list[Changes | Exception]:
        try:
            return [*self._settle(group)]
        except BUGS:
            return [change for item in group for change in self._settle_alone(item)]

    def _settle_alone(self, item: _Item) -> list[Changes]:
        try:
            return self._settle([item])
        except BUGS as bug:
            log.exception("%s: could not be committed", item.state.url or item.state.guid)
            fault = internal_error(bug)
            finding = judge(fault, attempts=item.state.attempts, retry=self._run.retry)
            return self._settle([replace(item, finding=finding)])

    def _settle(self, group: Sequence[_Item]) -> list[Changes]:
        with self._ledger.writing() as writer:
            items = [(item.state, item.finding, item.at) for item in group]
            return settle_all(writer, items, self._run)


def _outcome(call: Callable[[T], R], argument: T) -> R | Exception:
    """What a call returns, or the exception it raises, for whoever asked for it."""
    try:
        return call(argument)
    except Exception as error:  # noqa: BLE001 - raised where the call was asked for
        return error
