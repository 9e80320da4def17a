"""Ten hostile feeds among a hundred: the real daemon polls the other ninety on time.

The clock stands until the test moves it. Each round it is moved to where every honest feed is
due; what is polled before patience ends is on time. The hostile servers hang for longer than that,
so whatever waits for one of them is late, however quick the machine is.
"""

import asyncio
import gzip
import json
import os
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from ingest import daemon
from ingest.config import (
    Config,
    DaemonSettings,
    FetchSettings,
    FlushSettings,
    PerHost,
    WorkerSettings,
)
from ingest.observe import Tally
from ingest.types import Feed
from storage.ledger.sqlite import SqliteLedger
from storage.model import OutcomeChange, Poll
from tests.app.test_review import RSS
from tests.fetch.server import Behaviour, Call, Site, answer, endless, raw, site

HONEST = 90
ROUNDS = 2
CROWD = 1_000
PATIENCE = 40.0
HANG = timedelta(seconds=120)
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
HEAD = b"HTTP/1.1 200 OK\r\n"


@dataclass
class World:
    """The clock, and a watch on the polls that were made and the entries that were settled."""

    now: datetime = START
    polls: Counter[str] = field(default_factory=Counter)
    settled: Counter[str] = field(default_factory=Counter)
    due: dict[str, datetime] = field(default_factory=dict)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def clock(self) -> datetime:
        return self.now

    async def until(self, polls: int) -> int:
        """Wait until each honest feed was polled so often; returns how many were."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self.made(polls) < HONEST:
                    self.told.clear()
                    await self.told.wait()
        return self.made(polls)

    def made(self, polls: int) -> int:
        """How many honest feeds had so many polls, and their entries settled, one a poll."""
        return sum(
            n >= polls and self.settled[feed] >= polls
            for feed, n in self.polls.items()
            if feed.startswith("honest")
        )


class Watch(Tally):
    """Counts the polls as they are committed."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def polled(
        self, feed: Feed, poll: Poll, unchanged: Sequence[str], waiting: Collection[str]
    ) -> None:
        super().polled(feed, poll, unchanged, waiting)
        self._world.polls[feed.id] += 1
        if poll.next_due_at is not None:
            self._world.due[feed.id] = poll.next_due_at
        self._world.told.set()

    def settled(self, change: OutcomeChange) -> None:
        super().settled(change)
        self._world.settled[change.feed_id] += 1
        self._world.told.set()


async def news(call: Call) -> None:
    """A feed that has one entry more, without link or text, each time it is asked."""
    number = served[call.headers["host"]] = served[call.headers["host"]] + 1
    items = "".join(f"<item><guid>{n}</guid><title>{n}</title></item>" for n in range(number))
    await answer(f"<rss version='2.0'><channel>{items}</channel></rss>".encode(), RSS)(call)


served: Counter[str] = Counter()


async def onwards(call: Call) -> None:
    """Redirect from host to host, and take a while each time."""
    _, port = call.headers["host"].split(":")
    await asyncio.sleep(1)
    target = f"http://127.3.0.{len(call.path)}:{port}{call.path}x"
    await answer(b"", f"Location: {target}", status="302 Found")(call)


def crowd(port: int) -> Behaviour:
    """A feed whose entries lead to hundreds of hosts, none of which answers."""
    hosts = [f"127.4.{n // 200}.{n % 200 + 1}:{port}" for n in range(CROWD)]
    items = "".join(
        f"<item><guid>{n}</guid><link>http://{host}/hang</link></item>"
        for n, host in enumerate(hosts)
    )
    return answer(f"<rss version='2.0'><channel>{items}</channel></rss>".encode(), RSS)


# Marks that no normalisation form puts in order in linear time.
SLOW = "a" + "\u0301" * 60_000 + "\u0334" * 60_000
HOG = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"id": "1", "title": "t", "content_html": SLOW}],
    }
).encode()


