"""The daemon's real parts in one event loop, with a clock that is set and a hub beside them."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.app import Run, open_run
from ingest.config import Config
from ingest.observe import Tally
from ingest.websub.server import listening, serving
from ingest.websub.subscriber import Subscriber
from storage.model import FeedState, Outcome, Poll
from storage.subscription import Subscription
from tests.app.web import Web
from tests.websub.hub import Hub

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PATIENCE = 30.0


@dataclass(slots=True)
class SetClock:
    """A clock that stands until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


async def until(holds: Callable[[], Awaitable[bool]] | Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while True:
        found = holds()
        if found if isinstance(found, bool) else await found:
            return
        assert time.monotonic() < end, f"not within {PATIENCE:g} s: {what}"
        await asyncio.sleep(0.01)


@dataclass(slots=True)
class House:
    """A configuration with one feed at ``/feed``, which names the hub, and ways to look at it."""

    web: Web
    hub: Hub
    folder: Path
    clock: SetClock = field(default_factory=SetClock)
    port: int = field(default_factory=free_port)
    fetch: str = "max_bytes: 1MB"

    def __post_init__(self) -> None:
        self.names_hub("/feed")

    @property
    def topic(self) -> str:
        return f"{self.web.base}/feed"

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/websub"

    def names_hub(self, path: str, *, hub: str | None = None) -> None:
        link = f'<{hub or self.hub.base + "/"}>; rel="hub", <{self.web.base}{path}>; rel="self"'
        self.web.headers[path] = {"Link": link}

    def config(self, *feeds: str) -> Config:
        websub = f"websub: {{callback: '{self.base}', listen: '127.0.0.1:{self.port}'}}"
        return self.web.config(self.folder, *(feeds or ("/feed",)), more=websub, fetch=self.fetch)

    @asynccontextmanager
    async def daemon(self, *feeds: str) -> AsyncIterator["Daemon"]:
        config = self.config(*feeds)
        async with (
            open_run(config, kind="daemon", clock=self.clock, observer=Tally()) as run,
            run.crawler,
            AsyncExitStack() as stack,
        ):
            subscriber = run.subscriber
            assert subscriber is not None
            await stack.enter_async_context(subscriber)
            await stack.enter_async_context(
                serving(
                    subscriber,
                    stack.enter_context(listening(config.websub.listen)),
                    base=self.base,
                    limit=config.fetch.max_bytes,
                )
            )
            yield Daemon(self, config, run, subscriber)


@dataclass(slots=True)
class Daemon:
    """What the scheduler would run, run by a test."""

    house: House
    config: Config
    run: Run
    subscriber: Subscriber

    async def tick(self) -> None:
        """Poll what is due, and take the subscriptions' steps that are due; wait for the polls."""
        now = self.house.clock()
        due = {s.feed_id for s in await self.run.commits.read(lambda ledger: ledger.due_feeds(now))}
        self.run.crawler.poll(feed for feed in self.config.feeds if feed.id in due)

        async def polled() -> bool:
            states = [await self.feed(feed_id) for feed_id in due]
            return all(state.polled_at == now for state in states)

        await until(polled, "the feeds are polled")
        await self.subscriber.tick()  # opens what is new
        await self.subscriber.tick()  # asks for it

    async def subscribed(self) -> Subscription:
        """Tick until the hub has verified."""
        await self.tick()
        await until(lambda: bool(self.house.hub.subscriptions), "the hub has verified")
        found = await self.subscription()
        assert found.state == "verified"
        return found

    async def relied_on(self) -> None:
        """Subscribe, push once, and poll an hour later: from then on polls are rare."""
        await self.subscribed()
        await self.publish("ferry", whole=True)
        await self.stored("/ferry")
        self.house.clock.now += HOUR
        await self.tick()
        assert await self.wait() > 20 * HOUR

    async def wait(self) -> timedelta:
        """Return how long it is until the feed is polled again."""
        due_at = (await self.feed()).next_due_at
        assert due_at is not None
        return due_at - self.house.clock.now

    async def publish(self, *guids: str, whole: bool = False) -> list[int]:
        """Publish items, each with a page, at the hub; with ``whole`` in the feed as well."""
        web = self.house.web
        items = [web.item(guid, f"/{guid}") for guid in guids]
        for guid in guids:
            web.page(
                f"/{guid}", f"{guid} stands here.\n" + " ".join(f"{guid}{n}" for n in range(300))
            )
        before = web.pages.get("/feed")
        web.feed("/feed", *items)
        document = web.pages["/feed"].encode()
        if not whole and before is not None:
            web.pages["/feed"] = before
        answers = await asyncio.to_thread(self.house.hub.publish, self.house.topic, document)
        return [answer.status for answer in answers]

    async def subscriptions(self) -> list[Subscription]:
        return await self.run.commits.read(lambda ledger: ledger.subscriptions.all())

    async def subscription(self) -> Subscription:
        (found,) = await self.subscriptions()
        return found

    async def feed(self, feed_id: str = "f0") -> FeedState:
        state = await self.run.commits.read(lambda ledger: ledger.feed(feed_id))
        assert state is not None
        return state

    async def articles(self) -> list[str]:
        """Return the paths of the pages that became articles."""
        entries = await self.run.commits.read(lambda ledger: ledger.entries_with([Outcome.NEW], 99))
        return sorted((entry.url or "").removeprefix(self.house.web.base) for entry in entries)

    async def polls(self) -> list[Poll]:
        """Return the rows of this run's polls."""
        snapshot = await self.run.commits.read(lambda ledger: ledger.snapshot())
        return [row for row in snapshot.rows["polls"] if isinstance(row, Poll)]

    async def stored(self, *paths: str) -> None:
        async def holds() -> bool:
            return await self.articles() == sorted(paths)

        await until(holds, f"{paths} are stored")


Case = Callable[[Daemon], Awaitable[None]]


def run(house: House, case: Case, *feeds: str) -> None:
    """Run a case against the daemon of a house."""

    async def opened() -> None:
        async with house.daemon(*feeds) as daemon:
            await case(daemon)

    asyncio.run(opened())
