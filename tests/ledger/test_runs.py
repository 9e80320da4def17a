import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.ledger.base import Ledger
from storage.ledger.sqlite import SqliteLedger
from tests.ledger.values import NOON, entry, failed, poll

ROOT = Path(__file__).parents[2]

CLAIMER = """
import sys
from pathlib import Path
from storage.ledger.sqlite import SqliteLedger
from tests.ledger.values import NOON
ledger = SqliteLedger(Path(sys.argv[1]))
run = ledger.begin_run(kind="crawl", at=NOON)
claimed = ledger.claim_pending(run, now=NOON, limit=int(sys.argv[2]))
print(run, len(claimed), flush=True)
sys.stdin.read()
"""


@contextmanager
def _claimer(path: Path, limit: int) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    command = [sys.executable, "-c", CLAIMER, str(path), str(limit)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        run, claimed = process.stdout.readline().split()
        try:
            yield process, run, int(claimed)
        finally:
            process.kill()


def _locks(path: Path) -> set[str]:
    return {file.stem for file in (path.parent / "runs").iterdir()}


def test_a_killed_runs_claims_fall_to_a_new_run(ledger: Ledger, path: Path) -> None:
    ledger.commit_poll(poll(*map(entry, "abc")))
    with _claimer(path, 2) as (process, killed, claimed):
        assert claimed == 2
        live = ledger.begin_run(kind="crawl", at=NOON)
        assert [e.guid for e in ledger.claim_pending(live, now=NOON, limit=9)] == ["c"]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert _locks(path) == {killed, live}
        after = ledger.begin_run(kind="crawl", at=NOON)
        assert _locks(path) == {live, after}
        assert [e.guid for e in ledger.claim_pending(after, now=NOON, limit=9)] == ["a", "b"]


def test_a_killed_runs_claims_fall_to_a_run_that_is_under_way(ledger: Ledger, path: Path) -> None:
    ledger.commit_poll(poll(*map(entry, "ab")))
    run = ledger.begin_run(kind="daemon", at=NOON)
    with _claimer(path, 9) as (process, _, claimed):
        assert claimed == 2
        assert ledger.claim_pending(run, now=NOON, limit=9) == []
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert len(ledger.claim_pending(run, now=NOON, limit=9)) == 2
    assert _locks(path) == {run}


def test_a_live_run_keeps_its_claims_when_others_begin_and_end(
    ledger: Ledger, other: Ledger
) -> None:
    ledger.commit_poll(poll(entry("a")))
    mine = ledger.begin_run(kind="crawl", at=NOON)
    ledger.claim_pending(mine, now=NOON, limit=9)
    theirs = other.begin_run(kind="crawl", at=NOON)
    assert other.claim_pending(theirs, now=NOON, limit=9) == []
    other.end_run(theirs, at=NOON)
    third = other.begin_run(kind="crawl", at=NOON)
    assert other.claim_pending(third, now=NOON, limit=9) == []


def test_an_ended_run_gives_back_what_it_did_not_settle(ledger: Ledger, path: Path) -> None:
    ledger.commit_poll(poll(*map(entry, "ab")))
    first = ledger.begin_run(kind="crawl", at=NOON)
    assert len(ledger.claim_pending(first, now=NOON, limit=9)) == 2
    with ledger.writing() as writer:
        writer.commit(failed(entry("a")))
    ledger.end_run(first, at=NOON)
    assert _locks(path) == set()
    second = ledger.begin_run(kind="crawl", at=NOON)
    assert [e.guid for e in ledger.claim_pending(second, now=NOON, limit=9)] == ["b"]


def test_closing_the_ledger_ends_its_runs_for_others(ledger: Ledger, path: Path) -> None:
    ledger.commit_poll(poll(entry("a")))
    gone = SqliteLedger(path)
    gone.claim_pending(gone.begin_run(kind="crawl", at=NOON), now=NOON, limit=9)
    gone.close()
    run = ledger.begin_run(kind="crawl", at=NOON)
    assert len(ledger.claim_pending(run, now=NOON, limit=9)) == 1


def test_the_lock_of_a_run_the_ledger_never_heard_of_is_swept(ledger: Ledger, path: Path) -> None:
    folder = path.parent / "runs"
    folder.mkdir()
    (folder / "killed-before-its-commit.lock").touch()
    run = ledger.begin_run(kind="crawl", at=NOON)
    assert _locks(path) == {run}


def test_a_lock_that_was_deleted_by_hand_counts_as_a_dead_run(ledger: Ledger, path: Path) -> None:
    ledger.commit_poll(poll(entry("a")))
    with _claimer(path, 9) as (process, run, _):
        process.kill()
        process.wait()
        (path.parent / "runs" / f"{run}.lock").unlink()
        mine = ledger.begin_run(kind="crawl", at=NOON)
        assert len(ledger.claim_pending(mine, now=NOON, limit=9)) == 1
