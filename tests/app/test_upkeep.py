"""What the daemon does to the lake beside flushing it."""

import asyncio
from datetime import timedelta
from pathlib import Path

from ingest.upkeep import Upkeep
from storage.lake.lake import Lake
from storage.search import SearchIndex
from tests.lake.world import NOON, article, commit, everything, globbed, lake, open_ledger


def kept(root: Path) -> None:
    """Have a store looked after a day later."""
    ledger = open_ledger(root)
    store = Lake(root, ledger, pause=timedelta(0))
    upkeep = Upkeep(ledger, store, SearchIndex(root / "state"), lambda: NOON + timedelta(days=1))

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
