"""What a ledger is to those who use it, whatever database it stands on.

A ledger is the durable state: feeds, entries, the articles with their fingerprints, and the
journal of rows on their way into the lake. Every call is one transaction, durable once it returns.
Threads may share one ledger, processes may share one database. All times are UTC.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from storage.ledger.parts import Batch, JournalState, Part, Snapshot
from storage.ledger.rooms import Rooms
from storage.model import (
    Article,
    EntryCommit,
    EntryState,
    FeedState,
    Fingerprint,
    Outcome,
    OutcomeChange,
    PollCommit,
    Related,
    Row,
    StoredArticle,
)
from storage.regroup import StoryWriter
from storage.takedown import TakedownWriter


class ArticleIndex(Protocol):
    """The newest revision of every article, by the names it is known by."""

    def article(self, article_id: str) -> StoredArticle | None:
        """Return the article with this id."""

    def article_by_url(self, urls: Sequence[str]) -> StoredArticle | None:
        """Return the article known by the first of ``urls`` that is the alias of one."""

    def story(self, story_id: str) -> list[StoredArticle]:
        """Return a story's articles: the first copy, then the others as they came out."""

    def related(self, article_id: str) -> list[Related]:
        """Return the articles that an article is linked with, the nearest first.

        Whichever of the two was stored first.
        """


class LedgerWriter(ArticleIndex, Protocol):
    """Reads and commits inside one write transaction: nobody else writes between them."""

    @property
    def takedowns(self) -> TakedownWriter:
        """What was taken down, and what takes down."""

    @property
    def stories(self) -> StoryWriter:
        """The stories, what was said of them, and changes to them."""

    def is_pending(self, entry_id: str) -> bool:
        """Whether the entry still waits for its outcome."""

    def expect(self, prints: Sequence[Fingerprint]) -> None:
        """Look up together what will be asked of these texts: several cost little more than one.

        That changes no answer: what is not asked, or of another text, does not matter.
        """

    def add_entries(
        self, announced: Sequence[EntryState], *, run_id: str, at: datetime
    ) -> tuple[EntryState, ...]:
        """Write pending entries that no poll brought; return those really written."""

    def articles_by_hash(self, content_hash: str, *, since: datetime) -> list[StoredArticle]:
        """Return the articles with this text fetched at ``since`` or later, earliest first."""

    def articles_near(
        self,
        print_: Fingerprint,
        *,
        since: datetime,
        limit: int,
        floor: float,
        but: Collection[str] = (),
    ) -> list[StoredArticle]:
        """Return the articles fetched at ``since`` or later that share bands with a text.

        First at most ``limit`` that share bands of the text, those that share most before the
        others, then those written first; then at most ``limit`` more that share bands of its lead.
        Left out are those whose containment, estimated from the signatures, is under ``floor`` (0
        to 1); of those that share only the lead's, the lead's containment will do as well. And all
        that came from the feeds ``but``.
        """

    def passages_seen(
        self, passages: Sequence[int], *, headline: int, since: datetime
    ) -> dict[int, int]:
        """Return for each passage under how many headlines but ``headline`` it was seen.

        In articles fetched at ``since`` or later; headlines of one story count half, or as one.
        """

    def first_of_story(self, story_id: str) -> StoredArticle | None:
        """Return the story's first copy: the one that is no duplicate."""

    def times_stored(self, article_id: str, version: str) -> int:
        """Return in how many revisions of an article a text was stored; see ``EntryCommit``."""

    def unflushed_article(self, article_id: str, revision: int) -> Article | None:
        """Return an article row that is still in the journal, whether in a batch or not."""

    def commit_poll(self, commit: PollCommit) -> tuple[EntryState, ...]:
        """Write all that one poll learnt; see ``Ledger.commit_poll``."""

    def commit(self, commit: EntryCommit) -> tuple[OutcomeChange, ...]:
        """Write all of one entry's outcome; see ``EntryCommit``.

        Returns every change of outcome that was written: the entry's own, then those of the
        entries which brought a demoted article.

        Raises:
            LookupError: the entry is not pending. Nothing of the transaction may be kept.
        """


