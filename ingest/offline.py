"""Wires real parts for what never asks the network: imports, and extraction of archived pages."""

import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import storage
from ingest.clock import Clock
from ingest.committing.opening import LEDGER, open_ledger
from ingest.config import Config
from ingest.dedup.signature import SCHEME
from ingest.imports.importer import FEED_ID, Importer
from ingest.reextraction.reextractor import Reextractor
from ingest.settle import Circumstances, circumstances
from ingest.workers.pool import Workers
from storage.lake.lake import Lake
from storage.ledger.sqlite import SqliteLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """A run without a network. Without a ``lake`` nothing it writes lasts."""

    ledger: SqliteLedger
    run: Circumstances
    workers: Workers
    lake: Lake | None


@asynccontextmanager
async def open_importer(
    config: Config, *, clock: Clock, feed_id: str = FEED_ID, dry_run: bool = False
) -> AsyncIterator[Importer]:
    """Open what it takes to import articles; on leaving, flush.

    A ``dry_run`` decides in a copy of the ledger that is gone afterwards.

    Raises:
        NewsfoldError: the store was signed under another fold scheme, or has lost its ledger.
    """
    with offline(config, kind="import", clock=clock, dry_run=dry_run) as parts:
        yield Importer(
            ledger=parts.ledger,
            run=parts.run,
            workers=parts.workers,
            lake=parts.lake,
            clock=clock,
            feed_id=feed_id,
        )


@asynccontextmanager
async def open_reextractor(
    config: Config, *, clock: Clock, dry_run: bool = False
) -> AsyncIterator[Reextractor]:
    """Open what it takes to extract archived pages anew; on leaving, flush.

    Raises:
        NewsfoldError: the store was signed under another fold scheme, or has lost its ledger.
        StoreError: there is no store.
    """
    with (
        storage.open(config.data) as store,
        offline(config, kind="reextract", clock=clock, dry_run=dry_run) as parts,
    ):
        yield Reextractor(
            config=config,
            ledger=parts.ledger,
            store=store,
            run=parts.run,
            workers=parts.workers,
            clock=clock,
            dry_run=dry_run,
        )


@contextmanager
def offline(config: Config, *, kind: str, clock: Clock, dry_run: bool) -> Iterator[Offline]:
    """Open the ledger, or with ``dry_run`` a copy of it, for a run; on leaving, end it and flush.

    Raises:
        NewsfoldError: the store was signed under another fold scheme, or has lost its ledger.
    """
    with _ledger(config, dry_run=dry_run) as ledger:
        lake = None
        if not dry_run:
            lake = Lake(
                config.data,
                ledger,
                scheme=SCHEME,
                rows=config.flush.rows,
                every=config.flush.every,
            )
        run_id = ledger.begin_run(kind=kind, at=clock())
        try:
            with Workers(config.workers) as workers:
                run = circumstances(config, run_id=run_id)
                yield Offline(ledger=ledger, run=run, workers=workers, lake=lake)
        finally:
            if lake is not None:
                lake.flush(at=clock(), wait=True)
            ledger.end_run(run_id, at=clock())


@contextmanager
def _ledger(config: Config, *, dry_run: bool) -> Iterator[SqliteLedger]:
    if not dry_run:
        ledger = open_ledger(config)
        try:
            yield ledger
        finally:
            ledger.close()
        return
    with tempfile.TemporaryDirectory(prefix="newsfold-dry-run-") as folder:
        copy = Path(folder) / "ledger.db"
        if (config.data / LEDGER).is_file():
            _copy(config.data / LEDGER, copy)
        ledger = SqliteLedger(copy, retention=config.dedup.window)
        if ledger.fold_scheme() is None:
            ledger.set_fold_scheme(SCHEME)
        try:
            yield ledger
        finally:
            ledger.close()


def _copy(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, while others write to it."""
    origin = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)
    copy = sqlite3.connect(target)
    try:
        origin.backup(copy)
    finally:
        copy.close()
        origin.close()
