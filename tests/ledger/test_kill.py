"""A writer killed at any instant leaves each of its commits whole or not begun."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage.ledger.sqlite import SqliteLedger
from storage.model import Article, Outcome, OutcomeChange, Poll
from tests.ledger.values import NOON, entry, new, poll, stored

ROOT = Path(__file__).parents[2]
ENTRIES = 3

WRITER = """
import sys
from pathlib import Path
from tests.ledger.test_kill import write
write(Path(sys.argv[1]), int(sys.argv[2]))
"""


def write(path: Path, start: int) -> None:
    """Commit polls and their articles without end; tell of each once it is committed."""
    ledger = SqliteLedger(path)
    ledger.begin_run(kind="crawl", at=NOON)
    while True:
        names = [f"e{start}-{n}" for n in range(ENTRIES)]
        ledger.commit_poll(poll(*map(entry, names), run=f"poll {start}"))
        _tell(f"poll {start}")
        for number, name in enumerate(names):
            bands = tuple(hash((start, number, band)) for band in range(42))
            with ledger.writing() as writer:
                writer.commit(new(entry(name), stored(name, bands=bands)))
            _tell(f"entry {name}")
        ledger.assign_batches(at=NOON, limit=5)
        start += 1


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@pytest.mark.parametrize("seed", range(3))
def test_commits_are_whole_after_kills_at_random_instants(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    told: set[str] = set()
    for life in range(4):
        command = [sys.executable, "-c", WRITER, str(path), str(life * 1_000_000)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            told.add(writer.stdout.readline())
            time.sleep(chance.uniform(0, 0.05))
            writer.kill()
            told.update(line for line in writer.stdout if line.endswith("\n"))
        _check(path, told)


def _check(path: Path, told: set[str]) -> None:
    ledger = SqliteLedger(path)
    assert ledger.checks() == []
    known = ledger.known_entries("f")
    rows = [row for some in ledger.snapshot().rows.values() for row in some]
    polls = [row.run_id for row in rows if isinstance(row, Poll)]
    articles = [row.article_id for row in rows if isinstance(row, Article)]
    changes = [(row.guid, row.outcome) for row in rows if isinstance(row, OutcomeChange)]
    waited = [guid for guid, outcome in changes if outcome is Outcome.PENDING]
    done = [guid for guid, outcome in changes if outcome is Outcome.NEW]

    assert len(known) == len(waited) == ENTRIES * len(polls) == ENTRIES * len(set(polls))
    assert set(waited) == set(known)
    assert sum(ledger.count_outcomes().values()) == len(known)
    assert sorted(done) == sorted(articles)
    assert len(articles) == len(set(articles))
    assert set(done) == {guid for guid, of in known.items() if of.outcome is Outcome.NEW}
    assert all(ledger.article_by_url([f"https://f.example/{name}"]) for name in articles)

    kept = {f"poll {run.removeprefix('poll ')}\n" for run in polls}
    kept |= {f"entry {name}\n" for name in articles}
    assert told <= kept, "what was told is durable"
    ledger.close()
