"""Readings of one store's snapshots: which parts and rows there are, and a session over them."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TypeVar

import duckdb

from storage.errors import StoreError
from storage.lake.exchange import standing
from storage.lake.layout import Layout
from storage.ledger.reader import LedgerReader, OutdatedError
from storage.query import Session
from storage.schema import TABLES
from storage.views import Source

T = TypeVar("T")

_ATTEMPTS = 6
_PAUSE = 0.05  # seconds, longer each time


class Readings:
    """Opens what is stored in a data folder as often as it changes. Threads may share it.

    Raises:
        StoreError: there is no store in the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._layout = Layout(root)
        self._folders = {table: (self._root / table).resolve() for table in TABLES}
        self._ledger: LedgerReader | None = None
        self._current: _Current | None = None
        self._lent: list[Session] = []
        self._turn = Lock()
        if not self._database.is_file() and not any(map(Path.is_dir, self._folders.values())):
            raise StoreError(f"there is no store in {root}; `newsfold crawl` makes one")

    def close(self) -> None:
        """Let go of the ledger, and of all sessions."""
        with self._turn:
            self._drop()
        while self._lent:
            self._lent.pop().close()
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    @property
    def _database(self) -> Path:
        return self._root / "state" / "ledger.db"

    def ledger(self) -> LedgerReader | None:
        """Return the ledger, if there is one."""
        if self._ledger is None and self._database.is_file() and self._database.stat().st_size:
            try:
                self._ledger = LedgerReader(self._database)
            except OutdatedError:
                if not os.access(self._database.parent, os.W_OK):
                    raise
                _bring_up_to_date(self._database)
                self._ledger = LedgerReader(self._database)
        return self._ledger

    def _mark(self) -> object:
        """Return a value that is the same as long as the same rows are stored."""
        ledger = self.ledger()
        return self._parts() if ledger is None else ledger.mark()

    def _parts(self) -> dict[str, list[str]]:
        return {
            table: sorted(map(str, folder.glob("dt=*/*.parquet")))
            for table, folder in self._folders.items()
        }

    def source(self) -> Source:
        """Take one snapshot. Without a ledger, whatever parts lie in the folders are the store."""
        ledger = self.ledger()
        if ledger is None:
            return Source(files=self._parts())
        snapshot, feeds = ledger.snapshot()
        files: dict[str, list[str]] = {table: [] for table in TABLES}
        for part in standing(self._layout, snapshot):
            inside = part.path.removeprefix(f"{part.table}/")
            files[part.table].append(str(self._folders[part.table] / inside))
        return Source(files=files, rows=snapshot.rows, feeds=feeds, superseded=snapshot.superseded)

    def read(self, work: Callable[[Session], T]) -> T:
        """Do something on a snapshot; on a newer one when parts were moved meanwhile."""
        lost = None
        for attempt in range(_ATTEMPTS):
            time.sleep(_PAUSE * attempt)
            try:
                with self._session() as session:
                    return work(session)
            except _LostPartError as error:
                lost = error
            except duckdb.Error as error:
                raise _unreadable(error) from error
        raise StoreError(
            f"the part {lost} is in the ledger but not on the disk; see `newsfold store verify`"
        )

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """Give the session of the last reading if nothing was stored since, else a new one.

        Who comes while another thread has it gets one of its own.
        """
        if not self._turn.acquire(blocking=False):
            with self._new_session() as session, _noticing(session.source):
                yield session
            return
        try:
            # Asked before the snapshot is taken: if a commit comes between, the session is newer
            # than its mark says, and not used again.
            mark = self._mark()
            if self._current is None or self._current.mark != mark:
                self._drop()
                self._current = _Current(mark, self._new_session())
            with _noticing(self._current.session.source):
                yield self._current.session
        except (duckdb.Error, _LostPartError):
            self._drop()
            raise
        finally:
            self._turn.release()

    def lend(self) -> Session:
        """Open a session that lives until all is closed."""
        session = self._new_session()
        self._lent.append(session)
        return session

    def _new_session(self) -> Session:
        source = self.source()
        with _noticing(source):
            return Session(source, folders=list(self._folders.values()))

    def _drop(self) -> None:
        if self._current is not None:
            self._current.session.close()
            self._current = None


@dataclass(frozen=True, slots=True)
class _Current:
    mark: object
    session: Session


class _LostPartError(Exception):
    """A part of a snapshot is not on the disk any more."""


@contextmanager
def _noticing(source: Source) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if lost := source.vanished():
            raise _LostPartError(lost[0]) from error
        raise


def _bring_up_to_date(database: Path) -> None:
    from storage.ledger.sqlite import SqliteLedger  # noqa: PLC0415 - readers rarely need it

    SqliteLedger(database).close()


def _unreadable(error: duckdb.Error) -> StoreError:
    said = " ".join(str(error).split())
    return StoreError(f"the store cannot be read: {said}; see `newsfold store verify`")
