"""Measure a whole crawl beside the bare extraction function on as many processes.

Usage: python bench/extract_crawl.py [DIR] [--pages N] [--hosts N] [--workers N] [--rounds N]

A newsroom on loopback (``bench/newsroom.py``) serves labelled pages on several hosts, a feed each.
In turns, ``newsfold crawl`` takes them into a fresh data folder with so many workers, and so many
processes call ``extract_page`` on the same pages, which they hold in memory already. A crawl's
seconds run from its first page's fetch until its command has ended, with every article in Parquet;
those before, in which Python and the libraries load, are told beside it. What a crawl takes once,
to begin and to end, weighs as much as the pages are few: so its steady rate is told as well, of the
entries that were committed between the first and the last of them.

Printed are pages a second of both, their ratio, that of the steady rate, and where a crawl's
processor time goes: in the workers, in the process that fetches, decides and commits, and in the
newsroom.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.newsroom import HOST, newsroom
from ingest.articles.extract import extract_page, warm_up
from ingest.types import Page
from tests.corpus.scoring import CORPUS

GOAL = 0.95
LOOK_SECONDS = 0.1
NEWSROOM = Path(__file__).with_name("newsroom.py")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """What a crawl took: seconds of the clock, and of processors by kind of process.

    ``steady`` are the entries committed a second, between the first one's commit and the last's.
    """

    seconds: float
    steady: float
    loading: float
    closing: float
    main: float
    workers: float
    newsroom: float
    stored: int


@contextmanager
def serving(folder: Path, pages: int, hosts: int) -> Iterator[tuple[int, int]]:
    """Run the newsroom; yields its port and process."""
    command = [sys.executable, str(NEWSROOM), str(folder), str(pages), str(hosts)]
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=path
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline()), server.pid
        finally:
            server.stdin.close()


def _processors(pid: int) -> float:
    """Return the processor time of one process in seconds, 0 if it is gone."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / TICKS
    return 0.0


def _below(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, task.read_text().split()):
                yield child
                yield from _below(child)


class _Watch(threading.Thread):
    """Notes the processor time of a process and of those below it while they live."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._ended = threading.Event()
        self.main = 0.0
        self.below: dict[int, float] = {}

    def run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.main = max(self.main, _processors(self._pid))
            for child in _below(self._pid):
                self.below[child] = max(self.below.get(child, 0.0), _processors(child))

    def end(self) -> None:
        self._ended.set()
        self.join()


def crawl(port: int, server: int, hosts: int, workers: int, profile: Path | None) -> Crawl:
    """Crawl the newsroom by the real command into a fresh data folder."""
    with tempfile.TemporaryDirectory(prefix="newsfold-bench-") as folder:
        data = Path(folder, "data")
        Path(folder, "feeds.yml").write_text(
            f"data: {data}\n"
            "fetch: {allow_networks: [127.0.0.0/8], per_host: {concurrency: 4, delay: 0s}}\n"
            f"workers: {{count: {workers}}}\n"
            "feeds:\n"
            + "".join(f"  - http://{HOST.format(n)}:{port}/feed.xml\n" for n in range(hosts))
        )
        options = ["--config", str(Path(folder, "feeds.yml")), "--json", "-q", "crawl"]
        profiled = ["-m", "cProfile", "-o", str(profile)] if profile else []
        served = _processors(server)
        begin = time.time()
        with subprocess.Popen(
            [sys.executable, *profiled, "-m", "ingest", *options], stdout=subprocess.PIPE
        ) as command:
            assert command.stdout is not None
            watch = _Watch(command.pid)
            watch.start()
            answer = json.loads(command.stdout.read())
            command.wait()
            end = time.time()
            watch.end()
        first, last, stored = duckdb.execute(
            "select min(epoch(fetched_at)), max(epoch(fetched_at)), count(*)"
            " from read_parquet(?, union_by_name = true)",
            [[str(path) for path in data.glob("articles/**/*.parquet")]],
        ).fetchone() or (begin, end, 0)
        (steady,) = duckdb.execute(
            "select (count(*) - 1) / (max(epoch(changed_at)) - min(epoch(changed_at)))"
            " from read_parquet(?, union_by_name = true) where outcome <> 'pending'",
            [[str(path) for path in data.glob("outcomes/**/*.parquet")]],
        ).fetchone() or (0.0,)
        assert not answer["entries"]["failed"], answer
        assert not answer["entries"]["pending"], answer
    return Crawl(
        seconds=end - first,
        steady=steady,
        loading=first - begin,
        closing=end - last,
        main=watch.main,
        workers=sum(watch.below.values()),
        newsroom=_processors(server) - served,
        stored=stored,
    )


def _extract(pages: Sequence[Page], begin: Connection, done: Connection) -> None:
    warm_up()
    done.send(None)
    begin.recv()
    for page in pages:
        extract_page(page, None)
    done.send(None)


def bare(pages: Sequence[Page], workers: int) -> float:
    """Return the seconds in which so many processes extract the pages they hold."""
    context = multiprocessing.get_context("fork")
    ways = [(context.Pipe(duplex=False), context.Pipe(duplex=False)) for _ in range(workers)]
    processes = [
        context.Process(target=_extract, args=(pages[n::workers], told[0], done[1]))
        for n, (told, done) in enumerate(ways)
    ]
    for process in processes:
        process.start()
    for _, done in ways:
        done[0].recv()
    begin = time.perf_counter()
    for told, _ in ways:
        told[1].send(None)
    for _, done in ways:
        done[0].recv()
    seconds = time.perf_counter() - begin
    for process in processes:
        process.join()
    return seconds


def main(arguments: Sequence[str]) -> int:
    """Measure and print; returns 1 if the ratio misses the goal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=CORPUS, metavar="DIR")
    parser.add_argument("--pages", type=int, default=788)
    parser.add_argument("--hosts", type=int, default=8)
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", type=Path, help="profile the crawling process into this file")
    chosen = parser.parse_args(arguments)
    try:
        pages = newsroom(chosen.folder, chosen.pages, chosen.hosts, 0)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    count = len(pages)
    rounds: list[tuple[float, Crawl]] = []
    with serving(chosen.folder, count, chosen.hosts) as (port, server):
        for _ in range(chosen.rounds):
            alone = bare(pages, chosen.workers)
            rounds.append(
                (alone, crawl(port, server, chosen.hosts, chosen.workers, chosen.profile))
            )
    print(
        f"{count} pages on {chosen.hosts} hosts, {chosen.workers} workers, "
        f"{os.cpu_count()} processors\n\n"
        "| bare, pages/s | crawl, pages/s | ratio | steady, pages/s | ratio "
        "| workers, ms a page | main | newsroom | loading, s | closing | stored |\n"
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    )
    for alone, whole in rounds:
        each = (
            f"{1000 * took / count:.1f}" for took in (whole.workers, whole.main, whole.newsroom)
        )
        print(
            f"| {count / alone:.1f} | {count / whole.seconds:.1f} | {alone / whole.seconds:.2f} "
            f"| {whole.steady:.1f} | {whole.steady * alone / count:.2f} "
            f"| {' | '.join(each)} | {whole.loading:.1f} | {whole.closing:.1f} "
            f"| {whole.stored} |"
        )
    ratio = median(alone / whole.seconds for alone, whole in rounds)
    steady = median(alone * whole.steady / count for alone, whole in rounds)
    print(f"\nratio, median: {ratio:.2f} (goal {GOAL}); steady: {steady:.2f}")
    return int(ratio < GOAL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
