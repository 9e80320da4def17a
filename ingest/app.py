"""The one place that wires real parts together."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from ingest.clock import Clock
from ingest.committing.commits import Commits
from ingest.committing.opening import open_ledger
from ingest.committing.patience import Patience
from ingest.config import Config, FetchSettings, WorkerSettings
from ingest.crawl import Crawler
from ingest.dedup.signature import SCHEME
from ingest.fetch.client import Fetcher, OnHold
from ingest.observe import Observer
from ingest.polling.poller import Poller
from ingest.probing.probe import Prober
from ingest.probing.tryout import Tryout
from ingest.reading import single
from ingest.reading.reader import Reader
from ingest.settle import circumstances
from ingest.types import Feed
from ingest.upkeep.upkeep import Upkeep
from ingest.websub.reliance import Reliance
from ingest.websub.subscriber import Subscriber
from ingest.workers.pool import Workers
from storage.archive.writer import Archive
from storage.lake.lake import Lake
from storage.ledger.base import Ledger
from storage.model import Outcome

VERSION = version("newsfold")

log = logging.getLogger(__name__)

# How often a one-off crawl looks whether enough rows wait to be flushed.
FLUSH_LOOK_SECONDS = 1.0

# More pending entries than anyone has: a bound for one answer.
MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """The parts of one run, open for as long as its context lasts."""

    id: str
    poller: Poller
    crawler: Crawler
    commits: Commits
    ledger: Ledger
    reliance: Reliance
    subscriber: Subscriber | None
    upkeep: Upkeep


@asynccontextmanager
async def open_run(
    config: Config,
    *,
    kind: str,
    clock: Clock,
    observer: Observer,
    patience: Patience | None = None,
) -> AsyncIterator[Run]:
    """Open the data folder and all parts for a run; on leaving, end it and flush.

    Everything committed is flushed also when the run is cancelled or fails. A full disk ends the
    run, unless it has ``patience``.

    Raises:
        NewsfoldError: the store was signed under another fold scheme, or has lost its ledger.
    """
    ledger = open_ledger(config)
    lake = Lake(
        config.data,
        ledger,
        scheme=SCHEME,
        rows=config.flush.rows,
        every=config.flush.every,
    )
    ledger.register_feeds([(f.id, f.url, f.name) for f in config.feeds], at=clock())
    run_id = ledger.begin_run(kind=kind, at=clock())
    commits = Commits(ledger, circumstances(config, run_id=run_id), patience=patience)
    archive = _open_archive(config.data, run_id)
    with Workers(config.workers) as workers:
        async with Fetcher(
            config.fetch,
            clock=clock,
            version=VERSION,
            on_hold=_remembering(commits, clock),
            on_slow=observer.slowed,
        ) as fetcher:
            fetcher.keep_holds(ledger.held_hosts(clock()))
            reliance = Reliance(commits)
            poller = Poller(
                config=config,
                commits=commits,
                fetcher=fetcher,
                workers=workers,
                clock=clock,
                observer=observer,
                reliance=reliance,
            )
            reader = Reader(
                config=config,
                commits=commits,
                fetcher=fetcher,
                workers=workers,
                clock=clock,
                observer=observer,
                archive=archive,
            )
            crawler = Crawler(
                poller=poller,
                reader=reader,
                commits=commits,
                lake=lake,
                archive=archive,
                observer=observer,
                clock=clock,
            )
            base = config.websub.callback
            subscriber = base and Subscriber(
                base=base,
                feeds=config.feeds,
                commits=commits,
                fetcher=fetcher,
                push=crawler.push,
                reliance=reliance,
                clock=clock,
            )
            upkeep = Upkeep(config, ledger, lake, clock)
            try:
                yield Run(
                    id=run_id,
                    poller=poller,
                    crawler=crawler,
                    commits=commits,
                    ledger=ledger,
                    reliance=reliance,
                    subscriber=subscriber or None,
                    upkeep=upkeep,
                )
            finally:
                if patience is not None:
                    patience.give_up()
                await asyncio.shield(upkeep.close())
                await asyncio.shield(commits.drain())
                await asyncio.shield(crawler.flush())
                await asyncio.to_thread(archive.close)
                await commits.close()
                ledger.end_run(run_id, at=clock())
                ledger.close()


async def crawl(
    config: Config,
    feeds: Sequence[Feed],
    *,
    clock: Clock,
    observer: Observer,
    named: bool = False,
    only_due: bool = False,
) -> None:
    """Poll ``feeds`` now, take their entries to their outcomes, and flush.

    Feeds that are retired or on hold are passed over unless they were ``named``, and so are
    those whose next poll is not due if ``only_due``. What earlier runs left pending is taken up
    too: of these feeds if they were ``named``, else of any.
    """
    async with open_run(config, kind="crawl", clock=clock, observer=observer) as run:
        now = clock()
        states = {
            state.feed_id: state for state in await run.commits.read(lambda ledger: ledger.feeds())
        }
        due = {
            state.feed_id for state in await run.commits.read(lambda ledger: ledger.due_feeds(now))
        }
        chosen = []
        for feed in feeds:
            state = states[feed.id]
            if not named and (state.retired or state.is_held(now)):
                observer.passed_over(feed, state)
            elif not only_due or feed.id in due:
                chosen.append(feed)
        # What a long feed left for later turns, whoever asks for a crawl need not wait for.
        await run.commits.read(lambda ledger: ledger.bring_forward(at=now))
        left = await run.commits.read(_pending_of(feeds)) if named else None
        async with _flushing(run.crawler), run.crawler as crawler:
            crawler.poll(chosen)
            # What falls due while this goes on is for the next one.
            while await crawler.resume(left, by=now) or await crawler.room_for_more():
                pass


async def ingest_pages(
    config: Config, urls: Sequence[str], *, clock: Clock, observer: Observer
) -> None:
    """Take single pages, which no feed announced, to their outcomes, and flush.

    A page that is known already is fetched again.

    Raises:
        UsageError: one of ``urls`` is not an http or https address.
    """
    links = [single.link_of(url) for url in urls]
    async with open_run(config, kind="pages", clock=clock, observer=observer) as run:
        known = await run.commits.read(lambda ledger: ledger.known_entries(single.FEED_ID))
        entries = [single.entry_for(link, known.get(link), now=clock()) for link in links]
        written = await run.commits.read(
            lambda ledger: ledger.add_entries(entries, run_id=run.id, at=clock())
        )
        async with run.crawler as crawler:
            ids = [entry.entry_id for entry in written]
            while await crawler.resume(ids) or await crawler.room_for_more():
                pass


def _open_archive(data: Path, run_id: str) -> Archive:
    """Open the archive, cutting what killed runs left to whole records."""
    archive = Archive(data, run_id=run_id, software=f"newsfold {VERSION}")
    for left in archive.seal_left():
        log.info("%s was left by a run that was killed: %d bytes cut", left.file, left.cut)
    return archive


def _remembering(commits: Commits, clock: Clock) -> OnHold:
    """Return what writes a host's hold down, for later runs and other processes to keep."""

    async def remember(host: str, until: datetime) -> None:
        await commits.read(lambda ledger: ledger.hold_host(host, until, at=clock()))

    return remember


