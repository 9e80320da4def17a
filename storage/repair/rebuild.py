"""A ledger made anew: from what can be read of the old one, and from the stored rows.

The new one is made aside, whole, while the old one stands. Then, and a kill between any two of
these is gone on with by the next repair: it gets the name ``state/rebuilt.db``; the old one, with
its write-ahead log, is moved to ``quarantine/``; the new one gets the old one's name. The fold's
index and the search index know a ledger from another and are made anew by themselves.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection, DatabaseError

import pyarrow as pa

from storage.errors import DamagedLedgerError, StoreError
from storage.fs import Files
from storage.lake.layout import Layout
from storage.lake.people import lines
from storage.lake.repair import Finding, quarantine
from storage.ledger import articles, checks, journal, people
from storage.ledger.database import Database
from storage.ledger.liveness import RunLocks
from storage.ledger.salvage import Salvaged, salvage
from storage.model import Row
from storage.query.session import Session
from storage.repair.files import find_parts
from storage.repair.histories import Histories
from storage.repair.mending import Mended, mend, session_of
from storage.repair.places import Places
from storage.repair.signer import Signer
from storage.repair.takedowns import remaining
from storage.schema import table_of, to_table

LEDGER = "state/ledger.db"
_REBUILT = "state/rebuilt.db"
_ENDS = ("", "-wal", "-shm")
_MANY = 10_000
_KEYS = {
    "articles": ("article_id", "revision"),
    "duplicates": ("article_id", "revision"),
    "polls": ("feed_id", "url", "polled_at"),
    "outcomes": ("entry_id", "changed_at", "outcome", "reason"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a new ledger has, and what is ``lost``.

    ``parts``, ``articles``, ``entries`` and ``feeds`` are how many it has. Of them ``kept`` says
    how many rows of each table were read from the old one, ``damaged`` how many could be seen there
    but not be believed; ``waiting`` is how many rows were saved that no file had yet.
    """

    findings: tuple[Finding, ...]
    parts: int
    rows: int
    articles: int
    entries: int
    feeds: int
    waiting: int
    mended: Mended
    kept: Counter[str] = field(default_factory=Counter)
    damaged: Counter[str] = field(default_factory=Counter)


