"""Entries and feeds as the rows that tell of their outcomes and polls have them."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from sqlite3 import Connection
from typing import Any

import msgspec
import pyarrow as pa

from storage.ledger import articles, entries, feed_states, journal
from storage.model import EntryState, FeedState, Outcome, Reason, StoredArticle
from storage.query.session import Session
from storage.repair.signer import Signer

_BATCH = 1_000
_ENTRIES = """
    SELECT last.* EXCLUDE (article_id), h.*, h.before AND last.outcome = 'pending' AS recheck
    FROM (FROM lake.outcomes ANTI JOIN wanted USING (entry_id)
          QUALIFY row_number() OVER (
              PARTITION BY entry_id ORDER BY changed_at DESC, outcome = 'pending') = 1) last
    JOIN (SELECT entry_id, min(changed_at) AS first_seen_at, max(changed_at) AS last_seen_at,
                 max_by(article_id, changed_at) AS article_id,
                 bool_or(outcome <> 'pending') AS before,
                 coalesce(max_by(nullif(regexp_extract(
                     extra, '"entry_hash": ?"([^"]+)"', 1), ''), changed_at), '') AS entry_hash
          FROM lake.outcomes GROUP BY ALL) h ON h.entry_id = last.entry_id"""
_FEEDS = """
    SELECT feed_id, max(polled_at) AS polled_at,
           max(polled_at) FILTER (ok) AS ok_at, max(polled_at) FILTER (new > 0) AS new_at,
           arg_max_null(url, polled_at) AS url, arg_max_null(ok, polled_at) AS ok,
           arg_max_null(reason, polled_at) AS reason, arg_max_null(detail, polled_at) AS detail,
           arg_max_null(status, polled_at) AS status,
           arg_max_null(next_due_at, polled_at) AS next_due_at
    FROM lake.polls ANTI JOIN wanted USING (feed_id) GROUP BY ALL"""
_ENTRY = tuple(
    field.name
    for field in fields(EntryState)
    if field.name not in {"attempts", "due_at", "payload"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """Writes to the ledger ``db``, an open transaction, what a session's rows tell."""

    db: Connection
    session: Session
    signer: Signer

    def restore(self) -> tuple[int, int]:
        """Write the entries and the feeds that are not known; return how many there were of each.

        A feed is asked for whole at its next poll, since its validators stand in no row.
        """
        found = self._rows(_ENTRIES, "entry_id", "SELECT entry_id FROM entries")
        known = 0
        for row in found:
            entry = msgspec.convert({name: row[name] for name in _ENTRY}, EntryState)
            known += entries.restore(self.db, entry)
        feeds = 0
        for row in self._rows(_FEEDS, "feed_id", "SELECT feed_id FROM feeds"):
            state = msgspec.convert({**row, "name": row["feed_id"]}, FeedState)
            feed_states.put(self.db, state)
            feeds += 1
        return known, feeds

    def read_again(self, *, run_id: str, at: datetime) -> tuple[list[EntryState], list[EntryState]]:
        """Have the pages read again whose articles are not there; forget entries without a page.

        Returns the entries as they were: those that are read again, and those that are forgotten.
        Should a feed bring one of these again, it is new.
        """
        again, forgotten = [], []
        for entry in entries.orphans(self.db):
            is_known = bool(articles.one(self.db, entry.article_id or ""))
            if entry.url is None:
                entries.forget(self.db, entry.entry_id)
                if not is_known:
                    forgotten.append(entry)
            elif is_known or entry.outcome is Outcome.PENDING:
                self._begin(entry, Reason.WAITING, run_id=run_id, at=at)
            else:
                fresh = replace(entry, article_id=None, recheck=False, detail="it was lost")
                self._begin(fresh, Reason.WAITING, run_id=run_id, at=at)
                again.append(entry)
        return again, forgotten

    def lead(self, heir: StoredArticle, *, run_id: str, at: datetime) -> None:
        """Have the page of an article read again that leads its story since the first was lost."""
        brought = entries.matching(self.db, url=None, article_id=heir.article_id, entry_id=None)
        for entry in brought:
            if entry.url is not None and entry.outcome is not Outcome.PENDING:
                detail = "the first of its story was lost: its page is read again"
                fresh = replace(entry, recheck=True, detail=detail)
                self._begin(fresh, Reason.SET_APART, run_id=run_id, at=at)
                return

    def _begin(self, entry: EntryState, reason: Reason, *, run_id: str, at: datetime) -> None:
        fresh = replace(
            entry,
            outcome=Outcome.PENDING,
            reason=reason,
            attempts=0,
            due_at=at,
            payload=self.signer.payload(entry),
        )
        entries.begin_again(self.db, fresh)
        journal.append(self.db, [entries.told(fresh, run_id=run_id, at=at)], at=at)

    def _rows(self, query: str, name: str, known: str) -> Iterator[dict[str, Any]]:
        ids = [key for (key,) in self.db.execute(known)]
        wanted = pa.table({name: pa.array(ids, pa.string())})
        for batch in self.session.stream(query, wanted=wanted, size=_BATCH):
            yield from batch.to_pylist()