def _pending_of(feeds: Sequence[Feed]) -> Callable[[Ledger], list[str]]:
    ids = {feed.id for feed in feeds}

    def ask(ledger: Ledger) -> list[str]:
        pending = ledger.entries_with([Outcome.PENDING], limit=MANY)
        return [entry.entry_id for entry in pending if entry.feed_id in ids]

    return ask


@asynccontextmanager
async def open_prober(
    fetch: FetchSettings,
    workers: WorkerSettings,
    *,
    clock: Clock,
    holds: Mapping[str, datetime],
) -> AsyncIterator[Prober]:
    """Open what it takes to look at feeds without storing anything.

    ``holds`` are the hosts that are to be left alone, each until its time.
    """
    with Workers(workers) as pool:
        async with Fetcher(fetch, clock=clock, version=VERSION) as fetcher:
            fetcher.keep_holds(holds)
            yield Prober(fetcher, pool, clock)


@asynccontextmanager
async def open_tryout(
    fetch: FetchSettings,
    workers: WorkerSettings,
    *,
    clock: Clock,
    holds: Mapping[str, datetime],
) -> AsyncIterator[Tryout]:
    """Open what it takes to extract single pages without storing anything; see ``open_prober``."""
    with Workers(workers) as pool:
        async with Fetcher(fetch, clock=clock, version=VERSION) as fetcher:
            fetcher.keep_holds(holds)
            yield Tryout(fetcher, pool)


@asynccontextmanager
async def _flushing(crawler: Crawler) -> AsyncIterator[None]:
    task = asyncio.create_task(_flush_now_and_then(crawler))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _flush_now_and_then(crawler: Crawler) -> None:
    while True:
        await asyncio.sleep(FLUSH_LOOK_SECONDS)
        try:
            await crawler.flush_when_due()
        except (OSError, sqlite3.OperationalError) as error:
            # The rows wait in the journal; the flush at the end tells if it still does not work.
            log.warning("cannot flush now: %s", error)
