"""What is read and committed inside one write transaction of the ledger in SQLite."""

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from datetime import datetime
from sqlite3 import Connection

from storage.ledger import articles, candidates, commits, entries, journal, related, versions
from storage.ledger.fold.index import FoldIndex
from storage.ledger.stories import SqliteStoryWriter
from storage.ledger.takedowns import SqliteTakedownWriter
from storage.model import (
    Article,
    EntryCommit,
    EntryState,
    Fingerprint,
    OutcomeChange,
    PollCommit,
    Related,
    StoredArticle,
)


class SqliteWriter:
    """A ``storage.ledger.base.LedgerWriter`` on an open write transaction."""

    def __init__(self, db: Connection, fold: FoldIndex) -> None:
        self._db = db
        self._fold = fold
        self.takedowns = SqliteTakedownWriter(db, lambda: nullcontext(db))
        self.stories = SqliteStoryWriter(db, fold, lambda: nullcontext(db))

    def is_pending(self, entry_id: str) -> bool:
        """Whether the entry still waits for its outcome."""
        return entries.is_pending(self._db, entry_id)

    def add_entries(
        self, announced: Sequence[EntryState], *, run_id: str, at: datetime
    ) -> tuple[EntryState, ...]:
        """Write pending entries that no poll brought; return those really written."""
        return commits.pending(self._db, announced, run_id=run_id, at=at)

    def article(self, article_id: str) -> StoredArticle | None:
        """Return the article with this id."""
        return articles.one(self._db, article_id)

    def article_by_url(self, urls: Sequence[str]) -> StoredArticle | None:
        """Return the article known by the first of ``urls`` that is the alias of one."""
        return articles.by_url(self._db, urls)

    def story(self, story_id: str) -> list[StoredArticle]:
        """Return a story's articles: the first copy, then the others as they came out."""
        return articles.story(self._db, story_id)

    def related(self, article_id: str) -> list[Related]:
        """Return the articles that an article is linked with, the nearest first."""
        return related.of(self._db, article_id)

    def expect(self, prints: Sequence[Fingerprint]) -> None:
        """Look up together what will be asked of these texts."""
        self._fold.expect(prints)

    def articles_by_hash(self, content_hash: str, *, since: datetime) -> list[StoredArticle]:
        """Return the articles with this text, earliest first."""
        return candidates.same(self._db, self._fold, content_hash, since=since)

    def articles_near(
        self,
        print_: Fingerprint,
        *,
        since: datetime,
        limit: int,
        floor: float,
        but: Collection[str] = (),
    ) -> list[StoredArticle]:
        """Return the articles that share bands with a text; the limit holds for each kind."""
        return candidates.near(
            self._db, self._fold, print_, since=since, limit=limit, floor=floor, but=but
        )

    def passages_seen(
        self, passages: Sequence[int], *, headline: int, since: datetime
    ) -> dict[int, int]:
        """Return for each passage under how many other headlines it was seen."""
        return self._fold.passages_seen(passages, headline=headline, since=since)

    def first_of_story(self, story_id: str) -> StoredArticle | None:
        """Return the story's first copy."""
        return articles.first_of_story(self._db, story_id)

    def times_stored(self, article_id: str, version: str) -> int:
        """Return in how many revisions of an article a text was stored."""
        return versions.times(self._db, article_id, version)

    def unflushed_article(self, article_id: str, revision: int) -> Article | None:
        """Return an article row that is still in the journal."""
        return journal.article_row(self._db, article_id, revision)

    def commit_poll(self, commit: PollCommit) -> tuple[EntryState, ...]:
        """Write all that one poll learnt."""
        return commits.poll(self._db, commit)

    def commit(self, commit: EntryCommit) -> tuple[OutcomeChange, ...]:
        """Write all of one entry's outcome."""
        return commits.entry(self._db, self._fold, commit)
