"""A desk at which entries are settled one after the other, with a ledger behind it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import storage
from ingest.articles.identity import article_id
from ingest.articles.urls import site_of
from ingest.config import RetrySettings
from ingest.dedup.decision import FoldRules
from ingest.dedup.signature import fingerprint
from ingest.feeds.diff import entry_id_of, pack
from ingest.settle import Circumstances, settle
from ingest.settle.finding import Finding, Found
from ingest.types import Extracted, ParsedEntry
from storage.lake.lake import Lake
from storage.ledger.sqlite import SqliteLedger
from storage.model import (
    Article,
    Duplicate,
    EntryState,
    FeedState,
    Outcome,
    OutcomeChange,
    Poll,
    PollCommit,
    Reason,
    StoredArticle,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


HOUR = timedelta(hours=1)


RUN = Circumstances(
    run_id="run",
    rules=FoldRules(),
    window=timedelta(days=90),
    fold=True,
    keep_duplicate_text=False,
    retry=RetrySettings(),
)


def prose(seed: int, sentences: int = 12) -> str:
    """A text of its own: no two seeds share a run of words."""
    return " ".join(
        f"Keeper{seed}x{n} saw boat{seed}x{n} leave harbour{seed}x{n} before dawn{seed}x{n}."
        for n in range(sentences)
    )


TEXT = prose(1)


NEAR = f"{TEXT} The agency contributed to this report."


OTHER = prose(2)


class Desk:
    """A ledger, and a hand that takes entries to it one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = SqliteLedger(folder / "state" / "ledger.db")
        self.ledger.register_feeds([("f", "https://f.example/feed", "F")], at=NOON)
        self.at = NOON

    def announce(self, name: str, *, version: int = 0, link: str | None = None) -> EntryState:
        """Have a poll find an entry, or a new version of one."""
        self.at += timedelta(minutes=1)
        entry = ParsedEntry(guid=name, link=address(link or name))
        known = self.ledger.known_entries("f", [name]).get(name)
        state = EntryState(
            entry_id=entry_id_of("f", name),
            feed_id="f",
            guid=name,
            url=entry.link,
            title=name.title(),
            entry_hash=f"{name} {version}",
            first_seen_at=known.first_seen_at if known else self.at,
            last_seen_at=self.at,
            outcome=Outcome.PENDING,
            reason=Reason.WAITING,
            article_id=known.article_id if known else None,
            due_at=self.at,
            recheck=version > 0,
            payload=pack(entry),
        )
        poll = Poll(
            feed_id="f",
            url="https://f.example/feed",
            polled_at=self.at,
            run_id="run",
            ok=True,
            reason=Reason.FETCHED,
        )
        feed = FeedState(feed_id="f", url="https://f.example/feed", name="F", ok=True)
        (written,) = self.ledger.commit_poll(PollCommit(state=feed, poll=poll, pending=(state,)))
        return written

    def settle(
        self, state: EntryState, finding: Finding, run: Circumstances = RUN
    ) -> OutcomeChange | None:
        with self.ledger.writing() as writer:
            changes = settle(writer, state, finding, self.at, run)
        return next(iter(changes), None)

    def find(
        self,
        name: str,
        text: str,
        *,
        version: int = 0,
        published: datetime | None = None,
        run: Circumstances = RUN,
    ) -> OutcomeChange:
        """Have an entry announced, its page read, and its outcome committed."""
        state = self.announce(name, version=version)
        change = self.settle(state, self.found(name, text, published=published), run)
        assert change is not None
        return change

    def found(self, name: str, text: str, *, published: datetime | None = None) -> Found:
        url = address(name)
        extracted = Extracted(
            canonical_url=url,
            text=text,
            fingerprint=fingerprint(text, site=site_of(url), title=name.title()),
            title=name.title(),
            published_at=published,
            word_count=len(text.split()),
            extractor="test",
        )
        return Found(extracted=extracted, url=url, urls=(url,), fetched_at=self.at)

    def entry(self, name: str) -> EntryState:
        (entry,) = self.ledger.entries_matching(entry_id=entry_id_of("f", name))
        return entry

    def article(self, name: str) -> StoredArticle:
        stored = self.ledger.article(id_of(name))
        assert stored is not None
        return stored

    def journal(self, table: str) -> list[tuple[str, int]]:
        """Return the names and revisions that wait in the journal."""
        names = {id_of(name): name for name in ("first", "second", "third")}
        rows = self.ledger.snapshot().rows[table]
        return [
            (names[row.article_id], row.revision)
            for row in rows
            if isinstance(row, Article | Duplicate)
        ]

    def flush(self) -> None:
        assert Lake(self.folder, self.ledger).flush(at=self.at) is not None

    def view(self, query: str) -> list[dict[str, object]]:
        with storage.open(self.folder) as store:
            rows: list[dict[str, object]] = store.sql(query).to_pylist()
        return rows


def address(name: str) -> str:
    """Return the address of a story: ``name`` is its site's, or has the path as well."""
    return f"https://{name}" if "/" in name else f"https://{name}.example/story"


def id_of(name: str) -> str:
    return article_id(address(name))
