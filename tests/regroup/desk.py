"""A data folder into which articles come by the product's own way, without any network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import storage
from ingest.articles.identity import article_id
from ingest.articles.urls import site_of
from ingest.config import RetrySettings
from ingest.dedup.decision import FoldRules
from ingest.dedup.signature import SCHEME, fingerprint
from ingest.feeds.diff import entry_id_of, pack
from ingest.regroup.people import Desk, Done
from ingest.regroup.plan import Change
from ingest.regroup.refold import Carried, Refold
from ingest.settle import Circumstances, settle
from ingest.settle.finding import Found
from ingest.types import Extracted, ParsedEntry
from storage.lake.lake import Lake
from storage.ledger.sqlite import SqliteLedger
from storage.model import EntryState, Outcome, OutcomeChange, Reason, StoredArticle
from storage.store import Store

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = FoldRules()


def prose(seed: int, sentences: int = 12) -> str:
    """A text of its own: no two seeds share a run of words."""
    return " ".join(
        f"Keeper{seed}x{n} saw boat{seed}x{n} leave harbour{seed}x{n} before dawn{seed}x{n}."
        for n in range(sentences)
    )


TEXT = prose(1)
NEAR = f"{TEXT} The agency contributed to this report."
NEARER = f"{TEXT} More to follow in the evening edition."
OTHER = prose(2)


def url_of(name: str) -> str:
    return f"https://{name}.example/story"


def id_of(name: str) -> str:
    return article_id(url_of(name))


@dataclass
class Room:
    """The folder's parts, and a clock that a test moves."""

    folder: Path
    keep_text: bool = False
    at: datetime = NOON
    ledger: SqliteLedger = field(init=False)
    run: Circumstances = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = SqliteLedger(self.folder / "state" / "ledger.db")
        if self.ledger.fold_scheme() is None:
            self.ledger.set_fold_scheme(SCHEME)
        self.ledger.register_feeds([("f", "https://f.example/feed", "F")], at=NOON)
        self.run = Circumstances(
            run_id=self.ledger.begin_run(kind="test", at=NOON),
            rules=RULES,
            window=timedelta(days=90),
            fold=True,
            keep_duplicate_text=self.keep_text,
            retry=RetrySettings(),
        )

    def close(self) -> None:
        assert self.ledger.checks() == []
        assert self.ledger.fold_checks() == []
        self.ledger.end_run(self.run.run_id, at=self.at)
        self.ledger.close()

    def come(
        self, name: str, text: str, *, published: datetime | None = None, feed: str = "f"
    ) -> OutcomeChange:
        """Have an article come for the first time, or with another text."""
        self.at += MINUTE
        entry = ParsedEntry(guid=name, link=url_of(name), title=name.title())
        known = self.ledger.known_entries(feed, [name]).get(name)
        state = EntryState(
            entry_id=entry_id_of(feed, name),
            feed_id=feed,
            guid=name,
            url=entry.link,
            title=entry.title,
            entry_hash=f"{name} {self.at}",
            first_seen_at=known.first_seen_at if known else self.at,
            last_seen_at=self.at,
            outcome=Outcome.PENDING,
            reason=Reason.WAITING,
            due_at=self.at,
            recheck=known is not None,
            payload=pack(entry),
        )
        self.ledger.add_entries([state], run_id=self.run.run_id, at=self.at)
        return self.read(name, text, published=published, feed=feed)

    def read(
        self, name: str, text: str, *, published: datetime | None = None, feed: str = "f"
    ) -> OutcomeChange:
        """Have the page of a pending entry read."""
        self.at += MINUTE
        [state] = self.ledger.claim_pending(
            self.run.run_id, now=self.at, limit=1, entry_ids=[entry_id_of(feed, name)]
        )
        url = url_of(name)
        extracted = Extracted(
            canonical_url=url,
            text=text,
            fingerprint=fingerprint(text, site=site_of(url), title=name.title()),
            title=name.title(),
            published_at=published,
            language="en",
            word_count=len(text.split()),
            extractor="test",
        )
        found = Found(extracted=extracted, url=url, urls=(url,), fetched_at=self.at)
        with self.ledger.writing() as writer:
            change, *_ = settle(writer, state, found, self.at, self.run)
        return change

    def flush(self) -> None:
        Lake(self.folder, self.ledger).flush(at=self.at)

    def split(self, name: str) -> Done:
        return self._said(lambda desk: desk.split(id_of(name)))

    def join(self, one: str, other: str) -> Done:
        return self._said(lambda desk: desk.join(id_of(one), id_of(other)))

    def forget(self, name: str) -> Done:
        return self._said(lambda desk: desk.forget(id_of(name)))

    def _said(self, word: Callable[[Desk], Done]) -> Done:
        self.at += MINUTE
        with storage.open(self.folder) as store:
            desk = Desk(ledger=self.ledger, store=store, run_id=self.run.run_id, at=self.at)
            done = word(desk)
        Lake(self.folder, self.ledger).keep_people()
        return done

    def would_change(self, rules: FoldRules = RULES, since: datetime | None = None) -> list[Change]:
        """What a refold would change."""
        with storage.open(self.folder) as store:
            refold = self._refold(store, rules, since)
            with refold.drawing() as scratch:
                return list(refold.changes(refold.draw(scratch), scratch))

    def refold(self, rules: FoldRules = RULES, since: datetime | None = None) -> Carried:
        self.at += MINUTE
        with storage.open(self.folder) as store:
            refold = self._refold(store, rules, since)
            with refold.drawing() as scratch:
                return refold.carry_out(refold.draw(scratch), scratch, at=self.at)

    def _refold(self, store: Store, rules: FoldRules, since: datetime | None) -> Refold:
        run = replace(self.run, rules=rules)
        return Refold(ledger=self.ledger, store=store, run=run, since=since)

    def article(self, name: str) -> StoredArticle:
        found = self.ledger.article(id_of(name))
        assert found is not None
        return found

    def entry(self, name: str, feed: str = "f") -> EntryState:
        return self.ledger.known_entries(feed, [name])[name]

    def stories(self, names: Sequence[str]) -> list[list[str]]:
        """The names by story, each story's first in front, as the index has them."""
        return self._by_story(names, {name: self.article(name) for name in names})

    @staticmethod
    def _by_story(names: Sequence[str], found: dict[str, StoredArticle]) -> list[list[str]]:
        groups: dict[str, list[str]] = {}
        for name in sorted(names, key=lambda it: (found[it].duplicate_of is not None, it)):
            groups.setdefault(found[name].story_id, []).append(name)
        return sorted(groups.values())

    def shown(self, names: Sequence[str]) -> list[list[str]]:
        """The same as readers of the store see it."""
        by_id = {id_of(name): name for name in names}
        groups: dict[str, list[str]] = {}
        with storage.open(self.folder) as store:
            rows = store.sql("SELECT article_id, story_id FROM articles").to_pylist()
            rows += store.sql(
                "SELECT article_id, story_id FROM duplicates ORDER BY article_id"
            ).to_pylist()
        for row in rows:
            groups.setdefault(row["story_id"], []).append(by_id[row["article_id"]])
        return sorted([first, *sorted(others)] for first, *others in groups.values())

    def snapshot(self) -> object:
        """All that is stored."""
        return (
            self.ledger.snapshot(),
            [self.ledger.stories.articles(self.ledger.stories.in_order())],
            self.ledger.known_entries("f"),
        )
