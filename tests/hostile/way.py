"""Documents on the product's own way: worker, parser, diff, ledger, Parquet; and what came of each.

Beside every handful of hostile documents an honest feed goes the same way at the same time, and
all of its entries must arrive.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import feedparser

from ingest.articles.extract import extract_page
from ingest.config import WorkerSettings
from ingest.dedup.signature import SCHEME
from ingest.feeds.diff import diff
from ingest.feeds.parse import parse_feed
from ingest.feeds.reading import MOST_ENTRIES
from ingest.text import clean_text, safe_link
from ingest.types import Fault, Feed, Page, ParsedEntry, ParsedFeed
from ingest.workers.pool import Workers
from storage.lake.lake import Lake
from storage.ledger.sqlite import SqliteLedger
from storage.model import FeedState, Poll, PollCommit, Reason
from tests.feeds.documents import NOW, URL, item, rss
from tests.hostile.case import Case

T = TypeVar("T")

KILLED = frozenset({Reason.WORKER_TIMEOUT, Reason.WORKER_CRASHED})
# Beyond a worker's own time: waiting for a free one, and until the killing is told.
GRACE = 60.0

_AT_ONCE = 12
_HONEST = 25
_FEED = rss("".join(item(number) for number in range(_HONEST)))


@dataclass(slots=True, kw_only=True)
class Score:
    """What came of a suite. ``faults`` are sentences, each of a bug of ours."""

    name: str
    documents: int = 0
    read: int = 0
    refused: int = 0
    killed: int = 0
    entries: int = 0
    hangs: int = 0
    exceptions: int = 0
    unexpected: int = 0
    lost: int = 0
    fewer: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    by_document: dict[str, int] = field(default_factory=dict)

    def surprise(self, what: str, told: str) -> None:
        """Count what should not have come out."""
        self.unexpected += 1
        self.faults.append(f"{self.name}: {what}: {told}"[:300])


class Way:
    """Takes documents as far as the ledger and the lake of a folder."""

    def __init__(self, workers: Workers, settings: WorkerSettings, folder: Path) -> None:
        self._workers = workers
        self._patience = settings.timeout + timedelta(seconds=GRACE)
        self._ledger = SqliteLedger(folder / "state" / "ledger.db")
        self._lake = Lake(
            folder, self._ledger, scheme=SCHEME, rows=2_000, every=timedelta(minutes=5)
        )
        self._run = self._ledger.begin_run(kind="hostile", at=NOW)
        self._feeds = 0
        self._committed = 0

    async def feeds(self, name: str, cases: Sequence[Case], *, killing: bool = False) -> Score:
        """Take feed documents along. ``killing`` says that they may cost a worker."""
        score = Score(name=name)
        began = time.monotonic()
        # More than two that cost a worker its time only wait for one another.
        size = 2 if killing else _AT_ONCE
        for start in range(0, len(cases), size):
            handful = cases[start : start + size]
            *_, arrived = await asyncio.gather(
                *(self._feed(score, case, killing=killing) for case in handful), self._honest()
            )
            score.lost += _HONEST - (arrived or 0)
        score.seconds = time.monotonic() - began
        return score

    async def pages(self, name: str, pages: Mapping[str, bytes], *, killing: bool = False) -> Score:
        """Take pages through extraction."""
        score = Score(name=name)
        began = time.monotonic()
        entry = ParsedEntry(guid="1", link=URL, title="An entry")
        for what, body in pages.items():
            page = Page(url=URL, body=body, content_type="text/html")
            found = await self._done(score, what, partial(extract_page, page, entry))
            if isinstance(found, Fault):
                self._refused(score, what, found, killing=killing)
            elif found is not None:
                score.read += 1
                _look(score, what, (found.text, found.title, found.summary, *found.authors))
            score.lost += _HONEST - (await self._honest() or 0)
        score.seconds = time.monotonic() - began
        return score

    def settle(self) -> Score:
        """Flush, and compare what is in Parquet with what was committed."""
        score = Score(name="flushed to Parquet", documents=self._feeds, entries=self._committed)
        began = time.monotonic()
        self._lake.flush(at=NOW, wait=True)
        parts = {"outcomes": self._committed, "polls": self._feeds}
        for table, rows in parts.items():
            stored = sum(part.rows for part in self._ledger.parts(table))
            if stored != rows:
                score.surprise(table, f"{stored} of {rows} rows are stored")
        for problem in self._lake.verify():
            score.surprise(str(problem.path), problem.what)
        for sentence in self._ledger.checks():
            score.surprise("ledger", sentence)
        self._ledger.end_run(self._run, at=NOW)
        self._ledger.close()
        score.seconds = time.monotonic() - began
        return score

    async def _feed(self, score: Score, case: Case, *, killing: bool) -> None:
        parse = partial(parse_feed, case.body, url=URL, content_type=case.kind, now=NOW)
        parsed = await self._done(score, case.name, parse)
        if isinstance(parsed, Fault):
            self._refused(score, case.name, parsed, killing=killing)
            wanted = case.entries is None and case.fault in parsed.detail
            if case.told and not wanted and parsed.reason not in KILLED:
                score.surprise(case.name, f"wanted {case.wanted}, got {parsed.detail}")
        elif parsed is not None:
            self._read(score, case, parsed)

    def _read(self, score: Score, case: Case, parsed: ParsedFeed) -> None:
        score.read += 1
        number = len(parsed.entries)
        score.entries += number
        score.by_document[case.name] = number
        if case.told and number != case.entries:
            score.surprise(case.name, f"wanted {case.wanted}, got {number} entries")
        for entry in parsed.entries:
            links = (entry.link, entry.image_url)
            _look(score, case.name, (entry.guid, entry.title, entry.raw_date, entry.language))
            _look(score, case.name, (entry.summary, entry.content, *entry.authors, *entry.tags))
            if any(link is not None and safe_link(link) != link for link in links):
                score.surprise(case.name, f"links to {links}")
        if (kept := self._commit(parsed)) != number:
            score.surprise(case.name, f"{kept} of {number} entries were committed")

    async def _honest(self) -> int:
        parse = partial(parse_feed, _FEED, url=URL, content_type="application/rss+xml", now=NOW)
        parsed = await self._done(Score(name="honest"), "honest", parse)
        return self._commit(parsed) if isinstance(parsed, ParsedFeed) else 0

    async def _done(self, score: Score, what: str, task: Callable[[], T]) -> T | Fault | None:
        score.documents += 1
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return await self._workers.run(task)
        except TimeoutError:
            score.hangs += 1
            score.faults.append(f"{score.name}: {what}: hangs")
        except Exception as bug:  # noqa: BLE001 - whatever it is, it is counted and told
            score.exceptions += 1
            score.faults.append(f"{score.name}: {what}: {type(bug).__name__}: {bug}"[:300])
        return None

    def _refused(self, score: Score, what: str, fault: Fault, *, killing: bool) -> None:
        score.refused += 1
        _look(score, what, (fault.detail,))
        if fault.reason in KILLED:
            score.killed += 1
            if not killing:
                score.surprise(what, fault.detail)

    def _commit(self, parsed: ParsedFeed) -> int:
        """Commit a poll that brought this document; returns how many entries were written."""
        self._feeds += 1
        feed = Feed(id=f"feed-{self._feeds}", url=URL, name=f"Feed {self._feeds}")
        changes = diff(feed, parsed.entries, {}, now=NOW)
        poll = Poll(
            feed_id=feed.id,
            url=URL,
            polled_at=NOW,
            run_id=self._run,
            ok=True,
            reason=Reason.FETCHED,
            detail=parsed.flaw,
            entries=len(parsed.entries),
        )
        state = FeedState(feed_id=feed.id, url=URL, name=feed.name, title=parsed.title, ok=True)
        written = self._ledger.commit_poll(
            PollCommit(state=state, poll=poll, pending=changes.pending)
        )
        self._committed += len(written)
        return len(written)


async def count_with_feedparser(workers: Workers, body: bytes) -> int:
    """Return how many entries feedparser finds by itself, at most as many as we would."""
    found = await workers.run(_count, body)
    return 0 if isinstance(found, Fault) else min(found, MOST_ENTRIES)


def _count(body: bytes) -> int:
    try:
        return len(feedparser.parse(BytesIO(body)).entries)
    except Exception:  # noqa: BLE001 - it is only asked for comparison
        return 0


def _look(score: Score, what: str, strings: Iterable[str | None]) -> None:
    """Look whether every string can be stored and shown."""
    for string in strings:
        if string and (clean_text(string) != string or "\0" in string):
            score.surprise(what, f"an unclean string: {string[:80]!r}")
