"""The flush: journal rows become Parquet, each exactly once, whenever the process may be killed.

The steps for a batch, and what a kill just after each of them leaves behind:

1. *assign*: the ledger gives unbatched rows to an open batch with a fixed name. Nothing is in the
   lake; the next flush finds the open batch.
2. *write*: ``tmp/`` gets the file, it is synced, renamed into its table's folder, and the folders
   are synced. The rows are in the journal and in the lake; the ledger knows the batch as open, so
   the rows are counted once. The next flush makes the same file again, or finds it in place.
3. *close*: the ledger drops the rows and records the part. Done.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from storage.fs import Files
from storage.lake.layout import Layout, part_path
from storage.lake.parts import arrow_of, holds, measure, write_part
from storage.ledger.base import Ledger
from storage.ledger.parts import Batch, Part

ROWS_A_BATCH = 5_000
"""The most rows of a part made by a flush: so many are in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlushReport:
    """What one flush wrote: the parts, and the rows in them."""

    rows: int = 0
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flusher:
    """Runs the steps. Its user holds the flush lock."""

    layout: Layout
    ledger: Ledger
    scheme: str
    files: Files

    def run(self, *, at: datetime) -> FlushReport:
        """Finish what a killed flush left open, then flush all rows journalled so far.

        Raises:
            OSError: the disk is full or refuses; nothing is lost, and the next flush goes on.
            StoreError: a row in the journal is damaged.
        """
        self.files.sweep(self.layout.tmp, but=[self.layout.rewrites])
        parts = [self._store(batch) for batch in self.ledger.open_batches()]
        while True:
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
            self.files.sync(target)
        else:
            self._write(target, batch.table, data)
        # Of what the file holds, read back, not of what was meant to be in it.
        size, digest = measure(target)
        self.files.sync_folders(target.parent, root=self.layout.root)
        part = Part(
            table=batch.table,
            path=path,
            batch_id=batch.batch_id,
            rows=data.num_rows,
            bytes=size,
            sha256=digest,
        )
        self.ledger.close_batch(batch.batch_id, part)
        return part

    def _write(self, target: Path, table: str, data: pa.Table) -> None:
        """Put a part in place whole."""
        self.files.make_folders(self.layout.tmp)
        self.files.make_folders(target.parent)
        file = self.layout.tmp / target.name
        write_part(file, table, data, scheme=self.scheme, files=self.files)
        self.files.sync(file)
        self.files.rename(file, target)
