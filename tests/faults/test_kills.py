"""Crawls killed (-9) at each operation, at random instants, and beside another crawl.

``make faults`` sets ``NEWSFOLD_KILLS``, for many more random instants.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TABLE
from tests.faults.disk import small_disk
from tests.faults.truth import said_of

REPOSITORY = Path(__file__).parents[2]
KILLS = int(os.environ.get("NEWSFOLD_KILLS", "100"))
OPERATIONS_STEP = 3 if KILLS <= 100 else 1
PAIRS_STEP = 5 if KILLS <= 100 else 1

Record = Callable[[str, object], None]


DISK = 2 << 20


def play(
    root: Path, what: str, number: int, record: Record, *, within: Sequence[str] = ()
) -> dict[str, Any]:
    played = subprocess.run(
        [*within, sys.executable, "-m", "tests.faults.player", str(root), what, str(number)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stderr
    tally: dict[str, Any] = json.loads(played.stdout)
    faults = {
        "killed (-9)": tally["kills"],
        "ended by a full disk": tally["refusals"],
        "under a clock moved by an hour or a year": tally["clocks"],
    }
    record(TABLE, said_of(faults, runs=tally["runs"], rows=tally["rows"], flaws=tally["flaws"]))
    assert tally["flaws"] == []
    return tally


@pytest.mark.timeout(600)
def test_a_kill_at_any_one_operation_costs_no_row_and_doubles_none(
    root: Path, record_property: Record
) -> None:
    tally = play(root, "operations", OPERATIONS_STEP, record_property)
    assert tally["kills"] > 100 // OPERATIONS_STEP
    assert tally["clocks"] > 40 // OPERATIONS_STEP


@pytest.mark.timeout(3600)
def test_a_kill_at_any_instant_costs_no_row_and_doubles_none(
    root: Path, record_property: Record
) -> None:
    tally = play(root, "instants", KILLS, record_property)
    assert tally["kills"] == KILLS


@pytest.mark.timeout(600)
def test_of_two_crawls_at_once_the_other_goes_on_when_one_is_killed(
    root: Path, record_property: Record
) -> None:
    tally = play(root, "pairs", PAIRS_STEP, record_property)
    assert tally["kills"] > 3


@pytest.mark.timeout(1200)
def test_a_crawl_beside_compactions_goes_on_when_either_is_killed(
    root: Path, record_property: Record
) -> None:
    tally = play(root, "company", KILLS // 5, record_property)
    assert tally["kills"] == KILLS // 5


@pytest.mark.timeout(600)
def test_a_crawl_on_a_small_disk_that_fills_up_goes_on_once_there_is_room(
    root: Path, record_property: Record
) -> None:
    with small_disk(root, size=DISK) as disk:
        tally = play(root, "full", DISK, record_property, within=disk.within)
    assert tally["refusals"] > 3
