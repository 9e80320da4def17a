"""The flush: journal rows become Parquet, each exactly once, whenever the process may be killed.

The steps for a batch, and what a kill just after each of them leaves behind:

1. *assign*: the ledger gives unbatched rows to an open batch with a fixed name. Nothing is in the
   lake; the next flush finds the open batch.
2. *write*: ``tmp/`` gets the file, it is synced, renamed into its table's folder, and the folders
   are synced. The rows are in the journal and in the lake; the ledger knows the batch as open, so
   the rows are counted once. The next flush makes the same file again, or finds it in place.
3. *close*: the ledger drops the rows and records the part. Done.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from storage.fs import sweep, sync_folders
from storage.lake.layout import Layout, part_path
from storage.lake.parts import arrow_of, holds, sync_part, write_part
from storage.ledger.base import Batch, Ledger, Part

ROWS_A_BATCH = 5_000
"""The most rows of a part made by a flush: so many are in memory at once."""

OnStep = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlushReport:
    """What one flush wrote: the parts, and the rows in them."""

    rows: int = 0
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flusher:
    """Runs the steps. Its user holds the flush lock.

    ``on_step`` is called with a step's name before each operation that a kill or a full disk could
    cut off.
    """

    layout: Layout
    ledger: Ledger
    scheme: str
    on_step: OnStep

    def run(self, *, at: datetime) -> FlushReport:
        """Finish what a killed flush left open, then flush all rows journalled so far.

        Raises:
            OSError: the disk is full or refuses; nothing is lost, and the next flush goes on.
            StoreError: a row in the journal is damaged.
        """
        self.on_step("sweep")
        sweep(self.layout.tmp)
        parts = [self._store(batch) for batch in self.ledger.open_batches()]
        while True:
            self.on_step("assign")
            batches = self.ledger.assign_batches(at=at, limit=ROWS_A_BATCH)
            parts += [self._store(batch) for batch in batches]
            # Where no batch was full, the journal is empty but for what others added meanwhile.
            # That waits for the next flush: to follow a busy crawl would make a part a row.
            if all(batch.rows < ROWS_A_BATCH for batch in batches):
                return FlushReport(rows=sum(part.rows for part in parts), parts=tuple(parts))

    def _store(self, batch: Batch) -> Part:
        """Do steps 2 and 3 for one open batch."""
        path = part_path(batch.table, batch.day, batch.batch_id)
        target = self.layout.file(path)
        data = arrow_of(batch.table, self.ledger.batch_rows(batch.batch_id))
        if holds(target, data):
            # Renaming over a live name would break readers that have the file open.
            self.on_step("sync")
            size, digest = sync_part(target)
        else:
            size, digest = self._write(target, batch.table, data)
        self.on_step("sync folders")
        sync_folders(target.parent, root=self.layout.root)
        part = Part(
            table=batch.table,
            path=path,
            batch_id=batch.batch_id,
            rows=data.num_rows,
            bytes=size,
            sha256=digest,
        )
        self.on_step("close")
        self.ledger.close_batch(batch.batch_id, part)
        return part

    def _write(self, target: Path, table: str, data: pa.Table) -> tuple[int, str]:
        """Put a part in place whole. Returns its size in bytes and its SHA-256."""
        self.on_step("make folders")
        self.layout.tmp.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        file = self.layout.tmp / target.name
        self.on_step("write")
        write_part(file, table, data, scheme=self.scheme)
        self.on_step("sync")
        size, digest = sync_part(file)
        self.on_step("rename")
        file.replace(target)
        return size, digest
