"""The daemon: APScheduler runs one tick over the ledger's due times, plus flush and upkeep.

One job looks at all feeds. With a job a feed, a few that hang fill the scheduler's pool and the
rest starve; here a tick only *starts* polls and returns, and due times live in the ledger, so
that a restart neither forgets nor bunches them.
"""

import asyncio
import logging
import os
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from filelock import FileLock, Timeout

from ingest.app import Run, open_run
from ingest.clock import Clock
from ingest.committing.patience import Patience
from ingest.config import Config, WebSubSettings
from ingest.errors import BusyError
from ingest.observe import Observer
from ingest.websub.server import listening, serving
from ingest.websub.subscriber import Subscriber
from storage.fs import is_full

log = logging.getLogger(__name__)

# How long work under way may go on after SIGTERM; what is not done by then stays pending.
DRAIN_SECONDS = 20.0

FLUSH_LOOK = timedelta(seconds=5)
UPKEEP = timedelta(hours=1)
LOOK_AT_CLOCK = timedelta(seconds=30)


@contextmanager
def only_daemon(data: Path) -> Iterator[None]:
    """Hold the data folder's daemon lock.

    Raises:
        BusyError: another daemon holds it; the message names its process id.
    """
    state = data / "state"
    state.mkdir(parents=True, exist_ok=True)
    pid_file = state / "daemon.pid"
    lock = FileLock(state / "daemon.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        with suppress(OSError):
            pid = pid_file.read_text().strip()
            raise BusyError(f"{data}: a daemon is running already, process {pid}") from None
        raise BusyError(f"{data}: a daemon is running already") from None
    try:
        pid_file.write_text(f"{os.getpid()}\n")
        yield
    finally:
        pid_file.unlink(missing_ok=True)
        lock.release()


async def run_daemon(config: Config, *, clock: Clock, observer: Observer) -> None:
    """Poll feeds as they fall due until SIGTERM or SIGINT, then drain, flush and return.

    Raises:
        BusyError: another daemon already runs on the data folder.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with only_daemon(config.data), _listening(config.websub) as listener:
        patience = Patience(config.data)
        async with open_run(
            config, kind="daemon", clock=clock, observer=observer, patience=patience
        ) as run:
            await _serve(config, run, clock, stop=stop, listener=listener, patience=patience)


@contextmanager
def _listening(websub: WebSubSettings) -> Iterator[socket.socket | None]:
    """Listen where hubs are to be heard, if any are; before anything else is begun."""
    if websub.callback is None:
        yield None
        return
    with listening(websub.listen) as listener:
        host, port = listener.getsockname()[:2]
        log.info("hubs reach %s at %s port %d", websub.callback, host, port)
        yield listener


@asynccontextmanager
async def _subscribing(
    config: Config, subscriber: Subscriber, listener: socket.socket
) -> AsyncIterator[None]:
    """Keep subscriptions, and answer hubs, as long as the context lasts."""
    base = config.websub.callback
    assert base is not None, "without a callback there is no subscriber"
    async with subscriber, serving(subscriber, listener, base=base, limit=config.fetch.max_bytes):
        yield


@asynccontextmanager
async def keeping_time(scheduler: AsyncIOScheduler, *, look: timedelta) -> AsyncIterator[None]:
    """Run jobs as often as they are to also when the system's clock is set back.

    The scheduler waits for a moment of that clock, which an hour set back puts an hour off.

    Args:
        scheduler: Its jobs all recur after an interval.
        look: How often the clock is looked at.
    """

    async def mind() -> None:
        while True:
            await asyncio.sleep(look.total_seconds())
            now = datetime.now(UTC)
            for job in scheduler.get_jobs():
                if job.next_run_time > now + 2 * job.trigger.interval:
                    log.warning("the clock was set back: %s goes on now", job.name)
                    job.modify(next_run_time=now)

    task = asyncio.create_task(mind(), name="keep time")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _quietly(job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """A job that says nothing when a full disk or the daemon's end, told elsewhere, cuts it off.

    Of anything else that the disk refuses it says one line: what was to be done is done next time.
    """

    @wraps(job)
    async def run() -> None:
        try:
            await job()
        except asyncio.CancelledError:
            return
        except (OSError, sqlite3.OperationalError) as error:
            if not is_full(error):
                log.warning("the disk refuses, and is asked again soon: %s", error)

    return run


async def _serve(
    config: Config,
    run: Run,
    clock: Clock,
    *,
    stop: asyncio.Event,
    listener: socket.socket | None,
    patience: Patience,
) -> None:
    feeds = {feed.id: feed for feed in config.feeds}

    async def tick() -> None:
        if patience.is_on:
            return
        now = clock()
        due = await run.commits.read(lambda ledger: ledger.due_feeds(now))
        run.crawler.poll(feeds[state.feed_id] for state in due if state.feed_id in feeds)
        while run.crawler.has_room and await run.crawler.resume():
            pass

    async def upkeep() -> None:
        await run.commits.read(lambda ledger: ledger.maintain(at=clock()))

    # That a job takes longer than its interval, as on a full disk, is no news: it is not run twice.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler = AsyncIOScheduler(
        # A late run is still wanted (the default drops what is a second late), but only once.
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    scheduler.add_job(_quietly(tick), "interval", seconds=config.daemon.tick.total_seconds())
    flush = _quietly(run.crawler.flush_when_due)
    scheduler.add_job(flush, "interval", seconds=FLUSH_LOOK.total_seconds())
    scheduler.add_job(_quietly(upkeep), "interval", seconds=UPKEEP.total_seconds())
    scheduler.add_job(_quietly(run.upkeep.run), "interval", seconds=UPKEEP.total_seconds())
    try:
        async with asyncio.timeout(None) as limit, run.crawler, AsyncExitStack() as stack:
            if run.subscriber is not None and listener is not None:
                await stack.enter_async_context(_subscribing(config, run.subscriber, listener))
                seconds = config.daemon.tick.total_seconds()
                scheduler.add_job(_quietly(run.subscriber.tick), "interval", seconds=seconds)
            else:
                await run.reliance.leave(at=clock())
            await tick()
            scheduler.start()
            await stack.enter_async_context(keeping_time(scheduler, look=LOOK_AT_CLOCK))
            log.info("the daemon is up: process %d, feeds: %d", os.getpid(), len(feeds))
            await stop.wait()
            scheduler.shutdown(wait=False)
            patience.give_up()
            log.info("stopping: what is under way has %g s to finish", DRAIN_SECONDS)
            limit.reschedule(asyncio.get_running_loop().time() + DRAIN_SECONDS)
    except TimeoutError:
        log.warning("not all was finished in time; it stays pending and goes on at the next start")
