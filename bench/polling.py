"""How fast Newsfold polls, beside a bare httpx client: ``python bench/polling.py [--feeds N]``.

5,000 feeds on 5,000 loopback hosts (127.x.y.z) are asked over and over, in turns by the product
and by ``httpx.AsyncClient`` with as many requests at once. The product's side is the real
poller as ``ingest.app`` wires it, with its real ledger on disk: a poll counts when its commit is
durable. Printed are polls a second of both and their ratio; the processor time a poll takes (which
other load changes little) this process, and this process with the workers that parse; and the
process's resident memory.

Two worlds: in *quiet* all feeds answer 304. In *mixed* 60 % answer 304, 30 % 200 with the body of
the last time, 10 % 200 with a new entry, which is parsed and committed as pending.
"""

import argparse
import asyncio
import gc
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from statistics import median
from typing import Final

import httpx

from ingest.app import Run, open_run
from ingest.clock import system_clock
from ingest.config import Config, FetchSettings
from ingest.observe import Observer
from ingest.types import Feed
from storage.model import Poll

QUIET: Final = ("quiet",) * 10
MIXED: Final = ("quiet",) * 6 + ("same",) * 3 + ("moving",)
GOAL: Final = 0.8
ORIGIN: Final = Path(__file__).with_name("origin.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The running server: its port and its process."""

    port: int
    pid: int


@contextmanager
def origin() -> Iterator[Server]:
    """Run the server."""
    command = [sys.executable, str(ORIGIN)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield Server(port=int(server.stdout.readline()), pid=server.pid)
        finally:
            server.stdin.close()


def resident_mb() -> float:
    """Return this process's resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor_seconds(*, but: int) -> float:
    """Return the processor time of this process and of all it started, but for one of these."""
    times: dict[int, tuple[int, int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            name, _, rest = stat.read_text().rpartition(")")
            fields = rest.split()
            # Parent; then user and system time, its own and that of its ended children: proc(5).
            times[int(name.split()[0])] = (int(fields[1]), sum(map(int, fields[11:15])))
    ours, found = 0, {os.getpid()}
    while found:
        ours += sum(times[pid][1] for pid in found)
        found = {pid for pid, (parent, _) in times.items() if parent in found and pid != but}
    return ours / os.sysconf("SC_CLK_TCK")


class Watch(Observer):
    """Counts polls and looks at the memory along the way."""

    def __init__(self, looks: Sequence[int]) -> None:
        self.polls = 0
        self.failed = 0
        self.memory: list[float] = []
        self._looks = frozenset(looks)

    def polled(
        self, feed: Feed, poll: Poll, unchanged: Sequence[str], waiting: Collection[str]
    ) -> None:
        """Count a poll that is committed."""
        del feed, unchanged, waiting
        self.polls += 1
        self.failed += not poll.ok
        if self.polls in self._looks:
            self.memory.append(resident_mb())


class Bare:
    """What the product is measured against: httpx, a semaphore and a gather.

    It sends the validators of the last answer back, reads the body, and does nothing with it.
    """

    def __init__(self, urls: Sequence[str], concurrency: int) -> None:
        self._urls = urls
        self._turns = asyncio.Semaphore(concurrency)
        self._etags: dict[str, str] = {}

    async def round(self) -> float:
        """Ask every feed once; returns the seconds it took."""
        async with httpx.AsyncClient(timeout=30) as client:
            started = time.perf_counter()
            await asyncio.gather(*(self._ask(client, url) for url in self._urls))
            return time.perf_counter() - started

    async def _ask(self, client: httpx.AsyncClient, url: str) -> None:
        etag = self._etags.get(url)
        async with self._turns:
            answer = await client.get(url, headers={"If-None-Match": etag} if etag else None)
        assert answer.status_code in {200, 304}, answer
        self._etags[url] = answer.headers["etag"]


async def product_round(run: Run, feeds: Sequence[Feed]) -> float:
    """Poll every feed once, flushing as a crawl does; returns the seconds until all is durable."""
    started = time.perf_counter()
    seen_at = system_clock()
    flusher = asyncio.create_task(_flush_now_and_then(run))
    await asyncio.gather(*(run.poller.poll(feed, seen_at=seen_at) for feed in feeds))
    seconds = time.perf_counter() - started
    flusher.cancel()
    await asyncio.wait([flusher])
    return seconds


async def _flush_now_and_then(run: Run) -> None:
    while True:
        await asyncio.sleep(1)
        await run.crawler.flush_when_due()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One world's rates, polls a second: product's first poll of all, then bare and product.

    ``*_cpu`` is this process's processor time, ms a poll; ``all_cpu`` the product's and its
    workers'.
    """

    world: str
    first: float
    bare: tuple[float, ...]
    product: tuple[float, ...]
    bare_cpu: tuple[float, ...]
    product_cpu: tuple[float, ...]
    all_cpu: tuple[float, ...]
    memory: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median of each round's own ratio: both sides of it saw the machine alike."""
        return median(p / b for p, b in zip(self.product, self.bare, strict=True))


class _Side:
    """One of the two that are compared, and what its rounds came to."""

    def __init__(self, a_round: Callable[[], Awaitable[float]], server: Server) -> None:
        self._round = a_round
        self._server = server
        self.rates: list[float] = []
        self.cpu: list[float] = []
        self.all_cpu: list[float] = []

    async def measure(self, feeds: int) -> None:
        gc.collect()
        busy, all_busy = time.process_time(), processor_seconds(but=self._server.pid)
        self.rates.append(feeds / await self._round())
        self.cpu.append(1000 * (time.process_time() - busy) / feeds)
        all_busy = processor_seconds(but=self._server.pid) - all_busy
        self.all_cpu.append(1000 * all_busy / feeds)


async def measure(
    world: str, kinds: Sequence[str], server: Server, *, feeds: int, rounds: int, concurrency: int
) -> Result:
    """Ask the same feeds in turns, the order changing from round to round."""
    listed = tuple(
        Feed(
            id=f"f{n}",
            url=f"http://127.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}:{server.port}"
            f"/{kinds[n % len(kinds)]}/{n}.xml",
            name=f"Feed {n}",
        )
        for n in range(65536, 65536 + feeds)
    )
    # One look after 1,000 polls of each round, one at its end.
    watch = Watch([feeds * n + look for n in range(rounds + 1) for look in (feeds // 5, feeds)])
    with tempfile.TemporaryDirectory(prefix="newsfold-bench-") as folder:
        config = Config(
            data=Path(folder),
            fetch=FetchSettings(
                allow_networks=(IPv4Network("127.0.0.0/8"),), concurrency=concurrency
            ),
            feeds=listed,
        )
        bare = Bare([feed.url for feed in listed], concurrency)
        async with open_run(config, kind="bench", clock=system_clock, observer=watch) as run:
            sides = (_Side(bare.round, server), _Side(lambda: product_round(run, listed), server))
            first = feeds / await product_round(run, listed)
            await bare.round()
            for number in range(rounds):
                for side in sides if number % 2 else reversed(sides):
                    await side.measure(feeds)
    assert watch.polls == feeds * (rounds + 1)
    assert not watch.failed
    return Result(
        world=world,
        first=first,
        bare=tuple(sides[0].rates),
        product=tuple(sides[1].rates),
        bare_cpu=tuple(sides[0].cpu),
        product_cpu=tuple(sides[1].cpu),
        all_cpu=tuple(sides[1].all_cpu),
        memory=tuple(watch.memory),
    )


def main() -> int:
    """Measure both worlds and print the tables; returns 1 if a ratio misses the goal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeds", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--concurrency", type=int, default=FetchSettings().concurrency)
    parser.add_argument("--world", choices=("quiet", "mixed"), action="append")
    options = parser.parse_args()
    results = []
    for world, kinds in (("quiet", QUIET), ("mixed", MIXED)):
        if not options.world or world in options.world:
            with origin() as server:
                results.append(
                    asyncio.run(
                        measure(
                            world,
                            kinds,
                            server,
                            feeds=options.feeds,
                            rounds=options.rounds,
                            concurrency=options.concurrency,
                        )
                    )
                )
    print(
        f"{options.feeds} feeds on {options.feeds} loopback hosts, {options.concurrency} requests "
        f"at once, {options.rounds} rounds in turns; {os.cpu_count()} processors, "
        f"Python {platform.python_version()}, httpx {httpx.__version__}\n"
        f"per host as by default: {FetchSettings().per_host}; allowed: 127.0.0.0/8\n"
    )
    print(
        "| world | bare, polls/s | Newsfold, polls/s | ratio | rounds | CPU bare | CPU "
        "| with workers | first |"
    )
    print("| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
    for r in results:
        each = [p / b for p, b in zip(r.product, r.bare, strict=True)]
        print(
            f"| {r.world} | {median(r.bare):.0f} | {median(r.product):.0f} | **{r.ratio:.2f}** "
            f"| {' '.join(f'{ratio:.2f}' for ratio in each)} | {median(r.bare_cpu):.2f} ms "
            f"| {median(r.product_cpu):.2f} ms | {median(r.all_cpu):.2f} ms | {r.first:.0f}/s |"
        )
    print("\nresident memory in MB, after a fifth of the feeds and after all, round by round:\n")
    for r in results:
        print(f"{r.world}: " + " ".join(f"{mb:.0f}" for mb in r.memory))
    return int(any(r.ratio < GOAL for r in results))


if __name__ == "__main__":
    sys.exit(main())
