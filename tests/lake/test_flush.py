import errno
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from storage.lake import flush
from storage.lake.flush import FlushReport
from storage.lake.lake import Lake
from storage.ledger.sqlite import SqliteLedger
from tests.lake.world import (
    NOON,
    article,
    commit,
    everything,
    files,
    globbed,
    journal,
    lake,
    open_ledger,
)

REPOSITORY = Path(__file__).parents[2]
DAY_BEFORE = NOON - timedelta(days=1)


class Stop(Exception):  # noqa: N818 - stands for a kill, not for an error
    """Raised in place of an operation."""


class StopAt:
    """Stops a flush before its n-th operation; ``steps`` are those that were let through."""

    def __init__(self, operation: int) -> None:
        self._operation = operation
        self.steps: list[str] = []

    def __call__(self, step: str) -> None:
        if len(self.steps) + 1 == self._operation:
            raise Stop(step)
        self.steps.append(step)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    ledger = open_ledger(tmp_path)
    yield ledger
    ledger.close()


def fill(ledger: SqliteLedger) -> None:
    commit(ledger, [article(number) for number in range(5)])
    commit(ledger, [article(number, at=DAY_BEFORE) for number in range(5, 8)], at=DAY_BEFORE)


def assert_whole(root: Path, ledger: SqliteLedger) -> None:
    """All is in Parquet, each once, for us and for any reader; nothing is left lying about."""
    assert not any(journal(ledger).values())
    for seen in globbed(root):
        assert seen == Counter((f"a{number:05}", 0) for number in range(8))
    assert files(root) == {part.path for part in ledger.parts()}
    assert not ledger.open_batches()
    assert not list((root / "tmp").iterdir())
    assert Lake(root, ledger).verify() == []


