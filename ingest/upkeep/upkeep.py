"""What a daemon does to the lake beside flushing it: in a thread, and not in a crawl's way."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from ingest.clock import Clock
from ingest.config import Config
from ingest.regroup.takedown import Purged, finish
from ingest.upkeep.retention import KEEPS_ALL, Begins, begins, outdated, outdated_pages
from storage.archive.removal import Captures, remove_captures
from storage.errors import StoreError
from storage.lake.lake import Lake
from storage.ledger.base import Ledger
from storage.search import SearchIndex

log = logging.getLogger(__name__)


class Upkeep:
    """Compacts days once they are over, removes rows and pages that are too old, ends takedowns.

    Its end waits for the day that is being written.
    """

    def __init__(self, config: Config, ledger: Ledger, lake: Lake, clock: Clock) -> None:
        self._config = config
        self._ledger = ledger
        self._lake = lake
        self._search = SearchIndex(config.data / "state")
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="upkeep")
        self._is_closing = False
        self._pruned = KEEPS_ALL

    async def run(self) -> None:
        """Do all that is to be done, step by step. What the disk refuses waits for the next run."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._run)
        except (OSError, StoreError) as error:
            log.warning("the store is not looked after for now: %s", error)

    async def close(self) -> None:
        """Wait for the step under way; no other follows."""
        self._is_closing = True
        await asyncio.to_thread(self._thread.shutdown)

    def _run(self) -> None:
        for it in finish(self._ledger, self._lake, self._search, at=self._clock()):
            if isinstance(it, Purged):
                log.info("%s is removed: it may hold what was taken down", it.path)
            else:
                log.warning(
                    "%s of %s could not be cleaned of what was taken down", it.table, it.day
                )
        self._prune()
        self._compact()

    def _prune(self) -> None:
        at = self._clock()
        kept = begins(self._config, at=at)
        self._prune_archive(kept)
        edits = outdated(kept)
        for one in self._lake.touched(edits):
            where, rows = f"{one.day.table} of {one.day.day}", f"{one.gone} of {one.day.rows} rows"
            log.info("%s: %s are older than they are kept, and go", where, rows)
        with closing(self._lake.edit(edits, at=at)) as days:
            for _ in days:
                if self._is_closing:
                    return

    def _prune_archive(self, kept: Begins) -> None:
        pages = outdated_pages(kept, since=self._pruned)
        going_on = Captures(
            wanted=pages.wanted, days=lambda day: not self._is_closing and pages.of_day(day)
        )
        is_left = False
        for one in remove_captures(self._config.data, going_on):
            is_left |= one.is_left
            what = f"{one.gone} of {one.pages} pages were older than they are kept"
            log.info("archive of %s: %s, and %s", one.day, what, "stay" if one.is_left else "went")
        if not is_left and not self._is_closing:
            self._pruned = kept

    def _compact(self) -> None:
        with closing(self._lake.compact(at=self._clock())) as days:
            for done in days:
                before = done.before
                files = f"{len(before.parts)} files became {len(done.parts)}"
                log.info("%s of %s compacted: %s", before.table, before.day, files)
                if self._is_closing:
                    return
