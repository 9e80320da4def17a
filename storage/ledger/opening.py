"""A ledger's file opened to be read alone: nothing is made, upgraded or locked, wherever it lies.

SQLite reads a file in WAL mode by way of a second file beside it (``-shm``), which it has to make
where nobody has the ledger open. In a folder that cannot be written it is opened as one that
nobody changes; if it was left with a write-ahead log, which that way of opening does not see, a
copy of both is read (SQLite, "Write-Ahead Logging", section 5, "Read-Only Databases").
"""

import shutil
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from storage.errors import DamagedLedgerError, StoreError
from storage.fs import can_write
from storage.ledger.ddl import SCHEMA_VERSION

BUSY_SECONDS = 30.0


class OutdatedError(StoreError):
    """A ledger is of an older version, and has to be opened for writing once."""


def open_to_read(path: Path, stack: ExitStack) -> sqlite3.Connection:
    """Open a ledger; ``stack`` closes it, and removes the copy if one had to be made.

    Raises:
        StoreError: the file is no ledger, or of another version.
        sqlite3.DatabaseError: it cannot be read.
    """
    try:
        return _connected(path, path, "mode=ro", stack)
    except sqlite3.OperationalError:
        if can_write(path.parent):
            raise
    wal = path.with_name(f"{path.name}-wal")
    if not wal.exists() or not wal.stat().st_size:
        return _connected(path, path, "immutable=1", stack)
    scratch = Path(stack.enter_context(TemporaryDirectory(prefix="newsfold-ledger-")))
    for file in (path, wal):
        shutil.copy(file, scratch)
    return _connected(path, scratch / path.name, "mode=ro", stack)


def _connected(path: Path, file: Path, how: str, stack: ExitStack) -> sqlite3.Connection:
    with ExitStack() as own:
        db = sqlite3.connect(
            f"file:{quote(str(file))}?{how}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        own.enter_context(closing(db))
        _check(db, path)
        stack.push(own.pop_all())
    return db


def _check(db: sqlite3.Connection, path: Path) -> None:
    version = version_of(db, path)
    if version is None:
        raise StoreError(f"{path}: is no ledger of Newsfold")
    if version < SCHEMA_VERSION:
        raise OutdatedError(
            f"{path}: is of an older version ({version}, not {SCHEMA_VERSION}); a"
            " `newsfold crawl` where it can be written brings it up to date"
        )


def version_of(connection: sqlite3.Connection, path: Path) -> int | None:
    """Return the version of the schema in the file; ``None`` if the file is empty.

    Raises:
        StoreError: the file is no ledger, or one of a newer version.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not tables:
        return None
    if not {"meta", "journal"} <= tables:
        raise StoreError(f"{path}: is an SQLite database of something else, not a ledger")
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    version = int(row[0]) if row and row[0].isdecimal() else 0
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: was written by a newer Newsfold (its schema is version {version}, this one"
            f" knows versions up to {SCHEMA_VERSION}); use that one, or another data folder"
        )
    if version < 1:
        raise DamagedLedgerError(f"{path}: does not say which version its schema is")
    return version