def hostile(web: Site) -> dict[str, Behaviour]:
    bomb = gzip.compress(bytes(30_000_000))
    return {
        "/hang": raw(hang=True),
        "/drips-headers": endless(HEAD, b"X: y\r\n", every=0.05),
        "/drips-body": endless(HEAD + b"Content-Length: 9999\r\n\r\n", b"x", every=0.05),
        "/redirects": onwards,
        "/says-wait": endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", every=0.01),
        "/bomb": answer(bomb, "Content-Encoding: gzip", RSS),
        "/hog": answer(HOG, "Content-Type: application/json"),
        "/hog-too": answer(HOG, "Content-Type: application/feed+json"),
        "/crowd": crowd(web.port),
    }


@asynccontextmanager
async def deaf() -> AsyncIterator[int]:
    """A port whose queue of connections is full: to connect to it takes for ever."""
    with socket.socket() as listening:
        listening.bind(("127.5.0.1", 0))
        listening.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
        for filler in fillers:
            filler.close()


def configure(folder: Path, web: Site, deaf_port: int) -> Config:
    honest = [(f"honest-{n}", f"http://127.1.0.{n + 1}:{web.port}/news") for n in range(HONEST)]
    bad = [
        (path.strip("/"), f"http://127.2.0.{n + 1}:{web.port}{path}")
        for n, path in enumerate(hostile(web))
    ]
    bad.append(("deaf", f"http://127.5.0.1:{deaf_port}/"))
    assert len(bad) == 10
    return Config(
        data=folder / "data",
        fetch=FetchSettings(
            allow_networks=(IPv4Network("127.0.0.0/8"),),
            per_host=PerHost(delay=timedelta(0)),
            deadline=HANG,
            connect_timeout=HANG,
            robots_for_pages=False,
        ),
        workers=WorkerSettings(count=2, timeout=timedelta(seconds=2)),
        flush=FlushSettings(every=timedelta(days=1)),
        daemon=DaemonSettings(tick=timedelta(milliseconds=100)),
        # The hostile ones first: those that come later must not have to wait for them.
        feeds=tuple(
            Feed(id=name, url=url, name=name, interval=timedelta(minutes=5))
            for name, url in (*bad, *honest)
        ),
    )


async def rounds(world: World, web: Site) -> int:
    """Let the daemon run for some rounds; returns how many polls were on time."""
    await asyncio.sleep(0)
    made = await world.until(1)
    # The hosts of the crowd hang once its entries are taken up.
    for number in range(2, ROUNDS + 2):
        world.now = max(at for feed, at in world.due.items() if feed.startswith("honest"))
        made += await world.until(number)
    assert web.asked("/hang"), "the crowd was met"
    return made


def test_ten_hostile_feeds_of_a_hundred_hold_up_none_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "DRAIN_SECONDS", 0.1)
    served.clear()
    world = World()

    async def run() -> int:
        async with site(host="0.0.0.0") as web, deaf() as port:
            web.pages = hostile(web) | {"/news": news}
            config = configure(tmp_path, web, port)
            running = asyncio.create_task(
                daemon.run_daemon(config, clock=world.clock, observer=Watch(world))
            )
            made = await rounds(world, web)
            os.kill(os.getpid(), signal.SIGTERM)
            await running
            return made

    made = asyncio.run(run())
    due = HONEST * (ROUNDS + 1)
    assert made >= 0.99 * due, f"{made} of {due} polls were on time"
    ledger = SqliteLedger(tmp_path / "data" / "state" / "ledger.db")
    try:
        kept = {f.feed_id: sum(ledger.count_outcomes(f.feed_id).values()) for f in ledger.feeds()}
        reasons = {f.feed_id: f.reason for f in ledger.feeds()}
    finally:
        ledger.close()
    lost = {feed: n for feed, n in kept.items() if feed.startswith("honest") and n < ROUNDS + 1}
    assert not lost, "entries of honest feeds"
    assert reasons["bomb"] == "too_large"
    assert kept["crowd"] == CROWD
