"""Articles that others collected, taken in by the same fold and the same commits as a crawl's.

A row is an entry: known by what it says, so that the same file again adds nothing, and an import
that was killed goes on where it stood. It becomes an entry and gets its outcome in one
transaction: no crawl ever finds one pending, to fetch its page.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from ingest.clock import Clock
from ingest.feeds.diff import entry_id_of
from ingest.imports.row import Row, extract_row, moment, read_row
from ingest.settle import Circumstances, settle_all
from ingest.settle.finding import Finding, Found, Refused
from ingest.settle.verdict import internal_error
from ingest.text import clean_line
from ingest.types import Extracted, Fault
from ingest.workers.pool import Workers
from storage.lake.lake import Lake
from storage.ledger.base import Ledger
from storage.model import EntryState, Outcome, Reason
from storage.rowfiles import RowFormat, Unreadable, read_rows

FEED_ID: Final = "_import"
"""The feed that imported rows are entries of, unless another is named. No feed can have this id."""

PORTION: Final = 128
"""Rows in memory at once, and in one transaction."""

_CHUNK: Final = 16  # rows that a worker is given at once

# What our own mistakes with one row's values raise; a full disk concerns them all.
_BUGS: Final = (ValueError, TypeError, LookupError, AssertionError)

Task = tuple[Row, Mapping[str, object]]
Portion = list[tuple[int, Mapping[str, Any] | Unreadable]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of one row. ``detail`` says why, where it was not stored."""

    row: int
    outcome: Outcome
    reason: Reason
    detail: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    number: int
    row: Row
    state: EntryState


