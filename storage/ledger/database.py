"""One SQLite file, opened so that what is committed stays committed."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import RLock

from filelock import FileLock

from storage.errors import DamagedLedgerError, StoreError
from storage.fs import OnStep, can_write, no_hook
from storage.ledger import seals
from storage.ledger.ddl import SCHEMA, SCHEMA_VERSION, UPGRADES
from storage.ledger.opening import BUSY_SECONDS, open_to_read, version_of

# What a hook is told.
BEGIN, COMMIT, CHECKPOINT = "begin", "commit", "checkpoint"


class Database:
    """Two connections to one file: who reads does not wait for who writes.

    Threads take turns on each of the two. ``on_step`` is told when a write transaction begins, when
    it is about to be committed, and when the write-ahead log is about to be copied back.

    Where nothing can be written the file is opened to be read, and each write is a ``StoreError``.

    Raises:
        StoreError: the file is no ledger, or one of a newer version.
    """

    def __init__(self, path: Path, *, on_step: OnStep = no_hook) -> None:
        self._on_step = on_step
        self._path = path
        self._writer: sqlite3.Connection | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            try:
                if can_write(path.parent) or not path.exists():
                    self._writer = stack.enter_context(closing(_prepared(path, on_step)))
                    self._reader = stack.enter_context(closing(_connect(path)))
                else:
                    self._reader = open_to_read(path, stack)
                    seals.prepare(self._reader)
                self._reader.execute("PRAGMA query_only = ON")
            # The second: SQLite quotes what it finds in a damaged schema.
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                kind = DamagedLedgerError if _is_damage(error) else StoreError
                remedy = "; `newsfold store repair` mends it" if kind is DamagedLedgerError else ""
                raise kind(f"{path}: cannot be opened: {error}{remedy}") from error
            self._connections = stack.pop_all()
        self._writing = RLock()
        self._reading = RLock()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open a read transaction: all in it sees one moment."""
        with self._reading, _transaction(self._reader, "BEGIN"):
            yield self._reader

    @contextmanager
    def asking(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for one query alone, which sees one moment by itself.

        Each statement lets go of the interpreter and has to get it back, so that a transaction
        around one query triples what it costs.
        """
        with self._reading:
            yield self._reader

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a write transaction: the only one on the file, kept or dropped whole.

        Raises:
            sqlite3.OperationalError: another process kept writing for ``BUSY_SECONDS``.
            StoreError: nothing can be written here.
        """
        writer = self._written()
        with self._writing, _writing(writer, self._on_step):
            yield writer

    def tidy(self) -> None:
        """Refresh the planner's statistics and give back the space of the write-ahead log."""
        writer = self._written()
        with self._writing:
            self._on_step(CHECKPOINT)
            writer.execute("PRAGMA optimize")
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def shred(self) -> None:
        """Write the file anew, so that nothing of what was deleted is left in it or its log.

        Raises:
            StoreError: another process keeps it from being done.
        """
        writer = self._written()
        with self._writing, self._reading:
            self._on_step(CHECKPOINT)
            writer.execute("VACUUM")
            (is_busy, *_) = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            raise StoreError("the ledger is being read by another process; try again")

    def close(self) -> None:
        """Close both connections, waiting for what is under way."""
        with self._writing, self._reading:
            self._connections.close()

    def _written(self) -> sqlite3.Connection:
        if self._writer is None:
            raise StoreError(
                f"{self._path.parent}: cannot be written (it is read-only, or another user's): what"
                " is stored can be read here; to add to it, make the folder writable and try again"
            )
        return self._writer


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk makes SQLite roll back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _writing(connection: sqlite3.Connection, on_step: OnStep) -> Iterator[None]:
    on_step(BEGIN)
    with _transaction(connection, "BEGIN IMMEDIATE"):
        yield
        on_step(COMMIT)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -32768")
        # A commit of articles touches a page for nearly every band: with SQLite's own 1,000 pages
        # each would be followed by a checkpoint. 8,000 (32 MB) let them share one.
        connection.execute("PRAGMA wal_autocheckpoint = 8000")
        seals.prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepared(path: Path, on_step: OnStep) -> sqlite3.Connection:
    """Open the file with the schema in it, creating both as needed."""
    connection = _connect(path)
    try:
        # Changing to WAL fails at once while any other connection so much as reads, however long
        # the busy timeout: so processes that start together take turns.
        with FileLock(f"{path}.lock", timeout=BUSY_SECONDS):
            version = version_of(connection, path)
            if version is None:
                _create(connection, on_step)
            elif version < SCHEMA_VERSION:
                _upgrade(connection, version, on_step)
        seals.keep(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection, on_step: OnStep) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    with _writing(connection, on_step):
        _execute(connection, SCHEMA)
        connection.execute(
            "INSERT INTO meta (key, value) VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)]
        )
        seals.put(connection)


def _upgrade(connection: sqlite3.Connection, version: int, on_step: OnStep) -> None:
    """Bring a file of an older version to this one, whole or not at all."""
    with _writing(connection, on_step):
        for step in range(version, SCHEMA_VERSION):
            _execute(connection, UPGRADES[step])
        connection.execute(
            "UPDATE meta SET value = ? WHERE key = 'schema_version'", [str(SCHEMA_VERSION)]
        )
        seals.put(connection)


def _execute(connection: sqlite3.Connection, script: str) -> None:
    for statement in script.split(";\n"):
        connection.execute(statement)


def _is_damage(error: Exception) -> bool:
    """Whether the file's content is at fault: not who else uses it, or the disk."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
