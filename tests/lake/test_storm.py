"""Readers of every kind read throughout a storm of compactions; wrong rows are counted."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from storage.lake.lake import Lake
from tests.conftest import TABLE
from tests.lake.reading import ENGINES
from tests.lake.world import NOON, article, commit, open_ledger

REPOSITORY = Path(__file__).parents[2]
NEXT_DAY = NOON + timedelta(days=1)
ROUNDS = int(os.environ.get("NEWSFOLD_STORM_ROUNDS", "5"))
PARTS_A_ROUND = 4


def tell(root: Path, name: str, number: int) -> None:
    scratch = root / f"{name}.new"
    scratch.write_text(str(number))
    scratch.replace(root / name)


def _said(told: Mapping[str, Mapping[str, int]]) -> str:
    """Return how many readings of each engine were right, wrong, or stopped by an error."""
    return "; ".join(
        f"{engine} read {counts['right']:,} times right,"
        f" {sum(n for said, n in counts.items() if said.startswith('wrong'))} times wrong,"
        f" {sum(n for said, n in counts.items() if said.startswith('error')):,} times stopped"
        for engine, counts in told.items()
    )


def test_no_reader_is_given_a_wrong_row_while_days_are_compacted(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    ledger = open_ledger(tmp_path)
    lake = Lake(tmp_path, ledger)
    stored = 0

    def flush_late_rows() -> None:
        nonlocal stored
        for _ in range(PARTS_A_ROUND):
            commit(ledger, [article(stored)])
            tell(tmp_path, "coming", stored + 1)
            lake.flush(at=NOON)
            stored += 1
            tell(tmp_path, "flushed", stored)

    tell(tmp_path, "coming", 0)
    tell(tmp_path, "flushed", 0)
    flush_late_rows()
    readers = {
        engine: subprocess.Popen(
            [sys.executable, "-m", "tests.lake.reading", engine, str(tmp_path)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        for engine in ENGINES
    }
    try:
        while not all((tmp_path / f"{engine}.ready").exists() for engine in ENGINES):
            assert all(reader.poll() is None for reader in readers.values())
            time.sleep(0.05)
        compacted: Counter[str] = Counter()
        for _ in range(ROUNDS):
            flush_late_rows()
            compacted.update(it.before.table for it in lake.compact(at=NEXT_DAY))
    finally:
        (tmp_path / "over").touch()
        told = {engine: json.loads(reader.communicate()[0]) for engine, reader in readers.items()}
    assert compacted["articles"] == ROUNDS
    record_property(TABLE, f"{ROUNDS} compactions of a day: {_said(told)}")
    for engine, counts in told.items():
        wrong = {said: number for said, number in counts.items() if said.startswith("wrong")}
        assert wrong == {}, engine
        assert counts["last right"], engine
        assert counts["right"] > 1, engine
    assert not any(said.startswith("error") for said in told["ours"])
    assert lake.verify() == []
    ledger.close()