def damage(root: Path) -> list[str]:
    """Return a sentence for each reason for which the ledger has to be made anew; none if it is.

    Raises:
        StoreError: there is no store, or the ledger is one of a newer version.
    """
    layout = Layout(root)
    path = layout.file(LEDGER)
    is_stored = next(layout.tree(), None) is not None
    if not path.is_file() or not path.stat().st_size:
        is_store = is_stored or layout.people.is_file()
        return ["is missing, and there are files it should know"] if is_store else []
    try:
        database = Database(path)
    except DamagedLedgerError as error:
        return [str(error)]
    try:
        with database.reading() as db:
            if is_stored and not journal.parts(db) and not next(articles.keys(db), None):
                return ["knows nothing of what is stored"]
            return list(checks.damage(db))
    except (DatabaseError, UnicodeDecodeError) as error:  # too damaged to be read through
        return [f"SQLite says: {error}"]
    finally:
        database.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilding:
    """Makes a store's ledger anew. Its user holds the locks of flush and rewrite."""

    root: Path
    signer: Signer
    files: Files

    def build(self, *, at: datetime) -> Rebuilt:
        """Make the new ledger aside, and change nothing else.

        Raises:
            StoreError: a crawl or a daemon is at work.
            OSError: the disk is full or refuses.
        """
        self._refuse_company()
        self.discard()
        self.files.make_folders(self._aside.parent)
        database = Database(self._aside, on_step=self.files.on_step)
        try:
            with database.writing() as db:
                return self._fill(db, at=at)
        finally:
            database.tidy()
            database.close()

    def discard(self) -> None:
        """Remove what was made aside."""
        self.files.remove(self._aside.parent)

    def put_in_place(self, rebuilt: Rebuilt) -> None:
        """Let the new ledger take the place of the old one, which goes to quarantine.

        Raises:
            OSError: the disk refuses; the next repair goes on.
        """
        new = self._layout.file(_REBUILT)
        self.files.make_folders(new.parent)
        self.files.sync(self._aside)
        self.files.rename(self._aside, new)
        self.files.sync_folders(new.parent, root=self.root)
        self.finish()
        self.discard()
        for finding in rebuilt.findings:
            quarantine(self._layout, finding.path, self.files)

    def finish(self) -> bool:
        """Put a new ledger in place that is whole; tell whether there was one."""
        new = self._layout.file(_REBUILT)
        if not new.is_file():
            return False
        for end in _ENDS:
            quarantine(self._layout, f"{LEDGER}{end}", self.files)
        self.files.rename(new, self._layout.file(LEDGER))
        self.files.sync_folders(new.parent, root=self.root)
        return True

    @property
    def _layout(self) -> Layout:
        return Layout(self.root)

    @property
    def _aside(self) -> Path:
        return self._layout.tmp / "rebuild" / "ledger.db"

    def _refuse_company(self) -> None:
        folder = self._layout.file(LEDGER).parent / "runs"
        locks = RunLocks(folder)
        if not all(locks.bury(file.stem) for file in folder.glob("*.lock")):
            raise StoreError(
                "the ledger cannot be made anew while a crawl or a daemon is at work: stop it first"
            )

    def _fill(self, db: Connection, *, at: datetime) -> Rebuilt:
        old = salvage(self._layout.file(LEDGER), db, scheme=self.signer.scheme)
        meta = {**old.meta, "fold_scheme": self.signer.scheme}
        db.executemany("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", meta.items())
        kept, damaged = people.take_over(db, lines(self._layout))
        old.kept.update(kept)
        old.damaged.update({self._layout.people.name: damaged})
        found = find_parts(self._layout, old.parts)
        for part in found.parts:
            journal.put_part(db, part)
        with session_of(self.root, found.parts, []) as session:
            waiting = _waiting(old, session)
        journal.append(db, waiting, at=at)
        with session_of(self.root, found.parts, waiting) as session:
            remaining(db, session)
            Histories(db=db, session=session, signer=self.signer).restore()
            mended = mend(db, session, self.signer, at=at)
            Places(db=db, session=session, signer=self.signer).supersede()
        db.execute("DELETE FROM aliases WHERE article_id NOT IN (SELECT article_id FROM articles)")
        return Rebuilt(
            findings=found.findings,
            parts=len(found.parts),
            rows=sum(part.rows for part in found.parts),
            articles=_count(db, "articles"),
            entries=_count(db, "entries"),
            feeds=_count(db, "feeds"),
            waiting=len(waiting),
            mended=mended,
            kept=+old.kept,
            damaged=+old.damaged,
        )


def _count(db: Connection, table: str) -> int:
    ((count,),) = db.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 - our own words alone
    return int(count)


def _waiting(old: Salvaged, session: Session) -> list[Row]:
    """Return the rows of the old journal that no part has, in their order.

    A part may have them that the old ledger had no time to learn of; and SQLite may have read a
    page that it had given up.
    """
    rows = list({_key(row): row for _, row in sorted(old.journal.items())}.values())
    by_table = {table: [row for row in rows if table_of(row) == table] for table in _KEYS}
    waiting = []
    for table, of in by_table.items():
        numbered = to_table(table, of).append_column("n", pa.array(range(len(of)), pa.int64()))
        names = ", ".join(_KEYS[table])
        query = f"SELECT n FROM wanted SEMI JOIN lake.{table} USING ({names})"  # noqa: S608 - our own words alone
        found = session.stream(query, wanted=numbered, size=_MANY)
        stored = {n for batch in found for n in batch.column(0).to_pylist()}
        waiting += [row for n, row in enumerate(of) if n not in stored]
    return waiting


def _key(row: Row) -> tuple[object, ...]:
    table = table_of(row)
    return (table, *(getattr(row, name) for name in _KEYS[table]))
