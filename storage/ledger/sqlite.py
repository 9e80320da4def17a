"""The ledger in one SQLite file: transactions around what the other modules here do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection, DatabaseError

from storage.errors import StoreError
from storage.fs import OnStep, no_hook
from storage.ledger import (
    articles,
    checks,
    commits,
    entries,
    feed_states,
    holds,
    journal,
    related,
    rewrites,
    runs,
    sites,
)
from storage.ledger.base import LedgerWriter
from storage.ledger.database import Database
from storage.ledger.fold import checks as fold_checks
from storage.ledger.fold.index import RETENTION, SIZES, FoldIndex, Sizes
from storage.ledger.fold.shelf import Shelf
from storage.ledger.liveness import RunLocks
from storage.ledger.parts import Batch, JournalState, Part, Snapshot
from storage.ledger.people import SqlitePeople
from storage.ledger.stories import SqliteStories
from storage.ledger.subscriptions import SqliteSubscriptions
from storage.ledger.takedowns import SqliteTakedowns
from storage.ledger.writer import SqliteWriter
from storage.model import (
    EntryState,
    FeedState,
    Outcome,
    PollCommit,
    Related,
    Row,
    StoredArticle,
)


class SqliteLedger:
    """A ``storage.ledger.base.Ledger`` in the file ``path``, made with its folder as needed.

    Threads take turns; several processes may have the same file open. Beside the file, the folder
    ``runs`` has the locks of live runs, the folder ``fold`` the files of the fold's index; articles
    fetched longer than ``retention`` ago may drop out of that, none with ``None``. ``on_step`` is
    told of each write transaction and each operation on a file; see ``storage.fs``.

    Raises:
        StoreError: the file is no ledger, or one of a newer version.
    """

    def __init__(
        self,
        path: Path,
        *,
        retention: timedelta | None = RETENTION,
        fold_sizes: Sizes = SIZES,
        on_step: OnStep = no_hook,
    ) -> None:
        self._path = path
        self._database = Database(path, on_step=on_step)
        self._locks = RunLocks(path.parent / "runs")
        self.subscriptions = SqliteSubscriptions(self._database)
        self.rewrites = rewrites.SqliteRewrites(self._database)
        self.takedowns = SqliteTakedowns(self._database.reading, self._database.writing)
        self.people = SqlitePeople(self._database)
        self.stories = SqliteStories(self._database.reading)
        self.sites = sites.SqliteSites(self._database)
        self._fold = FoldIndex(
            path.parent / "fold",
            self._database,
            retention=retention,
            sizes=fold_sizes,
            on_step=on_step,
        )

    def close(self) -> None:
        """Let go of the file. Runs that were not ended count as gone."""
        self._locks.close()
        self._fold.close()
        self._database.close()

    def begin_run(self, *, kind: str, at: datetime) -> str:
        """Register this process as a live run; runs that are gone lose their claims."""
        self._fold.keep(at=at)
        with self._database.writing() as db:
            sites.keep(db, at=at)
            return runs.begin(db, self._locks, kind=kind, at=at)

    def end_run(self, run_id: str, *, at: datetime) -> None:
        """End a run of this process and give back its claims."""
        with self._database.writing() as db:
            runs.end(db, run_id, at=at)
        self._locks.drop(run_id)

    def register_feeds(self, feeds: Sequence[tuple[str, str, str]], *, at: datetime) -> None:
        """Make feeds (id, URL, name) known."""
        with self._database.writing() as db:
            feed_states.register(db, feeds, at=at)

    def feeds(self) -> list[FeedState]:
        """Return every feed ever registered, by id."""
        with self._database.asking() as db:
            return feed_states.every(db)

    def feed(self, feed_id: str) -> FeedState | None:
        """Return one feed."""
        with self._database.asking() as db:
            return feed_states.one(db, feed_id)

    def hold_host(self, host: str, until: datetime, *, at: datetime) -> None:
        """Note that a host is to be left alone until then; a longer hold stays in place."""
        with self._database.writing() as db:
            holds.put(db, host, until, at=at)

    def held_hosts(self, now: datetime) -> dict[str, datetime]:
        """Return the hosts that are to be left alone, and until when."""
        with self._database.asking() as db:
            return holds.current(db, now)

    def due_feeds(self, now: datetime) -> list[FeedState]:
        """Return the feeds to be polled at ``now``, longest due first."""
        with self._database.asking() as db:
            return feed_states.due(db, now)

    def known_entries(
        self, feed_id: str, guids: Sequence[str] | None = None
    ) -> dict[str, EntryState]:
        """Return a feed's entries by guid, without payloads."""
        with self._database.asking() as db:
            return entries.known(db, feed_id, guids)

    def commit_poll(self, commit: PollCommit) -> tuple[EntryState, ...]:
        """Write all that one poll learnt; return the pending entries that were really written."""
        with self._database.writing() as db:
            return commits.poll(db, commit)

    def add_entries(
        self, announced: Sequence[EntryState], *, run_id: str, at: datetime
    ) -> tuple[EntryState, ...]:
        """Write pending entries that no poll brought, due at once; return those really written."""
        with self._database.writing() as db:
            written = commits.pending(db, announced, run_id=run_id, at=at)
            entries.hasten(db, written, at=at)
            return written

    def bring_forward(self, *, at: datetime) -> None:
        """Make due now the pending entries that wait for their first try."""
        with self._database.writing() as db:
            entries.bring_forward(db, at=at)

    def claim_pending(
        self,
        run_id: str,
        *,
        now: datetime,
        limit: int,
        share: int | None = None,
        but: Sequence[str] = (),
        entry_ids: Sequence[str] | None = None,
    ) -> list[EntryState]:
        """Claim pending entries for a live run; what runs that are gone had is free again."""
        with self._database.writing() as db:
            runs.release_dead(db, self._locks, at=now)
            return entries.claim(
                db, run_id, now=now, limit=limit, share=share, but=but, entry_ids=entry_ids
            )

    def count_outcomes(self, feed_id: str | None = None) -> dict[Outcome, int]:
        """Return how many entries, of one feed or of all, have each outcome."""
        with self._database.asking() as db:
            return entries.count(db, feed_id)

    def entries_matching(
        self,
        *,
        url: str | None = None,
        article_id: str | None = None,
        entry_id: str | None = None,
    ) -> list[EntryState]:
        """Return the entries that match any of what is given, earliest first."""
        with self._database.reading() as db:
            return entries.matching(db, url=url, article_id=article_id, entry_id=entry_id)

    def entries_with(self, outcomes: Sequence[Outcome], limit: int) -> list[EntryState]:
        """Return entries with such an outcome, last seen first."""
        with self._database.reading() as db:
            return entries.having(db, outcomes, limit)

    def article(self, article_id: str) -> StoredArticle | None:
        """Return the article with this id."""
        with self._database.reading() as db:
            return articles.one(db, article_id)

    def article_by_url(self, urls: Sequence[str]) -> StoredArticle | None:
        """Return the article known by the first of ``urls`` that is the alias of one."""
        with self._database.reading() as db:
            return articles.by_url(db, urls)

    def story(self, story_id: str) -> list[StoredArticle]:
        """Return a story's articles: the first copy, then the others as they came out."""
        with self._database.reading() as db:
            return articles.story(db, story_id)

    def related(self, article_id: str) -> list[Related]:
        """Return the articles that an article is linked with, the nearest first."""
        with self._database.reading() as db:
            return related.of(db, article_id)

    @contextmanager
    def writing(self) -> Iterator[LedgerWriter]:
        """Open a write transaction: kept whole on leaving, dropped whole on any exception."""
        with self._fold.transaction() as db:
            yield SqliteWriter(db, self._fold)

    def fold_scheme(self) -> str | None:
        """Return the name of the scheme under which the index's signatures were made."""
        with self._database.reading() as db:
            return _scheme(db)

    def begin_refold(self, run_id: str, unfinished: str) -> list[str]:
        """Record, if no other run is live, that signatures are being made anew."""
        with self._database.writing() as db:
            others = [run for run in runs.live(db, self._locks) if run != run_id]
            if not others:
                _put_scheme(db, unfinished)
            return others

    def end_refold(self, scheme: str) -> None:
        """Record that all signatures are of this scheme now."""
        with self._database.writing() as db:
            _put_scheme(db, scheme)

    def set_fold_scheme(self, scheme: str) -> None:
        """Record the scheme.

        Raises:
            StoreError: another one is recorded already.
        """
        with self._database.writing() as db:
            db.execute(
                "INSERT INTO meta (key, value) VALUES ('fold_scheme', ?) ON CONFLICT DO NOTHING",
                [scheme],
            )
            if (stored := _scheme(db)) != scheme:
                raise StoreError(
                    f"{self._path}: its signatures were made under {stored}, which cannot be"
                    f" compared with {scheme}"
                )

    def journal_state(self) -> JournalState:
        """Return how much waits to be batched."""
        with self._database.reading() as db:
            return journal.state(db)

    def open_batches(self) -> list[Batch]:
        """Return the batches that are not closed yet, oldest first."""
        with self._database.reading() as db:
            return journal.open_batches(db)

    def assign_batches(self, *, at: datetime, limit: int) -> list[Batch]:
        """Open one batch of at most ``limit`` rows for each table and day with unbatched rows."""
        with self._database.writing() as db:
            return journal.assign_batches(db, at=at, limit=limit)

    def batch_rows(self, batch_id: str) -> list[Row]:
        """Return an open batch's rows in the order they were committed.

        Raises:
            StoreError: a row is damaged.
        """
        with self._database.reading() as db:
            found = journal.batch_rows(db, batch_id)
        return journal.unpack(found)

    def close_batch(self, batch_id: str, part: Part) -> None:
        """Put the part in the place of the batch's rows.

        Raises:
            LookupError: there is no such open batch.
            ValueError: the part does not have the batch's rows.
        """
        with self._database.writing() as db:
            journal.close_batch(db, batch_id, part)

    def drop_part(self, path: str) -> None:
        """Forget a part, whose file is not to be read any more."""
        with self._database.writing() as db:
            journal.drop_part(db, path)

    def parts(self, table: str | None = None) -> list[Part]:
        """Return the parts in place, of one table or of all, by path."""
        with self._database.reading() as db:
            return journal.parts(db, table)

    def snapshot(self) -> Snapshot:
        """Return all rows and parts as they are at one moment.

        Raises:
            StoreError: a row is damaged.
        """
        with self._database.reading() as db:
            packed = journal.packed(db)
        return journal.snapshot(packed)

    def maintain(self, *, at: datetime) -> None:
        """Give back the claims of runs that died, and keep the ledger small and quick."""
        with self._database.writing() as db:
            runs.release_dead(db, self._locks, at=at)
            sites.keep(db, at=at)
        self._fold.keep(at=at)
        self._database.tidy()

    def shred(self) -> None:
        """Leave no byte in any file of what was deleted."""
        shelf = Shelf(self._path.parent / "fold", self._database, no_hook)
        with shelf.locked():
            shelf.clear()
        self._database.shred()

    def checks(self) -> list[str]:
        """Return a sentence for each thing that is wrong with the ledger itself."""
        try:
            with self._database.reading() as db:
                return list(checks.problems(db))
        except (DatabaseError, UnicodeDecodeError) as error:  # too damaged to be read through
            return [f"SQLite says: {error}"]

    def fold_checks(self) -> list[str]:
        """Return a sentence for each thing that is wrong with the files of the fold's index."""
        return list(fold_checks.problems(self._path.parent / "fold", self._database))


def _scheme(db: Connection) -> str | None:
    row = db.execute("SELECT value FROM meta WHERE key = 'fold_scheme'").fetchone()
    return None if row is None else str(row[0])


def _put_scheme(db: Connection, scheme: str) -> None:
    db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('fold_scheme', ?)", [scheme])
