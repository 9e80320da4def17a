"""The stories as people and a new look at them change them: a ``storage.regroup.StoryWriter``."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection

from storage.ledger import articles, entries, journal
from storage.ledger.fold.index import FoldIndex
from storage.ledger.mapping import RowMapper
from storage.model import EntryState, Fingerprint, StoredArticle
from storage.regroup import Move, Verdict

_VERDICTS = RowMapper("verdicts", Verdict)


class SqliteStories:
    """A ``storage.regroup.StoryReader``; each call is one transaction of ``opening``'s."""

    def __init__(self, opening: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._opening = opening

    def verdicts(self, article_ids: Sequence[str] | None = None) -> list[Verdict]:
        """Return what was said of any of these articles, or of all, the latest first."""
        among = (
            ""
            if article_ids is None
            else """WHERE (article_id, other_id) IN (
                SELECT article_id, other_id FROM verdicts
                WHERE article_id IN (SELECT value FROM json_each(:ids))
                UNION SELECT article_id, other_id FROM verdicts
                WHERE other_id IN (SELECT value FROM json_each(:ids)))"""
        )
        order = "ORDER BY said_at DESC, article_id, other_id"
        with self._opening() as db:
            return _VERDICTS.select(db, f"{among} {order}", {"ids": json.dumps(article_ids)})

    def in_order(self) -> list[str]:
        """Return the ids of all articles: by publication, first sight, then id."""
        with self._opening() as db:
            return articles.in_order(db)

    def articles(self, article_ids: Sequence[str]) -> list[StoredArticle]:
        """Return the articles with these ids, in their order."""
        with self._opening() as db:
            return articles.several(db, article_ids)

    def members(self, story_id: str) -> list[StoredArticle]:
        """Return a story's articles: the first copy, then the others as they came out."""
        with self._opening() as db:
            return articles.story(db, story_id)


class SqliteStoryWriter(SqliteStories):
    """A ``storage.regroup.StoryWriter`` on an open write transaction."""

    def __init__(
        self,
        db: Connection,
        fold: FoldIndex,
        opening: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        super().__init__(opening)
        self._db = db
        self._fold = fold
        self._said: bool | None = None

    def verdicts(self, article_ids: Sequence[str] | None = None) -> list[Verdict]:
        """Return what was said; where nobody ever said a word, only the first call asks for it."""
        if self._said is None:
            ((self._said,),) = self._db.execute("SELECT EXISTS (SELECT 1 FROM verdicts)")
        return super().verdicts(article_ids) if self._said else []

    def say(self, verdicts: Sequence[Verdict]) -> None:
        """Write verdicts down; each takes the place of what was said of the two before."""
        self.forget(verdicts)
        self._said = True
        for verdict in verdicts:
            _VERDICTS.put(self._db, verdict, key="article_id, other_id")

    def forget(self, verdicts: Sequence[Verdict]) -> None:
        """Take back what was said of these pairs."""
        self._db.executemany(
            """DELETE FROM verdicts
               WHERE (article_id, other_id) IN (VALUES (:one, :other), (:other, :one))""",
            [{"one": verdict.article_id, "other": verdict.other_id} for verdict in verdicts],
        )

    def put(self, stored: StoredArticle) -> None:
        """Write an article's place, without a word of it in the lake."""
        self._fold.add(articles.put(self._db, stored), stored)

    def sign(self, article_id: str, print_: Fingerprint) -> None:
        """Give an article another fingerprint of the same text."""
        articles.sign(self._db, article_id, print_)

    def move(self, move: Move, *, run_id: str, at: datetime) -> None:
        """Write an article's new place, and the rows that tell of it."""
        self.put(move.stored)
        brought = entries.placed_by(self._db, move.stored)
        changes = [
            replace(
                entries.told(entry, run_id=run_id, at=at),
                article_id=move.stored.article_id,
                outcome=move.outcome,
                reason=move.reason,
                detail=move.detail,
                evidence=move.evidence,
            )
            for entry in brought
        ]
        entries.replace_outcomes(self._db, changes)
        journal.append(self._db, [*move.rows, *changes], at=at)

    def read_again(self, entry: EntryState, *, run_id: str, at: datetime) -> None:
        """Have a settled entry taken up again with the payload, reason and detail it comes with."""
        if not entries.read_again(self._db, entry, due_at=at):
            return
        journal.append(self._db, [entries.told(entry, run_id=run_id, at=at)], at=at)
