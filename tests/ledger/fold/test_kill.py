"""A process that decides and commits, killed at random instants a hundred times over."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from storage.ledger.sqlite import SqliteLedger
from storage.model import Fingerprint
from tests.ledger.fold.desk import files, open_ledger, place
from tests.ledger.values import NOON, copy, entry, new, poll

ROOT = Path(__file__).parents[3]
KILLS = 100
GROUP = 3
STORY = 5


def test_no_kill_loses_an_article_from_the_index_or_leaves_one_in_it(path: Path) -> None:
    script = "import sys, tests.ledger.fold.test_kill as t; t.play(sys.argv[1])"
    played = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert played.returncode == 0, played.stderr
    said = dict(line.split(": ") for line in played.stdout.splitlines())
    assert int(said["kills"]) == KILLS
    assert int(said["articles"]) > KILLS


def play(name: str) -> None:
    """Live and be killed again and again, in forks of this process; check after each."""
    path, chance = Path(name), random.Random(4)
    told: set[str] = set()
    for life in range(KILLS):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            _live(path, life, writing)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            fresh = {pipe.readline().strip()}
            time.sleep(chance.uniform(0, 0.06))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            fresh.update(line.strip() for line in pipe if line.endswith("\n"))
        told |= fresh
        _check(path, told, fresh)
    sys.stdout.write(f"kills: {KILLS}\narticles: {len(told)}\n")


def _live(path: Path, life: int, pipe: int) -> None:
    """Store articles without end, each a copy if the index knows one of its story."""
    ledger = open_ledger(path)
    number = 0
    while True:
        names = [f"{life}-{number + n}" for n in range(GROUP)]
        entries = [entry(name) for name in names]
        ledger.commit_poll(poll(*entries))
        with ledger.writing() as writer:
            for name, of in zip(names, entries, strict=True):
                mine = place(name, _bands(name))
                found = writer.articles_near(mine.fingerprint, since=NOON, limit=1, floor=0)
                if found:
                    (first,) = found
                    mine = replace(mine, story_id=first.story_id, duplicate_of=first.article_id)
                writer.commit(copy(of, mine) if found else new(of, mine))
        os.write(pipe, "".join(f"{name}\n" for name in names).encode())
        number += GROUP


def _bands(name: str) -> tuple[int, ...]:
    """Return bands of which the first is that of its story: a few articles in a row."""
    life, number = map(int, name.split("-"))
    story = life * 1_000_000 + number // STORY
    return (story + 1, *(hash((life, number, band)) for band in range(41)))


def _check(path: Path, told: set[str], fresh: set[str]) -> None:
    """Check that store and index have the same, all that was told among it; the latest closely."""
    ledger: SqliteLedger = open_ledger(path)
    assert ledger.checks() == []
    assert ledger.fold_checks() == []
    with ledger.writing() as writer:
        for name in fresh:
            print_ = Fingerprint(content_hash="", bands=_bands(name)[1:])
            found = writer.articles_near(print_, since=NOON, limit=9, floor=0)
            assert [article.article_id for article in found] == [name]
            kin = writer.articles_near(
                replace(print_, bands=_bands(name)[:1]), since=NOON, limit=9, floor=0
            )
            assert len({article.story_id for article in kin}) == 1, "no copy was missed"
    with ledger._database.reading() as db:
        stored = dict(db.execute("SELECT article_id, index_no FROM articles"))
    assert told <= stored.keys(), "what was told is in the store"
    fold = ledger._fold
    blocks = [*(one.block for one in fold._keeper.chain), fold._tail.block()]
    indexed = [number for block in blocks for number in block.table["number"].tolist()]
    assert sorted(indexed) == sorted(stored.values()), "the index has what the store has, once"
    assert len(files(path)) <= 8
    ledger.close()
