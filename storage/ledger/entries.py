"""Entries: their outcomes, and who works on those that wait for one."""

import json
from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Connection

from storage.ledger.codec import micros
from storage.ledger.mapping import RowMapper
from storage.model import (
    FAR,
    EntryState,
    Outcome,
    OutcomeChange,
    Reason,
    Retry,
    StoredArticle,
)

_ENTRIES = RowMapper("entries", EntryState, without={"payload"})
_LOADED = RowMapper("entries", EntryState)


def known(db: Connection, feed_id: str, guids: Sequence[str] | None) -> dict[str, EntryState]:
    """Return a feed's entries by guid: those of ``guids``, or all."""
    among = "" if guids is None else "AND guid IN (SELECT value FROM json_each(:guids))"
    found = _ENTRIES.select(
        db, f"WHERE feed_id = :feed {among}", {"feed": feed_id, "guids": json.dumps(guids)}
    )
    return {entry.guid: entry for entry in found}


def told(entry: EntryState, *, run_id: str, at: datetime) -> OutcomeChange:
    """Return the row that tells of an entry's outcome as it is.

    Of one that is pending also what it said, as a digest, so that a ledger that is made anew from
    such rows knows a changed entry from an unchanged one.
    """
    is_pending = entry.outcome is Outcome.PENDING
    return OutcomeChange(
        entry_id=entry.entry_id,
        feed_id=entry.feed_id,
        guid=entry.guid,
        url=entry.url,
        title=entry.title,
        article_id=entry.article_id,
        changed_at=at,
        run_id=run_id,
        outcome=entry.outcome,
        reason=entry.reason,
        detail=entry.detail,
        extra=json.dumps({"entry_hash": entry.entry_hash}) if is_pending else "{}",
    )


def is_pending(db: Connection, entry_id: str) -> bool:
    """Whether an entry waits for its outcome."""
    query = "SELECT 1 FROM entries WHERE entry_id = ? AND outcome = 'pending'"
    return db.execute(query, [entry_id]).fetchone() is not None


def count(db: Connection, feed_id: str | None) -> dict[Outcome, int]:
    """Return the number of entries by outcome, of one feed or of all."""
    condition, parameters = ("", []) if feed_id is None else ("WHERE feed_id = ?", [feed_id])
    query = f"SELECT outcome, count(*) FROM entries {condition} GROUP BY outcome"  # noqa: S608 - our own words alone
    found = dict(db.execute(query, parameters).fetchall())
    return {outcome: found.get(outcome.value, 0) for outcome in Outcome}


def matching(
    db: Connection, *, url: str | None, article_id: str | None, entry_id: str | None
) -> list[EntryState]:
    """Return the entries that match any of what is given; ``url`` may be an article's alias."""
    return _ENTRIES.select(
        db,
        """WHERE entry_id = :entry OR url = :url
           OR article_id IN (
               SELECT :article UNION ALL SELECT article_id FROM aliases WHERE url = :url)
           ORDER BY first_seen_at, entry_id""",
        {"url": url, "article": article_id, "entry": entry_id},
    )


def having(db: Connection, outcomes: Sequence[Outcome], limit: int) -> list[EntryState]:
    """Return entries by outcome, last seen first."""
    return _ENTRIES.select(
        db,
        """WHERE outcome IN (SELECT value FROM json_each(?))
           ORDER BY last_seen_at DESC, entry_id LIMIT ?""",
        [json.dumps(outcomes), limit],
    )


def saw(db: Connection, entry_ids: Sequence[str], *, at: datetime) -> None:
    """Note that entries stood in their feed."""
    db.execute(
        """UPDATE entries SET last_seen_at = :at
           WHERE entry_id IN (SELECT value FROM json_each(:seen)) AND last_seen_at < :at""",
        {"at": micros(at), "seen": json.dumps(entry_ids)},
    )


def put_pending(db: Connection, entry: EntryState) -> bool:
    """Write a new or changed entry, unless another process was first. Returns whether it was.

    A changed entry that is being worked on is left alone: the work under way is on its old
    payload, and its end would pass the new one off as done.
    """
    if _LOADED.put(db, entry, key="entry_id", new_only=True):
        return True
    return _change(db, entry)


