"""Kills a crawl with SIGKILL at random instants, runs it again, compares with one never killed."""

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import pytest

from ingest.clock import system_clock
from ingest.demo.newsroom import Newsroom
from ingest.demo.play import read_back
from tests.app.support import (
    PATIENCE,
    differences,
    essence,
    eventually,
    finish,
    flaws,
    group_is_gone,
    start,
    unkept,
    write_config,
)
from tests.conftest import TABLE

SEED = 20261123
FOLDERS = 6
KILLS = {1: 3, 2: 2}  # by edition, for each folder: 30 in all
AT_ONCE = 2

# Flushes while the crawl is under way as well, so that kills meet them; and keeps the pages.
OFTEN = "flush: {rows: 12}\narchive: true\n"


@dataclass
class Log:
    """What the kills were, told when the test fails or is run with ``-s``."""

    random: random.Random
    lock: Lock = field(default_factory=Lock)
    kills: list[tuple[str, float, float]] = field(default_factory=list)
    survived: int = 0

    def instant(self, seconds: float) -> float:
        with self.lock:
            return self.random.uniform(0.05, seconds)

    def killed(self, folder: str, after: float, orphans: float) -> None:
        with self.lock:
            self.kills.append((folder, after, orphans))


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(now=system_clock()) as opened:
        yield opened


def crawl(config: Path) -> float:
    began = time.monotonic()
    code, out, err = finish(start(config, "--json", "crawl"))
    assert code == 0, f"{config}: {out}\n{err}"
    assert json.loads(out)["feeds"]["failed"] == 1, f"one feed is none at all\n{err}"
    return time.monotonic() - began


def kill(config: Path, log: Log, seconds: float) -> None:
    """Kills a crawl somewhere on its way; one that is done before its instant does not count."""
    longest = seconds
    while True:
        instant = log.instant(longest)
        began = time.monotonic()
        process = start(config, "-q", "crawl")
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=instant)
        process.kill()  # of no effect on one that has ended
        code = process.wait(timeout=PATIENCE)
        if code == -signal.SIGKILL:
            break
        _, _, err = finish(process)
        assert code == 0, err
        log.survived += 1
        longest = 0.9 * (time.monotonic() - began)
    orphans = eventually(
        lambda: group_is_gone(process.pid), "workers and fork server end with their parent"
    )
    finish(process)
    log.killed(config.parent.name, instant, orphans)


@pytest.mark.timeout(900)
def test_a_crawl_killed_thirty_times_stores_what_an_unkilled_one_stores(
    newsroom: Newsroom, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    log = Log(random=random.Random(SEED))
    unkilled = write_config(newsroom, tmp_path / "unkilled", more=OFTEN)
    configs = [
        write_config(newsroom, tmp_path / f"killed-{n:02}", more=OFTEN) for n in range(FOLDERS)
    ]

    def suffer(config: Path, kills: int, seconds: float) -> None:
        for _ in range(kills):
            kill(config, log, seconds)
        crawl(config)
        assert flaws(config.parent / "data") == []
        assert unkept(config.parent / "data") == []

    for edition, kills in KILLS.items():
        newsroom.publish(edition)
        seconds = crawl(unkilled)
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            for done in [pool.submit(suffer, config, kills, seconds) for config in configs]:
                done.result()
    told = ", ".join(f"{after:.2f} s" for _, after, _ in log.kills)
    slowest = max(orphans for *_, orphans in log.kills)
    record_property(
        TABLE,
        f"seed {SEED}: {len(log.kills)} kills, after {told};\n"
        f"{log.survived} crawls were done first; orphans gone within {slowest:.2f} s",
    )

    assert len(log.kills) == FOLDERS * sum(KILLS.values()) == 30
    assert flaws(unkilled.parent / "data") == []
    expected = essence(unkilled.parent / "data")
    for config in configs:
        data = config.parent / "data"
        assert differences(newsroom.truths(2), read_back(data), polls=False) == [], config
        assert essence(data) == expected, config
