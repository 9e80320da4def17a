"""Runs and the claims that fall with them."""

import os
from datetime import datetime
from sqlite3 import Connection

from storage.ledger.codec import micros, new_id
from storage.ledger.liveness import RunLocks


def begin(db: Connection, locks: RunLocks, *, kind: str, at: datetime) -> str:
    """Bury the dead, then register a new run and take its lock."""
    release_dead(db, locks, at=at)
    locks.sweep(_open_runs(db))
    run_id = new_id(at)
    locks.hold(run_id)
    db.execute(
        "INSERT INTO runs (run_id, kind, pid, started_at) VALUES (?, ?, ?, ?)",
        [run_id, kind, os.getpid(), micros(at)],
    )
    return run_id


def end(db: Connection, run_id: str, *, at: datetime) -> None:
    """Close a run's row and give back its claims."""
    _close(db, run_id, at=at, killed=False)


def release_dead(db: Connection, locks: RunLocks, *, at: datetime) -> None:
    """Close the rows of runs whose process is gone and give back their claims."""
    for run_id in _open_runs(db):
        if locks.bury(run_id):
            _close(db, run_id, at=at, killed=True)


def live(db: Connection, locks: RunLocks) -> set[str]:
    """Return the runs whose process is alive, this one's included."""
    return {run_id for run_id in _open_runs(db) if not locks.bury(run_id)}


def _open_runs(db: Connection) -> set[str]:
    return {run_id for (run_id,) in db.execute("SELECT run_id FROM runs WHERE ended_at IS NULL")}


def _close(db: Connection, run_id: str, *, at: datetime, killed: bool) -> None:
    db.execute("UPDATE entries SET claimed_by = NULL WHERE claimed_by = ?", [run_id])
    db.execute(
        "UPDATE runs SET ended_at = ?, killed = ? WHERE run_id = ? AND ended_at IS NULL",
        [micros(at), int(killed), run_id],
    )