def restore(db: Connection, entry: EntryState) -> bool:
    """Write an entry with the outcome it has, unless it is known. Returns whether it was."""
    return _LOADED.put(db, entry, key="entry_id", new_only=True)


def orphans(db: Connection) -> list[EntryState]:
    """Return the entries that cannot stay as they are, by when they were last seen.

    They are done with an article that is not in the index, or pending without a payload.
    """
    return _ENTRIES.select(
        db,
        """WHERE (outcome = 'pending' AND payload IS NULL) OR (
               outcome IN ('new', 'revised', 'unchanged', 'duplicate') AND NOT EXISTS
                   (SELECT 1 FROM articles WHERE articles.article_id = entries.article_id))
           ORDER BY last_seen_at, entry_id""",
    )


def begin_again(db: Connection, entry: EntryState) -> None:
    """Give an entry the pending state that it comes with."""
    _LOADED.put(db, entry, key="entry_id")
    db.execute("UPDATE entries SET claimed_by = NULL WHERE entry_id = ?", [entry.entry_id])


def forget(db: Connection, entry_id: str) -> None:
    """Forget an entry: should its feed bring it again, it is new."""
    db.execute("DELETE FROM entries WHERE entry_id = ?", [entry_id])


def differs(db: Connection, entry: EntryState) -> bool:
    """Whether an entry is known with other words."""
    query = "SELECT 1 FROM entries WHERE entry_id = ? AND entry_hash <> ?"
    return db.execute(query, [entry.entry_id, entry.entry_hash]).fetchone() is not None


def _change(db: Connection, entry: EntryState) -> bool:
    values = dict(zip(_LOADED.names, _LOADED.values(entry), strict=True))
    changed = db.execute(
        """UPDATE entries
           SET url = :url, title = :title, entry_hash = :entry_hash, payload = :payload,
               last_seen_at = :last_seen_at, reason = :reason, detail = :detail,
               outcome = :outcome,
               recheck = recheck OR outcome <> 'pending',
               attempts = CASE outcome WHEN 'pending' THEN attempts ELSE :attempts END,
               due_at = CASE outcome WHEN 'pending' THEN due_at ELSE :due_at END
           WHERE entry_id = :entry_id AND entry_hash <> :entry_hash
             AND CASE outcome WHEN 'pending' THEN claimed_by IS NULL ELSE :recheck END""",
        values,
    )
    return changed.rowcount > 0


def hasten(db: Connection, pending: Sequence[EntryState], *, at: datetime) -> None:
    """Make pending entries due now, as if they had not been tried before."""
    db.executemany(
        "UPDATE entries SET due_at = ?, attempts = 0 WHERE entry_id = ?",
        [(micros(at), entry.entry_id) for entry in pending],
    )


def bring_forward(db: Connection, *, at: datetime) -> None:
    """Make due now the pending entries that wait for their first try."""
    db.execute(
        """UPDATE entries SET due_at = :at
           WHERE outcome = 'pending' AND attempts = 0 AND due_at > :at""",
        {"at": micros(at)},
    )


def claim(
    db: Connection,
    run_id: str,
    *,
    now: datetime,
    limit: int,
    share: int | None,
    but: Sequence[str],
    entry_ids: Sequence[str] | None,
) -> list[EntryState]:
    """Give pending entries that are due and unclaimed to a run, longest due first.

    Of the first ``limit`` no more than ``share`` of one feed, and none of the feeds ``but``.
    """
    among = "" if entry_ids is None else "AND entry_id IN (SELECT value FROM json_each(:ids))"
    found = _LOADED.select(
        db,
        f"""WHERE entry_id IN (
                SELECT entry_id FROM (
                    SELECT entry_id, row_number() OVER
                        (PARTITION BY feed_id ORDER BY due_at, entry_id) AS place
                    FROM (
                        SELECT entry_id, feed_id, due_at FROM entries
                        WHERE outcome = 'pending' AND claimed_by IS NULL
                          AND (due_at IS NULL OR due_at <= :now OR due_at > :far) {among}
                          AND feed_id NOT IN (SELECT value FROM json_each(:but))
                        ORDER BY due_at, entry_id LIMIT :limit))
                WHERE place <= :share)
            ORDER BY due_at, entry_id""",  # noqa: S608 - our own words alone
        {
            "now": micros(now),
            "far": micros(now + FAR),
            "limit": limit,
            "share": limit if share is None else share,
            "but": json.dumps(but),
            "ids": json.dumps(entry_ids),
        },
    )
    db.executemany(
        "UPDATE entries SET claimed_by = ? WHERE entry_id = ?",
        [(run_id, entry.entry_id) for entry in found],
    )
    return found


