"""Readings of one store's snapshots: which parts and rows there are, and a session over them."""

import time
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TypeVar

import duckdb

from storage.errors import StoreError, UnreadablePartWarning
from storage.fs import can_write
from storage.lake.exchange import standing
from storage.lake.layout import Layout
from storage.ledger.opening import OutdatedError
from storage.ledger.reader import LedgerReader
from storage.query.session import Session
from storage.query.unreadable import DamagedPartError, LostPartError, look, noticing
from storage.query.views import Source
from storage.schema import TABLES

T = TypeVar("T")

_ATTEMPTS = 6
_PAUSE = 0.05  # seconds, longer each time
_NAMED = 3  # unreadable parts in one warning


class Readings:
    """Opens what is stored in a data folder as often as it changes. Threads may share it.

    Raises:
        StoreError: there is no store in the folder.
    """

    def __init__(self, root: Path, *, strict: bool = False) -> None:
        self._root = root
        self._strict = strict
        self._unreadable: dict[str, _State] = {}
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
                if not can_write(self._database.parent):
                    raise
                _bring_up_to_date(self._database)
                self._ledger = LedgerReader(self._database)
        return self._ledger

    def _mark(self) -> object:
        """Return a value that is the same as long as the same rows are stored and readable."""
        ledger = self.ledger()
        stored = self._parts() if ledger is None else ledger.mark()
        return stored, self._still_unreadable()

    def _parts(self) -> dict[str, list[str]]:
        return {
            table: sorted(map(str, folder.glob("dt=*/*.parquet")))
            for table, folder in self._folders.items()
        }

    def source(self) -> Source:
        """Take one snapshot, without the parts that are known as unreadable."""
        source, unreadable = self._snapshot(), self._still_unreadable()
        return source.without(unreadable) if unreadable else source

    def _snapshot(self) -> Source:
        """Take one snapshot. Without a ledger, whatever parts lie in the folders are the store."""
        ledger = self.ledger()
        if ledger is None:
            return Source(files=self._parts())
        snapshot, feeds = ledger.snapshot()
        files: dict[str, list[str]] = {table: [] for table in TABLES}
        digests = {}
        for part in standing(self._layout, snapshot):
            inside = part.path.removeprefix(f"{part.table}/")
            path = str(self._folders[part.table] / inside)
            files[part.table].append(path)
            digests[path] = part.sha256
        return Source(
            files=files,
            rows=snapshot.rows,
            feeds=feeds,
            superseded=snapshot.superseded,
            digests=digests,
        )

    def read(self, work: Callable[[Session], T]) -> T:
        """Do something on a snapshot; on a newer one when parts were moved meanwhile.

        What is damaged, or stays lost, is left out, and that is warned of.
        """

        def once() -> tuple[T, Source]:
            with self._session() as session:
                return work(session), session.source

        return self._settled(once)

    def _settled(self, once: Callable[[], tuple[T, Source]]) -> T:
        """Return what comes of a snapshot, tried until all of its parts can be read."""
        losses = 0
        for _ in range(2 * _ATTEMPTS):
            try:
                answer, source = once()
            except DamagedPartError as error:
                self._leave_out(error.paths)
            except LostPartError as error:
                losses += 1
                if losses < _ATTEMPTS:
                    time.sleep(_PAUSE * losses)
                else:
                    self._leave_out(error.paths)
            except duckdb.Error as error:
                raise _refused(error) from error
            else:
                if source.left_out:
                    told = self._told(source.left_out)
                    warnings.warn(told, UnreadablePartWarning, stacklevel=4)
                return answer
        raise StoreError("files of the store vanish as they are read; see `newsfold store verify`")

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """Give the session of the last reading if nothing was stored since, else a new one.

        Who comes while another thread has it gets one of its own.
        """
        if not self._turn.acquire(blocking=False):
            with self._new_session() as session, noticing(session.source):
                yield session
            return
        try:
            # Asked before the snapshot is taken: if a commit comes between, the session is newer
            # than its mark says, and not used again.
            mark = self._mark()
            if self._current is None or self._current.mark != mark:
                self._drop()
                self._current = _Current(mark, self._new_session())
            with noticing(self._current.session.source):
                yield self._current.session
        except (duckdb.Error, LostPartError, DamagedPartError):
            self._drop()
            raise
        finally:
            self._turn.release()

    def lend(self) -> Session:
        """Open a session that lives until all is closed, over parts of which each has a footer."""

        def once() -> tuple[Session, Source]:
            source = self.source()
            look(source)
            return self._over(source), source

        session = self._settled(once)
        self._lent.append(session)
        return session

    def _new_session(self) -> Session:
        return self._over(self.source())

    def _over(self, source: Source) -> Session:
        with noticing(source):
            return Session(source, folders=list(self._folders.values()))

    def _leave_out(self, paths: Sequence[str]) -> None:
        """Leave parts out as long as they are as they are now."""
        if self._strict:
            raise StoreError(self._told(paths))
        self._unreadable = self._unreadable | {path: _state_of(path) for path in paths}

    def _still_unreadable(self) -> frozenset[str]:
        known = self._unreadable.items()
        return frozenset(path for path, state in known if _state_of(path) == state)

    def _told(self, paths: Collection[str]) -> str:
        named = [Path(path).relative_to(self._root).as_posix() for path in sorted(paths)[:_NAMED]]
        more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
        what = "cannot be read" if self._strict else "left out, since it cannot be read"
        return (
            f"{what}: {', '.join(named)}{more}; see `newsfold store verify` and"
            " `newsfold store repair`"
        )

    def _drop(self) -> None:
        if self._current is not None:
            self._current.session.close()
            self._current = None


@dataclass(frozen=True, slots=True)
class _Current:
    mark: object
    session: Session


_State = tuple[int, int, int] | None
"""What tells a file from another in its place: inode, size, time of change; ``None``: no file."""


def _state_of(path: str) -> _State:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _bring_up_to_date(database: Path) -> None:
    from storage.ledger.sqlite import SqliteLedger  # noqa: PLC0415 - readers rarely need it

    SqliteLedger(database).close()


def _refused(error: duckdb.Error) -> StoreError:
    said = " ".join(str(error).split())
    return StoreError(f"the store cannot be read: {said}; see `newsfold store verify`")
