"""The two kinds of commit, each whole within its caller's transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from sqlite3 import Connection

from storage.ledger import articles, entries, feed_states, journal, related, sites, versions
from storage.ledger.fold.index import FoldIndex
from storage.model import (
    Duplicate,
    EntryCommit,
    EntryState,
    FeedState,
    OutcomeChange,
    PollCommit,
    StoredArticle,
)


def poll(db: Connection, commit: PollCommit) -> tuple[EntryState, ...]:
    """Write a poll: the feed's state, its entries, and the rows that tell of both."""
    at = commit.poll.polled_at
    if commit.seen:
        entries.saw(db, commit.seen, at=at)
    written = pending(db, commit.pending, run_id=commit.poll.run_id, at=at)
    done = {entry.entry_id for entry in written}
    left_out = [entry for entry in commit.pending if entry.entry_id not in done]
    # What another process wrote first is no loss.
    lost = any(entries.differs(db, entry) for entry in left_out)
    feed_states.put(db, _to_be_read_again(commit.state) if lost else commit.state)
    journal.append(db, [commit.poll], at=at)
    return written


def _to_be_read_again(state: FeedState) -> FeedState:
    """A feed's state such that the next poll reads all of it, once a day at most."""
    state = replace(state, etag=None, last_modified=None, answer_date=None, body_hash=None)
    if state.next_due_at is None or state.full_at is None:
        return state
    why = "a changed entry was being worked on: all is read again, a day after the last time"
    due = max(state.next_due_at, state.full_at + timedelta(days=1))
    return replace(state, next_due_at=due, schedule=(*state.schedule, why))


def pending(
    db: Connection, announced: Sequence[EntryState], *, run_id: str, at: datetime
) -> tuple[EntryState, ...]:
    """Write new or changed entries and the rows that tell of them; return those written."""
    written = tuple(entry for entry in announced if entries.put_pending(db, entry))
    journal.append(db, [entries.told(entry, run_id=run_id, at=at) for entry in written], at=at)
    return written


def entry(db: Connection, index: FoldIndex, commit: EntryCommit) -> tuple[OutcomeChange, ...]:
    """Write an entry's outcome: the entry, its article and fold, and the rows of all that.

    Returns every change of outcome that was written: the entry's own, then those of the entries
    which brought a demoted article.

    Raises:
        LookupError: the entry is not pending.
    """
    change = commit.change
    entries.settle(db, change, retry=commit.retry)
    if commit.stored is not None:
        stored = commit.stored
        index.add(articles.put(db, stored), stored)
        if commit.version is not None:
            versions.stored(db, stored.article_id, commit.version)
        if commit.related is not None:
            related.put(db, stored.article_id, commit.related)
    if commit.aliases:
        assert change.article_id is not None, "aliases are of an article"
        articles.alias(db, commit.aliases, change.article_id)
    if commit.sighting is not None:
        sites.record(db, commit.sighting)
    journal.append(db, [change, *commit.rows], at=change.changed_at)
    changes = [change]
    if commit.demoted is not None:
        former, _, _ = commit.demoted
        assert former.duplicate_of is not None, "a demoted article is a copy of another"
        articles.lead(db, story_id=former.story_id, article_id=former.duplicate_of)
        changes += _folded(db, *commit.demoted)
    for joined in commit.gathered:
        index.add(articles.put(db, joined[0]), joined[0])
        changes += _folded(db, *joined)
    return tuple(changes)


def _folded(
    db: Connection, former: StoredArticle, row: Duplicate, told: OutcomeChange
) -> list[OutcomeChange]:
    """Write the rows of an article that is a copy from now on; return what its entries came to."""
    brought = entries.demote(
        db, former.article_id, bringer=told.entry_id, reason=told.reason, detail=told.detail
    )
    changes = [
        replace(
            told,
            entry_id=other.entry_id,
            feed_id=other.feed_id,
            guid=other.guid,
            url=other.url,
            title=other.title,
        )
        for other in brought
    ]
    journal.withdraw_article(db, former.article_id, former.revision)
    journal.append(db, [row, *changes], at=told.changed_at)
    return changes
