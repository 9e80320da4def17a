"""Kills crawls and checks what they left: ``python -m tests.faults.player ROOT operations|…``.

Prints its tally as JSON. It has no threads of its own: what is killed are its forks.
"""

import json
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from tests.faults.forks import assess, compacting, crawling, ready, told_by
from tests.faults.newsroom import Newsroom
from tests.faults.refusing import Deadly
from tests.faults.truth import Kind
from tests.ledger.values import NOON

SMALL = Newsroom(items=6)
CLOCKS = [
    timedelta(days=days, hours=hours)
    for days, hours in ((0, 0), (0, 1), (0, -1), (365, 0), (-365, 0))
]
LIVES = 4
STEP = 200_000  # bytes
FRESH = 6


@dataclass(slots=True)
class Tally:
    """``kills`` that met a live process, crawls that a full disk ended, and all that was wrong."""

    kills: int = 0
    refusals: int = 0
    runs: int = 0
    rows: int = 0
    clocks: int = 0
    flaws: list[str] = field(default_factory=list)

    def healthy(self, root: Path, newsroom: Newsroom, *, clock: timedelta, where: str) -> None:
        """Crawl once more, under another clock, and look whether all is there."""
        self.runs += 1
        self.clocks += bool(clock)
        code, lines = crawling(root, newsroom, at=NOON + clock).end()
        found = (
            [f"{Kind.OTHER}: ended with {code}", *lines]
            if code
            else assess(root, newsroom, done=True)
        )
        self.flaws += [f"{flaw} ({where})" for flaw in found]
        self.rows += newsroom.items

    def left(self, root: Path, newsroom: Newsroom, told: set[str], where: str) -> None:
        """Look at what a kill left, before anything mends it."""
        self.flaws += [
            f"{flaw} ({where})" for flaw in assess(root, newsroom, told=told, done=False)
        ]


def operations(root: Path, step: int) -> Tally:
    """Kill at the first, second, third … operation, and somewhere in the recovery from that.

    With a ``step`` of more than 1 at every so many, others each day.
    """
    tally = Tally()
    for number in count(1 + datetime.now(UTC).toordinal() % step, step):
        store, where = root / str(number), f"killed at operation {number}"
        code, lines = crawling(store, SMALL, at=NOON, on_step=Deadly(number)).end()
        if code == 0:
            return tally
        tally.kills += code == -signal.SIGKILL
        again, more = crawling(store, SMALL, at=NOON, on_step=Deadly(number // 2 + 1)).end()
        tally.kills += again == -signal.SIGKILL
        tally.runs += 2
        tally.left(store, SMALL, told_by([*lines, *more]), where)
        tally.healthy(store, SMALL, clock=CLOCKS[number % len(CLOCKS)], where=where)
    raise AssertionError


def pairs(root: Path, step: int) -> Tally:
    """Two crawls of one store at once, one of them killed at every ``step``-th operation."""
    tally = Tally()
    for number in count(1, step):
        store, where = root / str(number), f"one of two killed at operation {number}"
        doomed = crawling(store, SMALL, at=NOON, on_step=Deadly(number))
        other = crawling(store, SMALL, at=NOON)
        code, lines = doomed.end()
        fine, more = other.end()
        tally.kills += code == -signal.SIGKILL
        tally.runs += 2
        if fine:
            tally.flaws += [f"{Kind.OTHER}: the other ended with {fine} ({where})", *more]
        tally.left(store, SMALL, told_by([*lines, *more]), where)
        tally.healthy(store, SMALL, clock=timedelta(), where=where)
        if code == 0 and number > 1 + step:
            return tally
    raise AssertionError


def instants(root: Path, kills: int) -> Tally:
    """Kill at random instants: crawls of a newsroom that has more to tell after each."""
    tally, chance = Tally(), random.Random(kills)
    longest = _healthy_seconds(root / "unkilled")
    while tally.kills < kills:
        life = tally.runs // 2
        store = root / str(life // LIVES)
        newsroom = Newsroom(items=(life % LIVES + 1) * FRESH)
        where = f"kill {tally.kills + 1}, in {store.name}"
        doomed = crawling(store, newsroom, at=NOON)
        time.sleep(chance.uniform(0, longest))
        doomed.kill()
        code, lines = doomed.end()
        tally.kills += code == -signal.SIGKILL
        tally.runs += 1
        tally.left(store, newsroom, told_by(lines), where)
        tally.healthy(store, newsroom, clock=chance.choice(CLOCKS), where=where)
    return tally


def company(root: Path, kills: int) -> Tally:
    """A crawl and compactions of one store at once, either killed at a random instant."""
    tally, chance = Tally(), random.Random(kills)
    longest = _healthy_seconds(root / "unkilled")
    for number in range(3 * kills):
        if tally.kills == kills:
            break
        store = root / str(number // LIVES)
        newsroom = Newsroom(items=(number % LIVES + 1) * FRESH)
        pair = [crawling(store, newsroom, at=NOON), compacting(store, at=NOON)]
        doomed = chance.randrange(2)
        where = f"kill {tally.kills + 1}, of {('a crawl', 'compactions')[doomed]} in {store.name}"
        time.sleep(chance.uniform(0, longest))
        pair[doomed].kill()
        ends = [one.end() for one in pair]
        tally.kills += ends[doomed][0] == -signal.SIGKILL
        tally.runs += 1
        code, said = ends[1 - doomed]
        if code:
            tally.flaws += [f"{Kind.OTHER}: the other ended with {code} ({where})", *said]
        tally.left(store, newsroom, told_by(ends[0][1]), where)
        tally.healthy(store, newsroom, clock=timedelta(), where=where)
    return tally


def full(root: Path, size: int) -> Tally:
    """Fill a disk of ``size`` bytes to the brim at more and more of the way, then make room."""
    tally = Tally()
    newsroom = Newsroom(items=30)
    ballast, store = root / "ballast", root / "store"
    for free in range(STEP, size, STEP):
        where = f"a disk with {free} bytes free"
        ballast.write_bytes(bytes(size - free))
        code, lines = crawling(store, newsroom, at=NOON).end()
        ballast.unlink()
        tally.runs += 1
        tally.refusals += bool(code)
        if code and not any("full" in line or "No space left" in line for line in lines):
            tally.flaws += [f"{Kind.OTHER}: ended with {code} ({where})", *lines]
        tally.left(store, newsroom, told_by(lines), where)
        tally.healthy(store, newsroom, clock=timedelta(), where=where)
        shutil.rmtree(store)
        if code == 0:
            return tally
    raise AssertionError


def _healthy_seconds(store: Path) -> float:
    began = time.monotonic()
    code, lines = crawling(store, Newsroom(items=FRESH), at=NOON).end()
    assert code == 0, lines
    return time.monotonic() - began


PLAYS: dict[str, Callable[[Path, int], Tally]] = {
    "operations": operations,
    "pairs": pairs,
    "instants": instants,
    "company": company,
    "full": full,
}

if __name__ == "__main__":
    ready()
    sys.stdout.write(json.dumps(asdict(PLAYS[sys.argv[2]](Path(sys.argv[1]), int(sys.argv[3])))))
