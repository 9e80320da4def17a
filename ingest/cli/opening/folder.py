"""The data folder, for commands that write what is no crawl's, or can do without it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from ingest.cli.context import Context
from ingest.clock import system_clock
from ingest.errors import ConfigError
from storage.errors import StoreError
from storage.lake.lake import Lake
from storage.ledger.base import Ledger
from storage.ledger.fold.index import RETENTION
from storage.ledger.sqlite import SqliteLedger
from storage.store import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A data folder open for a run of its own."""

    ledger: SqliteLedger
    store: Store
    run_id: str
    at: datetime


@contextmanager
def opened(context: Context, *, kind: str) -> Iterator[Opened]:
    """Open the data folder for a run of this kind; what people decided in it is kept for good.

    Raises:
        StoreError: nothing is stored there.
        ConfigError: there is neither a configuration nor ``--data``.
    """
    try:
        retention = context.load_config().dedup.window
    except ConfigError:
        if context.data is None:
            raise
        retention = RETENTION
    at = system_clock()
    ledger = context.open_ledger(retention=retention)
    try:
        run_id = ledger.begin_run(kind=kind, at=at)
        try:
            with context.open_store(strict=True) as store:
                yield Opened(ledger=ledger, store=store, run_id=run_id, at=at)
            Lake(context.data_folder(), ledger).keep_people()
        finally:
            ledger.end_run(run_id, at=system_clock())
    finally:
        ledger.close()


def asked(context: Context, question: Callable[[Ledger], T]) -> T | None:
    """Return what the ledger answers; ``None`` where there is none yet."""
    try:
        ledger = context.open_ledger()
    except StoreError:
        return None
    try:
        return question(ledger)
    finally:
        ledger.close()
