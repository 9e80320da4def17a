"""The face of repair: what a data folder needs, and its being done."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection

from filelock import FileLock

from storage.fs import Files, OnStep, can_write, no_hook
from storage.lake.exchange import standing
from storage.lake.layout import Layout
from storage.ledger import journal
from storage.ledger.database import Database
from storage.query.session import Session
from storage.repair.differences import Differences
from storage.repair.mending import Mended, compare, mend, session_of
from storage.repair.rebuild import LEDGER, Rebuilding
from storage.repair.signer import Signer


@contextmanager
def rebuilding(root: Path, signer: Signer, *, on_step: OnStep = no_hook) -> Iterator[Rebuilding]:
    """Be the only one to change the store's files, so that its ledger can be made anew."""
    with _alone(root):
        rebuilding = Rebuilding(root=root, signer=signer, files=Files(on_step))
        try:
            yield rebuilding
        finally:
            rebuilding.discard()


def compared(root: Path) -> Differences:
    """Return how the ledger and the stored rows differ, at one moment. May run beside a crawl.

    Raises:
        duckdb.Error: a part cannot be read.
        StoreError: the ledger or its journal is damaged.
    """
    with (
        _alone(root, flushes=True),
        _open(root) as database,
        database.reading() as db,
        _session(root, db) as session,
    ):
        return compare(db, session)


def mended(root: Path, signer: Signer, *, at: datetime) -> Mended:
    """Bring the ledger in line with the stored rows; see ``storage.repair.mending.mend``.

    Raises:
        duckdb.Error: a part cannot be read.
        StoreError: the ledger or its journal is damaged.
    """
    with (
        _alone(root),
        _open(root) as database,
        database.writing() as db,
        _session(root, db) as session,
    ):
        return mend(db, session, signer, at=at)


@contextmanager
def _alone(root: Path, *, flushes: bool = False) -> Iterator[None]:
    """Keep all others from rewriting days, and, unless ``flushes`` do not matter, from those.

    Where nothing can be written nobody is kept from anything.
    """
    layout = Layout(root)
    if flushes and layout.file(LEDGER).exists() and not can_write(layout.rewrite_lock.parent):
        yield
        return
    layout.rewrite_lock.parent.mkdir(parents=True, exist_ok=True)
    flushing = nullcontext() if flushes else FileLock(layout.flush_lock, thread_local=False)
    with FileLock(layout.rewrite_lock, thread_local=False), flushing:
        yield


def _open(root: Path) -> AbstractContextManager[Database]:
    return closing(Database(Layout(root).file(LEDGER)))


def _session(root: Path, db: Connection) -> Session:
    snapshot = journal.snapshot(journal.packed(db))
    rows = [row for of in snapshot.rows.values() for row in of]
    return session_of(root, standing(Layout(root), snapshot), rows)
