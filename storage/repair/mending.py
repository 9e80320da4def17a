"""A ledger brought in line with the rows that are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection

from storage.lake.layout import Layout
from storage.ledger import articles, rewrites
from storage.ledger.codec import new_id
from storage.ledger.parts import Part
from storage.model import EntryState, Row, StoredArticle
from storage.query.session import Session
from storage.query.views import Source
from storage.repair.differences import Differences, differences
from storage.repair.histories import Histories
from storage.repair.places import Places
from storage.repair.signer import Signer
from storage.schema import TABLES, table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """An article that is stored nowhere; ``is_reread``: its page is read at the next crawl.

    That is ``None`` where it is not decided yet.
    ``article_id`` is ``None`` where no more is known of it than its entry.
    """

    article_id: str | None
    url: str | None
    seen_at: datetime
    is_reread: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What was changed: ``placed`` articles as their rows have them; and what is ``lost``."""

    placed: int
    lost: tuple[Lost, ...]


def session_of(root: Path, parts: Sequence[Part], rows: Sequence[Row]) -> Session:
    """Open the views over some parts and rows as if there were no ledger; close it.

    Raises:
        duckdb.Error: a part cannot be read.
    """
    by_table: dict[str, list[Row]] = {table: [] for table in TABLES}
    for row in rows:
        by_table[table_of(row)].append(row)
    layout = Layout(root.resolve())
    files = {
        table: [str(layout.file(part.path)) for part in parts if part.table == table]
        for table in TABLES
    }
    folders = [layout.root / table for table in TABLES]
    return Session(Source(files=files, rows=by_table), folders=folders)


def compare(db: Connection, session: Session) -> Differences:
    """Return how the ledger differs from the rows of a session; what is taken down does not."""
    found = differences(session, articles.keys(db), pruned_before=rewrites.pruned_before(db))
    leaving = {
        key for (key,) in db.execute("SELECT article_id FROM takedowns WHERE remains IS NOT NULL")
    }
    unknown = tuple(it for it in found.unknown if it[0] not in leaving)
    return Differences(missing=found.missing, unknown=unknown)


def mend(db: Connection, session: Session, signer: Signer, *, at: datetime) -> Mended:
    """Bring the ledger, in an open write transaction, in line with the rows of a session.

    An article of which not the newest revision is stored is put back to the newest that is. One
    that is stored nowhere is forgotten, and read again if an entry knows its page.
    """
    run_id = new_id(at)
    places = Places(db=db, session=session, signer=signer)
    histories = Histories(db=db, session=session, signer=signer)
    wanted = compare(db, session).article_ids
    placed = places.put(wanted)
    gone = [it for it in articles.several(db, wanted) if it.article_id not in placed]
    for stored in gone:
        articles.forget(db, stored.article_id)
    again, forgotten = histories.read_again(run_id=run_id, at=at)
    for heir in places.lead():
        histories.lead(heir, run_id=run_id, at=at)
    return Mended(placed=len(placed), lost=tuple(_lost(gone, again, forgotten)))


def _lost(
    gone: Sequence[StoredArticle], again: Sequence[EntryState], forgotten: Sequence[EntryState]
) -> list[Lost]:
    """Return each lost article once: by the ledger's word, else by that of its first entry."""
    reread = {entry.article_id for entry in again}
    lost = {
        stored.article_id: Lost(
            article_id=stored.article_id,
            url=stored.canonical_url,
            seen_at=stored.fetched_at,
            is_reread=stored.article_id in reread,
        )
        for stored in gone
    }
    for entries, is_reread in ((again, True), (forgotten, False)):
        for entry in entries:
            told = Lost(
                article_id=entry.article_id,
                url=entry.url,
                seen_at=entry.last_seen_at,
                is_reread=is_reread,
            )
            lost.setdefault(entry.article_id or entry.entry_id, told)
    return sorted(lost.values(), key=lambda it: (it.seen_at, it.url or ""))
