from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from storage.lake.lake import Lake
from tests.lake.test_flush import Stop, StopAt
from tests.lake.world import NOON, article, commit, files, lake, open_ledger


def store_with_two_parts(root: Path) -> tuple[str, str]:
    """Fill a store with two batches of articles; return the paths of their parts."""
    ledger = open_ledger(root)
    for first in (0, 5):
        commit(ledger, [article(number) for number in range(first, first + 5)])
        Lake(root, ledger).flush(at=NOON + timedelta(minutes=first))
    one, other = (part.path for part in ledger.parts("articles"))
    ledger.close()
    return one, other


def damage(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x10
    file.write_bytes(data)


def test_a_damaged_part_goes_to_quarantine_and_what_is_lost_is_named(tmp_path: Path) -> None:
    bad, good = store_with_two_parts(tmp_path)
    damage(tmp_path / bad)
    damaged = (tmp_path / bad).read_bytes()
    (tmp_path / "articles" / "stray.parquet").write_bytes(b"PAR1")
    ledger = open_ledger(tmp_path)
    plan = Lake(tmp_path, ledger).repair()
    assert {finding.path for finding in plan.findings} == {bad, "articles/stray.parquet"}
    assert [one.article_id for one in plan.lost] == [f"a{number:05}" for number in range(5)]
    assert plan.lost_rows == 5
    assert (tmp_path / "quarantine" / bad).read_bytes() == damaged
    assert {path for path in files(tmp_path) if path.startswith("articles")} == {good}
    assert Lake(tmp_path, ledger).verify() == []
    assert sum(lake(tmp_path, ledger)["articles"].values()) == 5
    assert Lake(tmp_path, ledger).repair().findings == ()
    ledger.close()


def test_a_missing_part_is_forgotten(tmp_path: Path) -> None:
    bad, _ = store_with_two_parts(tmp_path)
    (tmp_path / bad).unlink()
    ledger = open_ledger(tmp_path)
    (finding,) = Lake(tmp_path, ledger).repair().findings
    assert (finding.path, finding.what) == (bad, "is missing")
    assert Lake(tmp_path, ledger).verify() == []
    ledger.close()


def test_a_plan_changes_nothing(tmp_path: Path) -> None:
    bad, _ = store_with_two_parts(tmp_path)
    damage(tmp_path / bad)
    before = files(tmp_path)
    ledger = open_ledger(tmp_path)
    assert len(Lake(tmp_path, ledger).plan_repair().findings) == 1
    assert files(tmp_path) == before
    assert not (tmp_path / "quarantine").exists()
    ledger.close()


def test_a_repair_stopped_at_any_operation_goes_on_at_the_next(memory: Path) -> None:
    for operation in count(1):
        root = memory / str(operation)
        bad, _ = store_with_two_parts(root)
        damage(root / bad)
        stop = StopAt(operation)
        ledger = open_ledger(root, on_step=stop)
        try:
            Lake(root, ledger, on_step=stop).repair()
        except Stop:
            stopped = True
        else:
            stopped = False
        ledger.close()
        ledger = open_ledger(root)
        Lake(root, ledger).repair()
        assert (root / "quarantine" / bad).is_file()
        assert Lake(root, ledger).verify() == []
        ledger.close()
        if not stopped:
            assert operation > 5
            return
    pytest.fail("it never ended")