class Ledger(ArticleIndex, Rooms, Protocol):
    """The durable state of one data folder."""

    def begin_run(self, *, kind: str, at: datetime) -> str:
        """Register this process as a live run; return the run's id.

        It counts as live until it is ended or its process is gone. The claims of runs that are
        gone fall.
        """

    def end_run(self, run_id: str, *, at: datetime) -> None:
        """End a run of this process and give back its claims."""

    def register_feeds(self, feeds: Sequence[tuple[str, str, str]], *, at: datetime) -> None:
        """Make feeds, each an id, a URL and a name, known.

        A new feed is due at once. So is one whose URL changed: what the old address taught
        (validators, body hash, holds, faults, retirement) is forgotten.
        """

    def feeds(self) -> list[FeedState]:
        """Return every feed ever registered, by id."""

    def feed(self, feed_id: str) -> FeedState | None:
        """Return one feed."""

    def hold_host(self, host: str, until: datetime, *, at: datetime) -> None:
        """Note that a host is to be left alone until then; a longer hold stays in place."""

    def held_hosts(self, now: datetime) -> dict[str, datetime]:
        """Return the hosts that are to be left alone, and until when."""

    def due_feeds(self, now: datetime) -> list[FeedState]:
        """Return the feeds to be polled at ``now``, longest due first; none held or retired."""

    def known_entries(
        self, feed_id: str, guids: Sequence[str] | None = None
    ) -> dict[str, EntryState]:
        """Return a feed's entries by guid, without payloads."""

    def commit_poll(self, commit: PollCommit) -> tuple[EntryState, ...]:
        """Write all that one poll learnt; return the pending entries that were really written.

        Left out are entries another process wrote first, and changes to an entry that is being
        worked on: the next poll that reads the feed finds those again.
        """

    def add_entries(
        self, announced: Sequence[EntryState], *, run_id: str, at: datetime
    ) -> tuple[EntryState, ...]:
        """Write pending entries that no poll brought, due at once; return those really written."""

    def bring_forward(self, *, at: datetime) -> None:
        """Make due now the pending entries that wait for their first try."""

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
        """Claim at most ``limit`` pending entries for a live run, longest due first.

        Only entries that are due at ``now`` and that no live run holds, this one included; of the
        first ``limit`` no more than ``share`` of one feed, and none of the feeds ``but``.
        ``entry_ids`` narrows it to these. They come with their payloads.
        """

    def count_outcomes(self, feed_id: str | None = None) -> dict[Outcome, int]:
        """Return how many entries, of one feed or of all, have each outcome."""

    def entries_matching(
        self,
        *,
        url: str | None = None,
        article_id: str | None = None,
        entry_id: str | None = None,
    ) -> list[EntryState]:
        """Return the entries that match any of what is given, earliest first, without payloads.

        ``url`` is an entry's link, or an alias of its article.
        """

    def entries_with(self, outcomes: Sequence[Outcome], limit: int) -> list[EntryState]:
        """Return at most ``limit`` entries with such an outcome, last seen first, no payloads."""

    def writing(self) -> AbstractContextManager[LedgerWriter]:
        """Open a write transaction: kept whole on leaving, dropped whole on any exception."""

    def fold_scheme(self) -> str | None:
        """Return the name of the scheme under which the index's signatures were made."""

    def begin_refold(self, run_id: str, unfinished: str) -> list[str]:
        """Record ``unfinished`` as the scheme, unless a run other than ``run_id`` is live.

        Returns those that are.
        """

    def end_refold(self, scheme: str) -> None:
        """Record that all signatures are of this scheme now."""

    def set_fold_scheme(self, scheme: str) -> None:
        """Record the scheme.

        Raises:
            StoreError: another one is recorded already; signatures of two cannot be compared.
        """

    def journal_state(self) -> JournalState:
        """Return how much waits to be batched."""

    def open_batches(self) -> list[Batch]:
        """Return the batches that are not closed yet, oldest first."""

    def assign_batches(self, *, at: datetime, limit: int) -> list[Batch]:
        """Open a batch of the oldest ``limit`` unbatched rows of each table and day; return all."""

    def batch_rows(self, batch_id: str) -> list[Row]:
        """Return an open batch's rows in the order they were committed.

        Raises:
            StoreError: a row is damaged.
        """

    def close_batch(self, batch_id: str, part: Part) -> None:
        """Put the part in the place of the batch's rows.

        Raises:
            LookupError: there is no such open batch.
            ValueError: the part does not have the batch's rows.
        """

    def drop_part(self, path: str) -> None:
        """Forget a part, whose file is not to be read any more."""

    def parts(self, table: str | None = None) -> list[Part]:
        """Return the parts in place, of one table or of all, by path."""

    def snapshot(self) -> Snapshot:
        """Return all rows and parts as they are at one moment.

        Raises:
            StoreError: a row is damaged.
        """

    def checks(self) -> list[str]:
        """Return a sentence for each thing that is wrong with the ledger itself."""

    def fold_checks(self) -> list[str]:
        """Return a sentence for each thing that is wrong with the files of the fold's index.

        Each begins with the file's name and a colon.
        """

    def shred(self) -> None:
        """Leave no byte of what was deleted; the fold's index is made anew when it is needed."""

    def maintain(self, *, at: datetime) -> None:
        """Give back the claims of runs that died, and keep the ledger small and quick."""

    def close(self) -> None:
        """Let go of the database. Runs that were not ended count as gone."""
