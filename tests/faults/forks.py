"""Work done in forks of a process that has no threads, so that each may be killed anywhere."""

import gc
import json
import os
import signal
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa

from storage.fs import OnStep, no_hook
from storage.lake.compaction import Which
from storage.lake.lake import Lake
from tests.faults.newsroom import Newsroom, crawl, open_ledger
from tests.faults.truth import Kind, flaws

COMPACTIONS = 8

Say = Callable[[str], None]


def ready() -> None:
    """Load here what each child would load by itself, and spare them copies of it."""
    pa.array([""])  # looks for pandas
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True)
class Fork:
    """A child at work, and the pipe it says lines into."""

    pid: int
    pipe: int

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> tuple[int, list[str]]:
        """Wait for its end; return its exit code, negative for a signal, and all whole lines."""
        with os.fdopen(self.pipe) as pipe:
            lines = [line.rstrip("\n") for line in pipe if line.endswith("\n")]
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status), lines


def fork(work: Callable[[Say], None]) -> Fork:
    """Begin work in a child; what it raises is said as a traceback, and ends it with 1."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Fork(pid, reading)
    code = 1
    try:
        os.close(reading)
        work(partial(_say, writing))
        code = 0
    except BaseException:  # noqa: BLE001 - the child must not go on as a copy of its parent
        os.write(writing, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _say(pipe: int, line: str) -> None:
    os.write(pipe, f"{line}\n".encode())


def crawling(root: Path, newsroom: Newsroom, *, at: datetime, on_step: OnStep = no_hook) -> Fork:
    """Begin a crawl in a child, which says each item once it is committed."""

    def work(say: Say) -> None:
        crawl(root, newsroom, at=at, on_step=on_step, tell=lambda some: say(json.dumps([*some])))

    return fork(work)


def compacting(root: Path, *, at: datetime) -> Fork:
    """Begin to compact all days in a child, as often as there is something to compact."""

    def work(_say: Say) -> None:
        ledger = open_ledger(root)
        # No reader of another make is there to be waited for.
        lake = Lake(root, ledger, pause=timedelta(0))
        for _ in range(COMPACTIONS):
            list(lake.compact(Which(even_open=True), at=at))
        ledger.close()

    return fork(work)


def told_by(lines: Collection[str]) -> set[str]:
    """Return the items that a crawl said were committed."""
    return {item for line in lines if line.startswith("[") for item in json.loads(line)}


def assess(root: Path, newsroom: Newsroom, *, told: Collection[str] = (), done: bool) -> list[str]:
    """Return a store's flaws, looked for in a child."""

    def work(say: Say) -> None:
        for flaw in flaws(root, newsroom, told=told, done=done):
            say(flaw.replace("\n", " "))

    code, lines = fork(work).end()
    return lines if code == 0 else [f"{Kind.OTHER}: the check ended with {code}", *lines]
