"""The product under judgement: the real poller and ledger, living in virtual time."""

import asyncio
import math
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Self

from ingest.app import Run, open_run
from ingest.config import Config, FetchSettings, PerHost, WorkerSettings
from ingest.observe import Tally
from ingest.types import Feed
from tests.conformance.judge import START, Judge, VirtualClock, http_date, judge

CONTACT = "https://example.org/about-our-crawler"
TICK = timedelta(seconds=15)
MOST_STEPS = 20_000


class Daemon:
    """Does what the daemon's tick does, whenever something is due, and can be killed."""

    def __init__(
        self, folder: Path, clock: VirtualClock, urls: Sequence[str], pause: float
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._lives = 0
        self._stack = AsyncExitStack()
        self._run: Run | None = None
        self.feeds = [Feed(id=f"f{n}", url=url, name=url) for n, url in enumerate(urls)]
        self._config = Config(
            data=folder / "0",
            fetch=FetchSettings(
                contact=CONTACT,
                allow_networks=(IPv4Network("127.0.0.0/8"),),
                per_host=PerHost(delay=timedelta(seconds=pause)),
            ),
            workers=WorkerSettings(count=1),
            feeds=tuple(self.feeds),
        )

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def run(self) -> Run:
        assert self._run is not None
        return self._run

    async def live(self, duration: timedelta) -> None:
        """Poll what falls due for so long, tick by tick."""
        end = self._clock.now + duration
        by_id = {feed.id: feed for feed in self.feeds}
        for _ in range(MOST_STEPS):
            now = self._clock.now
            due = self.run.ledger.due_feeds(now)
            await asyncio.gather(
                *(self.run.poller.poll(by_id[state.feed_id], seen_at=now) for state in due)
            )
            after = self._next_tick()
            if after > end:
                self._clock.now = end
                return
            self._clock.now = after
        raise AssertionError("polls without end")

    async def kill(self) -> None:
        """Start again on the data folder as a kill at this moment leaves it."""
        self._lives += 1
        left = self._folder / str(self._lives)
        await asyncio.to_thread(shutil.copytree, self._config.data, left)
        await self._stack.aclose()
        self._config = Config(
            data=left,
            fetch=self._config.fetch,
            workers=self._config.workers,
            feeds=self._config.feeds,
        )
        await self._open()

    async def _open(self) -> None:
        self._run = await self._stack.enter_async_context(
            open_run(self._config, kind="daemon", clock=self._clock, observer=Tally())
        )

    def _next_tick(self) -> datetime:
        states = [state for state in self.run.ledger.feeds() if not state.retired]
        moments = [
            max(moment for moment in (state.next_due_at, state.held_until) if moment)
            for state in states
            if state.next_due_at
        ]
        if not moments:
            return datetime.max.replace(tzinfo=START.tzinfo)
        ticks = math.ceil((min(moments) - START) / TICK)
        return max(START + ticks * TICK, self._clock.now + TICK)


class Stage:
    """What a rule is given: servers, daemons and a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock()
        self._folder = folder
        self._daemons = 0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def host(self) -> Judge:
        """Start another host."""
        return await self._stack.enter_async_context(judge(self.clock))

    @asynccontextmanager
    async def daemon(self, *urls: str, pause: float = 0.0) -> AsyncIterator[Daemon]:
        """Run a daemon on these feeds; ``pause`` is the delay between a host's requests, s."""
        self._daemons += 1
        folder = self._folder / f"daemon{self._daemons}"
        async with Daemon(folder, self.clock, urls, pause) as daemon:
            yield daemon


def rss(moment: datetime, *, every: timedelta = timedelta(hours=1), head: str = "") -> bytes:
    """Return a feed of 10 entries, so far apart, the newest of ``moment``."""
    items = "".join(
        f'<item><guid isPermaLink="false">{at:%Y%m%d%H%M%S}</guid><title>At {at}</title>'
        f"<pubDate>{http_date(at)}</pubDate></item>"
        for at in (moment - n * every for n in range(10))
    )
    return (
        '<?xml version="1.0"?><rss version="2.0" '
        'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><title>F</title>'
        f"<link>https://example.org/</link><description>d</description>{head}{items}</channel></rss>"
    ).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a rule was kept, and what was seen."""

    kept: bool
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule, where it is written, and how it is judged."""

    name: str
    source: str
    judge: Callable[[Stage], Awaitable[Verdict]]


RULES: list[Rule] = []
"""All rules, in the order they are written down."""

Judgement = Callable[[Stage], Awaitable[Verdict]]


def rule(name: str, source: str) -> Callable[[Judgement], Judgement]:
    """Add a judgement to the rules."""

    def add(judgement: Judgement) -> Judgement:
        RULES.append(Rule(name=name, source=source, judge=judgement))
        return judgement

    return add


def spoken(gap: timedelta) -> str:
    """Return a time span for people."""
    minutes = gap.total_seconds() / 60
    return f"{minutes / 60:.1f} h" if minutes >= 120 else f"{minutes:.1f} min"
