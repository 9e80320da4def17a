"""Any sequence of commits and flushes keeps every row exactly once and every entry counted."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from storage.ledger.parts import Part
from storage.ledger.sqlite import SqliteLedger
from storage.model import (
    Article,
    EntryCommit,
    EntryState,
    Outcome,
    OutcomeChange,
    PollCommit,
    Row,
    StoredArticle,
)
from storage.schema import table_of
from tests.ledger.values import NOON, again, better, copy, entry, failed, new, poll, stored

BANDS = st.lists(st.integers(-3, 3), max_size=4).map(tuple)


class Crawling(RuleBasedStateMachine):
    """A ledger beside a plain model of what it must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "ledger.db"
        self.ledger = SqliteLedger(self.path)
        self.run = self.ledger.begin_run(kind="crawl", at=NOON)
        self.entries: dict[str, EntryState] = {}
        self.versions: Counter[str] = Counter()
        self.firsts: dict[str, StoredArticle] = {}
        self.rows: list[Row] = []
        self.lake: dict[str, list[Row]] = {}

    def teardown(self) -> None:
        assert self.ledger.checks() == []
        self.ledger.close()
        self.folder.cleanup()

    def _pending(self) -> list[EntryState]:
        return [e for e in self.entries.values() if e.outcome is Outcome.PENDING]

    def _at(self) -> timedelta:
        return timedelta(hours=len(self.rows))

    def _settle(self, of: EntryState, commit: EntryCommit) -> None:
        with self.ledger.writing() as writer:
            assert writer.is_pending(of.entry_id)
            writer.commit(commit)
        self.entries[of.guid] = replace(of, outcome=commit.change.outcome)
        self.rows += [commit.change, *commit.rows]

    @rule(names=st.sets(st.sampled_from("abcdefgh"), min_size=1))
    def poll_feed(self, names: set[str]) -> None:
        """Everything named is in the feed: new, or changed since it was done."""
        now = NOON + self._at()
        found = [
            entry(name, version=self.versions[name], at=now)
            for name in sorted(names)
            if name not in self.entries or self.entries[name].outcome is not Outcome.PENDING
        ]
        commit = poll(*found, at=now)
        assert self.ledger.commit_poll(commit) == tuple(found)
        self._wrote(commit)
        assert self.ledger.commit_poll(commit) == (), "the same again changes no entry"
        self._wrote(replace(commit, pending=()))

    def _wrote(self, commit: PollCommit) -> None:
        self.rows.append(commit.poll)
        for found in commit.pending:
            self.entries[found.guid] = found
            self.versions[found.guid] += 1
            self.rows.append(
                OutcomeChange(
                    entry_id=found.entry_id,
                    feed_id=found.feed_id,
                    guid=found.guid,
                    url=found.url,
                    title=found.title,
                    article_id=None,
                    changed_at=commit.poll.polled_at,
                    run_id="run",
                    outcome=found.outcome,
                    reason=found.reason,
                    extra=f'{{"entry_hash": "{found.entry_hash}"}}',
                )
            )

    @precondition(lambda self: self._pending())
    @rule(data=st.data(), bands=BANDS)
    def store_an_article(self, data: st.DataObject, bands: tuple[int, ...]) -> None:
        of = data.draw(st.sampled_from(self._pending()))
        name = f"{of.guid}{len(self.rows)}"
        place = stored(name, bands=bands, at=NOON + self._at())
        self._settle(of, new(of, place))
        self.firsts[place.story_id] = place

    @precondition(lambda self: self._pending() and self.firsts)
    @rule(data=st.data(), bands=BANDS)
    def store_a_revision(self, data: st.DataObject, bands: tuple[int, ...]) -> None:
        of = data.draw(st.sampled_from(self._pending()))
        last = data.draw(st.sampled_from(list(self.firsts.values())))
        place = stored(
            last.article_id, bands=bands, revision=last.revision + 1, story=last.story_id
        )
        self._settle(of, new(of, place))
        self.firsts[place.story_id] = place

    @precondition(lambda self: self._pending() and self.firsts)
    @rule(data=st.data(), bands=BANDS)
    def fold_a_copy(self, data: st.DataObject, bands: tuple[int, ...]) -> None:
        of = data.draw(st.sampled_from(self._pending()))
        first = data.draw(st.sampled_from(list(self.firsts.values())))
        place = stored(
            f"{of.guid}{len(self.rows)}",
            bands=bands,
            story=first.story_id,
            duplicate_of=first.article_id,
        )
        self._settle(of, copy(of, place))

    @precondition(lambda self: self._pending() and self.firsts)
    @rule(data=st.data())
    def find_a_better_original(self, data: st.DataObject) -> None:
        of = data.draw(st.sampled_from(self._pending()))
        former = data.draw(st.sampled_from(list(self.firsts.values())))
        commit = better(of, stored(f"{of.guid}{len(self.rows)}"), former)
        assert commit.stored is not None
        assert commit.demoted is not None
        batched = [
            row for b in self.ledger.open_batches() for row in self.ledger.batch_rows(b.batch_id)
        ]
        brought = [
            known
            for known in self.ledger.known_entries("f").values()
            if known.article_id == former.article_id
            and known.outcome in {Outcome.NEW, Outcome.REVISED}
        ]
        self._settle(of, commit)
        _, row, demotion = commit.demoted
        demotions = [
            replace(demotion, entry_id=e.entry_id, guid=e.guid, url=e.url, title=e.title)
            for e in sorted(brought, key=lambda known: known.entry_id)
        ]
        stays = [*batched, *(r for rows in self.lake.values() for r in rows)]
        self.rows = [r for r in self.rows if not _is_of(r, former) or r in stays]
        self.rows += [row, *demotions]
        self.firsts[former.story_id] = commit.stored
        for guid, known in self.ledger.known_entries("f").items():
            if known.article_id == former.article_id and known.outcome is Outcome.DUPLICATE:
                self.entries[guid] = replace(self.entries[guid], outcome=Outcome.DUPLICATE)

    @precondition(lambda self: self._pending())
    @rule(data=st.data(), try_again=st.booleans())
    def fail(self, data: st.DataObject, try_again: bool) -> None:
        of = data.draw(st.sampled_from(self._pending()))
        self._settle(of, again(of, attempts=1, due_at=NOON) if try_again else failed(of))

    @rule(limit=st.integers(1, 4))
    def open_batches(self, limit: int) -> None:
        before = {b.batch_id for b in self.ledger.open_batches()}
        opened = self.ledger.assign_batches(at=NOON + self._at(), limit=limit)
        assert all(1 <= batch.rows <= limit for batch in opened)
        assert before.isdisjoint(b.batch_id for b in opened)

    @precondition(lambda self: self.ledger.open_batches())
    @rule(data=st.data())
    def close_a_batch(self, data: st.DataObject) -> None:
        batch = data.draw(st.sampled_from(self.ledger.open_batches()))
        rows = self.ledger.batch_rows(batch.batch_id)
        assert len(rows) == batch.rows
        assert {table_of(row) for row in rows} == {batch.table}
        path = f"{batch.table}/{batch.batch_id}"
        part = Part(
            table=batch.table,
            path=path,
            batch_id=batch.batch_id,
            rows=len(rows),
            bytes=1,
            sha256="",
        )
        self.ledger.close_batch(batch.batch_id, part)
        self.lake[path] = rows

    @rule()
    def start_again(self) -> None:
        self.ledger.close()
        self.ledger = SqliteLedger(self.path)
        self.run = self.ledger.begin_run(kind="crawl", at=NOON)

    @invariant()
    def every_row_is_stored_exactly_once(self) -> None:
        snapshot = self.ledger.snapshot()
        in_lake = [row for part in snapshot.parts for row in self.lake[part.path]]
        in_journal = [row for rows in snapshot.rows.values() for row in rows]
        assert Counter(in_lake + in_journal) == Counter(self.rows)
        revisions = Counter(
            (r.article_id, r.revision) for r in in_lake + in_journal if isinstance(r, Article)
        )
        assert not revisions or max(revisions.values()) == 1

    @invariant()
    def every_entry_has_exactly_one_outcome(self) -> None:
        counts = self.ledger.count_outcomes()
        assert sum(counts.values()) == len(self.ledger.known_entries("f")) == len(self.entries)
        assert Counter(e.outcome for e in self.entries.values()) == Counter(counts)


def _is_of(row: Row, former: StoredArticle) -> bool:
    key = (former.article_id, former.revision)
    return isinstance(row, Article) and (row.article_id, row.revision) == key


TestCrawling = Crawling.TestCase
TestCrawling.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
