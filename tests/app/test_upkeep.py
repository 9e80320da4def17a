"""What the daemon does to the lake beside flushing it."""

import asyncio
from datetime import timedelta
from pathlib import Path

from ingest.config import Config
from ingest.config.settings import StoreSettings
from ingest.upkeep.upkeep import Upkeep
from storage.archive.reader import archive_files
from storage.archive.records import Capture
from storage.archive.writer import Archive
from storage.lake.lake import Lake
from tests.lake.world import NOON, article, commit, everything, globbed, lake, open_ledger


def kept(root: Path, *, retention: timedelta | None = None) -> None:
    """Have a store looked after a day later."""
    ledger = open_ledger(root)
    store = Lake(root, ledger, pause=timedelta(0))
    config = Config(data=root, store=StoreSettings(retention=retention))
    upkeep = Upkeep(config, ledger, store, lambda: NOON + timedelta(days=1))

    async def case() -> None:
        await upkeep.run()
        await upkeep.close()

    asyncio.run(case())
    ledger.close()


def test_days_that_are_over_are_compacted(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    for number in range(3):
        commit(ledger, [article(number)])
        Lake(tmp_path, ledger).flush(at=NOON)
    before = everything(tmp_path, ledger)
    kept(tmp_path)
    assert lake(tmp_path, ledger) == before
    assert len(ledger.parts("articles")) == 1
    assert all(seen.total() == 3 for seen in globbed(tmp_path))
    ledger.close()


def test_a_damaged_disk_is_told_and_ends_nothing(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    for number in range(2):
        commit(ledger, [article(number)])
        Lake(tmp_path, ledger).flush(at=NOON)
    (tmp_path / "tmp").rmdir()
    (tmp_path / "tmp").write_text("no folder")
    kept(tmp_path)  # logs it
    assert len(ledger.parts("articles")) == 2
    ledger.close()


def test_rows_that_are_too_old_go(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    for number, days in enumerate((0, 0, 3, 3, 4)):
        at = NOON - timedelta(days=days)
        commit(ledger, [article(number, at=at)], at=at)
        Lake(tmp_path, ledger).flush(at=NOON)
    kept(tmp_path, retention=timedelta(days=3))
    assert all(sorted(seen) == [("a00000", 0), ("a00001", 0)] for seen in globbed(tmp_path))
    assert {part.path.split("/")[1] for part in ledger.parts()} == {"dt=2026-11-23"}
    assert Lake(tmp_path, ledger).verify() == []
    assert ledger.checks() == []
    assert ledger.article("a00004") is not None, "what was seen is known still"
    ledger.close()


def test_archived_pages_that_are_too_old_go_with_their_rows(tmp_path: Path) -> None:
    for days in (0, 3, 4):
        at = NOON - timedelta(days=days)
        out = Archive(tmp_path, run_id=f"run{days}", software="test")
        out.put(Capture(url="https://example.org/", at=at, status=200, body=b"a page"))
        out.close()
    kept(tmp_path, retention=timedelta(days=3))
    assert [file.parent.name for file in archive_files(tmp_path)] == ["dt=2026-11-23"]
    assert [folder.name for folder in (tmp_path / "archive").glob("dt=*")] == ["dt=2026-11-23"]