def test_a_flush_moves_every_row_into_the_folder_of_its_day(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    fill(ledger)
    before = journal(ledger)
    report = Lake(tmp_path, ledger).flush(at=NOON)
    assert report is not None
    assert report.rows == sum(table.total() for table in before.values())
    assert set(report.parts) == set(ledger.parts())
    assert lake(tmp_path, ledger) == before
    assert {path.rsplit("/", 1)[0] for path in files(tmp_path) if path.startswith("articles")} == {
        "articles/dt=2026-11-22",
        "articles/dt=2026-11-23",
    }
    assert_whole(tmp_path, ledger)


def test_a_second_flush_writes_nothing(tmp_path: Path, ledger: SqliteLedger) -> None:
    fill(ledger)
    store = Lake(tmp_path, ledger)
    store.flush(at=NOON)
    before = files(tmp_path)
    assert store.flush(at=NOON) == FlushReport()
    assert files(tmp_path) == before


def test_an_empty_journal_makes_no_folder(tmp_path: Path, ledger: SqliteLedger) -> None:
    assert Lake(tmp_path, ledger).flush(at=NOON) == FlushReport()
    assert files(tmp_path) == set()


def test_more_rows_than_one_batch_holds_are_flushed_by_one_flush(
    tmp_path: Path, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flush, "ROWS_A_BATCH", 50)
    commit(ledger, [article(number) for number in range(60)])
    before = journal(ledger)
    Lake(tmp_path, ledger).flush(at=NOON)
    assert len(ledger.parts("outcomes")) > 1
    assert lake(tmp_path, ledger) == before
    assert not any(journal(ledger).values())


def flush_until(root: Path, stop: StopAt) -> bool:
    """Flush with every operation told to ``stop``; return whether it let them all pass."""
    ledger = open_ledger(root, on_step=stop)
    try:
        Lake(root, ledger, on_step=stop).flush(at=NOON)
    except Stop:
        return False
    finally:
        ledger.close()
    return True


def test_a_flush_stopped_at_any_operation_keeps_each_row_once(memory: Path) -> None:
    for operation in count(1):
        root = memory / str(operation)
        ledger = open_ledger(root)
        fill(ledger)
        before = everything(root, ledger)
        stop = StopAt(operation)
        clean = flush_until(root, stop)
        # between the stop and the next flush
        assert everything(root, ledger) == before
        assert all(max(seen.values(), default=1) == 1 for seen in globbed(root))
        assert all(path.endswith(".parquet") for path in files(root))
        # the next one is stopped too, somewhere in its recovery
        flush_until(root, StopAt(operation // 2 + 1))
        assert everything(root, ledger) == before
        ledger.close()
        # and a later process goes on
        ledger = open_ledger(root)
        Lake(root, ledger).flush(at=NOON)
        assert lake(root, ledger) == before
        assert_whole(root, ledger)
        ledger.close()
        if clean:
            assert {"begin", "commit", "write", "sync", "rename", "sync folders"} <= set(stop.steps)
            return


@pytest.mark.parametrize("operation", [2, 5, 8, 11])
def test_a_killed_flusher_leaves_the_next_one_all_it_needs(tmp_path: Path, operation: int) -> None:
    ledger = open_ledger(tmp_path)
    fill(ledger)
    before = everything(tmp_path, ledger)
    ledger.close()
    killed = subprocess.run(
        [sys.executable, "-m", "tests.lake.killed", str(tmp_path), str(operation)],
        cwd=REPOSITORY,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    ledger = open_ledger(tmp_path)
    assert everything(tmp_path, ledger) == before
    report = Lake(tmp_path, ledger).flush(at=NOON)
    assert report is not None
    assert lake(tmp_path, ledger) == before
    assert_whole(tmp_path, ledger)
    ledger.close()


def test_a_part_that_stands_whole_is_not_replaced_by_recovery(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    fill(ledger)

    def before_closing(step: str) -> None:
        if step == "sync folders":
            raise Stop

    with pytest.raises(Stop):
        Lake(tmp_path, ledger, on_step=before_closing).flush(at=NOON)
    (path,) = files(tmp_path)
    inode = (tmp_path / path).stat().st_ino
    Lake(tmp_path, ledger).flush(at=NOON)
    assert (tmp_path / path).stat().st_ino == inode
    assert_whole(tmp_path, ledger)


def test_a_part_torn_by_a_power_cut_is_written_again(tmp_path: Path, ledger: SqliteLedger) -> None:
    fill(ledger)
    before = everything(tmp_path, ledger)

    def before_closing(step: str) -> None:
        if step == "sync folders":
            raise Stop

    with pytest.raises(Stop):
        Lake(tmp_path, ledger, on_step=before_closing).flush(at=NOON)
    (path,) = files(tmp_path)
    torn = (tmp_path / path).read_bytes()[:100]
    (tmp_path / path).write_bytes(torn)
    Lake(tmp_path, ledger).flush(at=NOON)
    assert lake(tmp_path, ledger) == before
    assert_whole(tmp_path, ledger)


def test_no_file_is_seen_in_a_tables_folder_before_it_is_whole_and_synced(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    fill(ledger)

    def look(step: str) -> None:
        if step in {"make folders", "write", "sync", "rename"}:
            assert files(tmp_path) == {part.path for part in ledger.parts()}

    Lake(tmp_path, ledger, on_step=look).flush(at=NOON)
    assert_whole(tmp_path, ledger)


def test_what_lies_in_tmp_is_swept(tmp_path: Path, ledger: SqliteLedger) -> None:
    (tmp_path / "tmp" / "folder").mkdir(parents=True)
    (tmp_path / "tmp" / "folder" / "file").write_bytes(b"")
    (tmp_path / "tmp" / "part-0.parquet").write_bytes(b"PAR1")
    Lake(tmp_path, ledger).flush(at=NOON)
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_loses_nothing(tmp_path: Path, ledger: SqliteLedger) -> None:
    fill(ledger)
    before = everything(tmp_path, ledger)

    def fill_disk(step: str) -> None:
        if step == "write":
            (batch, *_) = ledger.open_batches()
            (tmp_path / "tmp" / f"part-{batch.batch_id}.parquet").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left") as error:
        Lake(tmp_path, ledger, on_step=fill_disk).flush(at=NOON)
    assert error.value.errno == errno.ENOSPC
    assert everything(tmp_path, ledger) == before
    Lake(tmp_path, ledger).flush(at=NOON)
    assert lake(tmp_path, ledger) == before
    assert_whole(tmp_path, ledger)


def test_of_two_flushers_at_once_one_does_the_work(tmp_path: Path, ledger: SqliteLedger) -> None:
    fill(ledger)
    before = journal(ledger)
    started, go_on = threading.Event(), threading.Event()
    reports: list[FlushReport | None] = []

    def hold(step: str) -> None:
        if step == "rename":
            started.set()
            assert go_on.wait(60)

    def flush_slowly() -> None:
        own = open_ledger(tmp_path)
        reports.append(Lake(tmp_path, own, on_step=hold).flush(at=NOON))
        own.close()

    def flush_after() -> None:
        own = open_ledger(tmp_path)
        reports.append(Lake(tmp_path, own).flush(at=NOON, wait=True))
        own.close()

    slow, after = threading.Thread(target=flush_slowly), threading.Thread(target=flush_after)
    slow.start()
    assert started.wait(60)
    after.start()
    assert Lake(tmp_path, ledger).flush(at=NOON) is None
    assert Lake(tmp_path, ledger).verify() == []
    go_on.set()
    slow.join()
    after.join()
    first, second = reports
    assert first is not None
    assert first.rows == sum(table.total() for table in before.values())
    assert second == FlushReport()
    assert lake(tmp_path, ledger) == before
    assert_whole(tmp_path, ledger)


def test_a_flush_is_due_by_number_by_age_and_after_a_kill(
    tmp_path: Path, ledger: SqliteLedger
) -> None:
    store = Lake(tmp_path, ledger, rows=12, every=timedelta(minutes=5))
    assert not store.should_flush(now=NOON)
    commit(ledger, [article(1)])
    assert not store.should_flush(now=NOON + timedelta(minutes=4))
    assert store.should_flush(now=NOON + timedelta(minutes=5))
    commit(ledger, [article(number) for number in range(2, 8)])
    assert store.should_flush(now=NOON)
    with pytest.raises(Stop):
        Lake(tmp_path, ledger, on_step=StopAt(3)).flush(at=NOON)
    assert store.should_flush(now=NOON)
    store.flush(at=NOON)
    assert not store.should_flush(now=NOON + timedelta(days=1))