def settle(db: Connection, change: OutcomeChange, *, retry: Retry | None) -> None:
    """Give a pending entry its outcome, or its next try, and give its claim back.

    Raises:
        LookupError: the entry is not pending.
    """
    if (change.outcome is Outcome.PENDING) != (retry is not None):
        raise ValueError(f"{change.entry_id}: a retry belongs to a pending entry and to no other")
    settled = db.execute(
        """UPDATE entries
           SET outcome = :outcome, reason = :reason, detail = :detail,
               article_id = coalesce(:article_id, article_id),
               claimed_by = NULL, payload = CASE :outcome WHEN 'pending' THEN payload END,
               attempts = coalesce(:attempts, attempts), due_at = :due_at
           WHERE entry_id = :entry_id AND outcome = 'pending'""",
        {
            "entry_id": change.entry_id,
            "outcome": change.outcome,
            "reason": change.reason,
            "detail": change.detail,
            "article_id": change.article_id,
            "attempts": retry.attempts if retry else None,
            "due_at": micros(retry.due_at) if retry else None,
        },
    )
    if settled.rowcount != 1:
        raise LookupError(f"{change.entry_id}: the entry is not pending")


def demote(
    db: Connection, article_id: str, *, bringer: str, reason: Reason, detail: str | None
) -> list[EntryState]:
    """Mark the entries that brought a former first copy as duplicates; return these."""
    brought = _ENTRIES.select(
        db,
        """WHERE article_id = ? AND (outcome IN ('new', 'revised')
               OR (entry_id = ? AND outcome = 'unchanged')) ORDER BY entry_id""",
        [article_id, bringer],
    )
    db.executemany(
        "UPDATE entries SET outcome = ?, reason = ?, detail = ? WHERE entry_id = ?",
        [(Outcome.DUPLICATE, reason, detail, e.entry_id) for e in brought],
    )
    return brought


def placed_by(db: Connection, stored: StoredArticle) -> list[EntryState]:
    """Return the settled entries whose outcome follows from an article's place.

    Those that were stored or folded with it; that it came from, at least.
    """
    return _ENTRIES.select(
        db,
        """WHERE article_id = ? AND (outcome IN ('new', 'revised', 'duplicate')
               OR (feed_id = ? AND guid = ? AND outcome = 'unchanged')) ORDER BY entry_id""",
        [stored.article_id, stored.feed_id, stored.guid],
    )


def replace_outcomes(db: Connection, changes: Sequence[OutcomeChange]) -> None:
    """Give settled entries another outcome."""
    db.executemany(
        "UPDATE entries SET outcome = ?, reason = ?, detail = ? WHERE entry_id = ?",
        [(change.outcome, change.reason, change.detail, change.entry_id) for change in changes],
    )


def read_again(db: Connection, entry: EntryState, *, due_at: datetime) -> bool:
    """Make a settled entry pending. Returns whether it was settled."""
    changed = db.execute(
        """UPDATE entries SET outcome = 'pending', reason = ?, detail = ?, payload = ?,
               recheck = 1, attempts = 0, due_at = ?
           WHERE entry_id = ? AND outcome <> 'pending'""",
        [entry.reason, entry.detail, entry.payload, micros(due_at), entry.entry_id],
    )
    return changed.rowcount > 0
