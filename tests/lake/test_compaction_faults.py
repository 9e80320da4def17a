"""A compaction that is stopped, refused or killed at its first, second, third … operation."""

import errno
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

import storage
from storage import fs
from storage.errors import UnreadablePartWarning
from storage.fs import OnStep, no_hook
from storage.lake.lake import Lake
from storage.lake.layout import Layout
from storage.lake.parts import is_part
from storage.lake.verify import verify
from storage.ledger.sqlite import SqliteLedger
from storage.query import readings
from tests.faults.test_kills import KILLS
from tests.lake.world import NOON, article, commit, everything, files, globbed, lake, open_ledger

REPOSITORY = Path(__file__).parents[2]
NEXT_DAY = NOON + timedelta(days=1)
ARTICLES = 2
KILL_STEP = 2 if KILLS <= 100 else 1


def fill(root: Path) -> None:
    ledger = open_ledger(root)
    for number in range(ARTICLES):
        commit(ledger, [article(number)])
        Lake(root, ledger).flush(at=NOON)
    ledger.close()


def compact(root: Path, on_step: OnStep = no_hook) -> None:
    ledger = open_ledger(root, on_step=on_step)
    try:
        quick = timedelta(0)
        list(Lake(root, ledger, on_step=on_step, pause=quick).compact(at=NEXT_DAY))
    finally:
        ledger.close()


def stopping(operation: int, steps: list[str], fault: Callable[[], BaseException]) -> OnStep:
    def on_step(step: str) -> None:
        steps.append(step)
        if len(steps) == operation:
            raise fault()

    return on_step


def rows(root: Path) -> Counter[str]:
    with storage.open(root) as store:
        return Counter(store.sql("SELECT article_id FROM articles")["article_id"].to_pylist())


EACH_ONCE = Counter(f"a{number:05}" for number in range(ARTICLES))


def assert_right_at_once(root: Path) -> None:
    """What a stopped compaction leaves is true to our readers, and false to none."""
    assert rows(root) == EACH_ONCE
    ledger = open_ledger(root)
    assert verify(Layout(root), ledger) == []
    ledger.close()
    assert_not_wrong(root)


def assert_not_wrong(root: Path) -> None:
    """Whoever reads the files by themselves is right, or stopped by a mark."""
    if all(map(is_part, root.glob("articles/**/*.parquet"))):
        assert all(seen == Counter((one, 0) for one in EACH_ONCE) for seen in globbed(root))


def assert_whole(root: Path, ledger: SqliteLedger) -> None:
    assert all(seen == Counter((one, 0) for one in EACH_ONCE) for seen in globbed(root))
    assert files(root) == {part.path for part in ledger.parts()}
    assert ledger.rewrites.every() == []
    assert not [path for path in (root / "tmp").rglob("*") if path.is_file()]
    assert Lake(root, ledger).verify() == []


def assert_goes_on(root: Path, before: object, then: Callable[[Path, SqliteLedger], None]) -> None:
    ledger = open_ledger(root)
    then(root, ledger)
    assert everything(root, ledger) == before
    assert lake(root, ledger) == before
    assert_whole(root, ledger)
    ledger.close()


def flush_then_compact(root: Path, ledger: SqliteLedger) -> None:
    Lake(root, ledger).flush(at=NOON)
    assert ledger.rewrites.every() == [], "a flush ends what was broken off"
    assert all(seen == Counter((one, 0) for one in EACH_ONCE) for seen in globbed(root))
    list(Lake(root, ledger, pause=timedelta(0)).compact(at=NEXT_DAY))


def compact_again(root: Path, ledger: SqliteLedger) -> None:
    list(Lake(root, ledger, pause=timedelta(0)).compact(at=NEXT_DAY))


def copies(tmp_path: Path) -> tuple[Iterator[tuple[int, Path]], list[str], object]:
    """Return operations, each with a store of its own; what a clean run does; and all rows.

    All operations of the first table's rewrite are among them, and some of the others'.
    """
    origin, steps = tmp_path / "origin", list[str]()
    fill(origin)
    ledger = open_ledger(origin)
    before = everything(origin, ledger)
    ledger.close()
    compact(shutil.copytree(origin, tmp_path / "clean"), stopping(0, steps, OSError))
    first = steps.index("exchange") + 12
    chosen = [*range(1, first), *range(first, len(steps) + 1, 20)]
    return ((n, shutil.copytree(origin, tmp_path / str(n))) for n in chosen), steps, before


def test_a_compaction_refused_at_any_operation_keeps_each_row_once(tmp_path: Path) -> None:
    stores, steps, before = copies(tmp_path)
    assert {"begin", "commit", "write", "sync", "exchange", "remove"} <= set(steps)
    for operation, root in stores:
        number = (errno.ENOSPC, errno.EIO)[operation % 2]
        refused = stopping(operation, [], partial(OSError, number, "refused"))
        with pytest.raises(OSError, match="refused"):
            compact(root, refused)
        assert_right_at_once(root)
        # the next is stopped too, somewhere in its recovery
        with suppress(OSError):
            compact(root, stopping(operation // 3 + 1, [], lambda: OSError(errno.EIO, "again")))
        assert_right_at_once(root)
        assert_goes_on(root, before, (compact_again, flush_then_compact)[operation % 2])


def test_a_compaction_killed_at_any_operation_keeps_each_row_once(tmp_path: Path) -> None:
    stores, steps, before = copies(tmp_path)
    exchange = steps.index("exchange")
    for operation, root in stores:
        if not exchange - 2 <= operation <= exchange + 8 or operation % KILL_STEP:
            continue  # those around the exchange, for a process is a second
        killed = subprocess.run(
            [sys.executable, "-m", "tests.lake.killed", str(root), str(operation), "compact"],
            cwd=REPOSITORY,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL
        assert_right_at_once(root)
        assert_goes_on(root, before, (compact_again, flush_then_compact)[operation % 2])


def test_where_folders_cannot_be_exchanged_a_stopped_compaction_is_gone_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(one: Path, _other: Path) -> None:
        raise OSError(errno.ENOSYS, "no such call", str(one))

    monkeypatch.setattr(fs, "exchange", refuse)
    monkeypatch.setattr(readings, "_PAUSE", 0.0)  # what was stopped comes on by no waiting
    stores, steps, before = copies(tmp_path)
    assert "rename" in steps
    for operation, root in stores:
        with pytest.raises(OSError, match="refused"):
            compact(root, stopping(operation, [], lambda: OSError(errno.EIO, "refused")))
        try:
            assert rows(root) == EACH_ONCE
        except UnreadablePartWarning:  # between the first mark and the last of the new parts
            assert not all(map(is_part, root.glob("*/dt=*/*.parquet")))
        assert_not_wrong(root)
        assert_goes_on(root, before, (compact_again, flush_then_compact)[operation % 2])