class Importer:
    """Takes files in, one after the other; made by ``ingest.offline.open_importer``.

    Without a ``lake`` nothing is flushed.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        run: Circumstances,
        workers: Workers,
        lake: Lake | None,
        clock: Clock,
        feed_id: str = FEED_ID,
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._workers = workers
        self._lake = lake
        self._clock = clock
        self._feed_id = feed_id

    async def portions(
        self, file: Path, kind: RowFormat, names: Mapping[str, Sequence[str]]
    ) -> AsyncIterator[list[Settled]]:
        """Take a file in; yield what became of its rows as they are committed, each row once.

        Args:
            file: The file.
            kind: Its format.
            names: Where to look for each field: see ``ingest.imports.names``.

        Raises:
            OSError: the file cannot be opened, or the disk is full; what was yielded is safe.
        """
        rows = read_rows(file, kind)
        while portion := await asyncio.to_thread(_some, rows):
            yield await self._take(portion, file, names)
            self._flush()

    async def _take(
        self, portion: Portion, file: Path, names: Mapping[str, Sequence[str]]
    ) -> list[Settled]:
        done: list[Settled] = []
        read: dict[str, _Read] = {}
        for number, record in portion:
            found = record if isinstance(record, Unreadable) else read_row(record, names)
            if isinstance(found, Row):
                each = self._read(number, found, file)
                if each.state.entry_id in read:
                    done.append(_again(each, f"the same as row {read[each.state.entry_id].number}"))
                else:
                    read[each.state.entry_id] = each
            else:
                why = found.why if isinstance(found, Unreadable) else found
                done.append(
                    Settled(
                        row=number,
                        outcome=Outcome.FAILED,
                        reason=Reason.BAD_ROW,
                        detail=clean_line(why),
                    )
                )
        known = self._ledger.known_entries(self._feed_id, [it.state.guid for it in read.values()])
        fresh = [it for it in read.values() if it.state.guid not in known]
        done += [_again(it, "imported before") for it in read.values() if it.state.guid in known]
        findings = await self._findings(fresh, file)
        done += self._commit(list(zip(fresh, findings, strict=True)))
        return sorted(done, key=lambda each: each.row)

    def _read(self, number: int, row: Row, file: Path) -> _Read:
        now = self._clock()
        seen = moment(row.values.get("first_seen_at"), now=now) or now
        guid = f"import:{row.digest}"
        state = EntryState(
            entry_id=entry_id_of(self._feed_id, guid),
            feed_id=self._feed_id,
            guid=guid,
            url=row.url,
            title=row.title,
            entry_hash=row.digest,
            first_seen_at=min(seen, now),
            last_seen_at=now,
            outcome=Outcome.PENDING,
            reason=Reason.WAITING,
            detail=_origin(file, number),
            due_at=now,
        )
        return _Read(number, row, state)

    async def _findings(self, fresh: Sequence[_Read], file: Path) -> list[Finding]:
        """Extract rows in the workers; where a worker had to be ended, one by one."""
        now = self._clock()
        imported = [{"file": clean_line(file.name), "row": it.number} for it in fresh]
        tasks = [(it.row, about) for it, about in zip(fresh, imported, strict=True)]
        chunks = [tasks[start : start + _CHUNK] for start in range(0, len(tasks), _CHUNK)]
        found = await asyncio.gather(*(self._extract(chunk, now) for chunk in chunks))
        flat = [each for chunk in found for each in chunk]
        return [self._finding(it, each, file) for it, each in zip(fresh, flat, strict=True)]

    async def _extract(self, tasks: Sequence[Task], now: datetime) -> list[Extracted | Fault]:
        found = await self._workers.run(_extract, tasks, now)
        if not isinstance(found, Fault):
            return found
        if len(tasks) == 1:
            return [found]
        return [each for task in tasks for each in await self._extract([task], now)]

    def _finding(self, read: _Read, extracted: Extracted | Fault, file: Path) -> Finding:
        origin = _origin(file, read.number)
        if isinstance(extracted, Fault):
            return Refused(
                outcome=Outcome.FAILED,
                reason=extracted.reason,
                detail=f"{origin}; {extracted.detail}",
            )
        if not extracted.text:
            detail = f"{origin}; it has no text"
            return Refused(outcome=Outcome.SKIPPED, reason=Reason.NO_TEXT, detail=detail)
        return Found(
            extracted=extracted,
            url=read.row.url,
            urls=(read.row.url,),
            fetched_at=self._clock(),
            origin=origin,
        )

    def _commit(self, found: Sequence[tuple[_Read, Finding]]) -> list[Settled]:
        try:
            return self._settle(found)
        except _BUGS:
            # One of them cannot be written; the others must not pay for it.
            return [each for one in found for each in self._settle_alone(*one)]

    def _settle_alone(self, read: _Read, finding: Finding) -> list[Settled]:
        try:
            return self._settle([(read, finding)])
        except _BUGS as bug:
            log.exception("row %d could not be committed", read.number)
            fault = internal_error(bug)
            refused = Refused(outcome=Outcome.FAILED, reason=fault.reason, detail=fault.detail)
            return self._settle([(read, refused)])

    def _settle(self, found: Sequence[tuple[_Read, Finding]]) -> list[Settled]:
        at = self._clock()
        done: list[Settled] = []
        with self._ledger.writing() as writer:
            states = [read.state for read, _ in found]
            added = {
                it.entry_id for it in writer.add_entries(states, run_id=self._run.run_id, at=at)
            }
            done += [
                _again(read, "another import was first")
                for read, _ in found
                if read.state.entry_id not in added
            ]
            fresh = [(read, it) for read, it in found if read.state.entry_id in added]
            items = [(read.state, finding, at) for read, finding in fresh]
            for (read, _), changes in zip(fresh, settle_all(writer, items, self._run), strict=True):
                done.append(
                    Settled(
                        row=read.number,
                        outcome=changes[0].outcome,
                        reason=changes[0].reason,
                        detail=changes[0].detail or "",
                        url=read.row.url,
                    )
                )
        return done

    def _flush(self) -> None:
        now = self._clock()
        if self._lake is not None and self._lake.should_flush(now=now):
            self._lake.flush(at=now)


def _some(rows: Iterator[tuple[int, Mapping[str, Any] | Unreadable]]) -> Portion:
    return list(islice(rows, PORTION))


def _extract(tasks: Sequence[Task], now: datetime) -> list[Extracted | Fault]:
    return [extract_row(row, imported, now=now) for row, imported in tasks]


def _again(read: _Read, why: str) -> Settled:
    return Settled(
        row=read.number,
        outcome=Outcome.UNCHANGED,
        reason=Reason.SAME_TEXT,
        detail=why,
        url=read.row.url,
    )


def _origin(file: Path, number: int) -> str:
    return f"imported from {clean_line(file.name)}, row {number}"
