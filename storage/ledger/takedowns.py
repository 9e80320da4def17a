"""Articles that were taken down, remembered by hashes: a ``storage.takedown.TakedownWriter``."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from sqlite3 import Connection

from storage.ledger import articles, entries, journal
from storage.ledger.codec import micros, moment
from storage.model import EntryState, Outcome, Reason, StoredArticle
from storage.takedown import Remains, Takedown

ELSEWHERE = "told of an article that was taken down"
"""What stands instead of a detail that names an address of an article that was taken down."""

_NOTHING = "[[], []]"

Opening = Callable[[], AbstractContextManager[Connection]]


class SqliteTakedowns:
    """Each call is one transaction of ``reading``'s or ``writing``'s."""

    def __init__(self, reading: Opening, writing: Opening) -> None:
        self._reading = reading
        self._writing = writing

    def find(
        self,
        urls: Sequence[str],
        *,
        feed_id: str = "",
        guid: str | None = None,
        article_id: str | None = None,
    ) -> Takedown | None:
        """Return the takedown of what has one of ``urls``, a feed's ``guid`` or ``article_id``."""
        keys = [*map(_of_url, urls), *([] if guid is None else [_of_guid(feed_id, guid)])]
        with self._reading() as db:
            found = db.execute(
                """SELECT article_id, taken_at, remains IS NULL FROM takedowns
                   WHERE article_id IN (SELECT article_id FROM takedown_keys
                                        WHERE key IN (SELECT value FROM json_each(?)))
                      OR article_id = ?""",
                [json.dumps(keys), article_id],
            ).fetchone()
        if found is None:
            return None
        known_by, taken_at, is_done = found
        return Takedown(article_id=known_by, taken_at=moment(taken_at), is_done=bool(is_done))

    def unfinished(self) -> list[Remains]:
        """Return what is still to be removed from the lake, oldest first."""
        with self._reading() as db:
            found = db.execute(
                """SELECT article_id, remains FROM takedowns WHERE remains IS NOT NULL
                   ORDER BY taken_at, article_id"""
            ).fetchall()
        return [
            Remains(article_id=article_id, urls=tuple(urls), entry_ids=tuple(ids))
            for article_id, (urls, ids) in ((key, json.loads(said)) for key, said in found)
        ]

    def forget(self, article_id: str) -> None:
        """Forget how an article was found: it is gone from the lake."""
        with self._writing() as db:
            db.execute(
                "UPDATE takedowns SET remains = ? WHERE article_id = ?", [_NOTHING, article_id]
            )

    def finish(self, article_id: str) -> None:
        """Write down that an article is gone from everywhere."""
        with self._writing() as db:
            db.execute("UPDATE takedowns SET remains = NULL WHERE article_id = ?", [article_id])


class SqliteTakedownWriter(SqliteTakedowns):
    """On an open write transaction."""

    def __init__(self, db: Connection, opening: Opening) -> None:
        super().__init__(opening, opening)
        self._db = db

    def remove(self, stored: StoredArticle, *, run_id: str, at: datetime) -> Remains:
        """Remove all that the ledger has of an article, and remember it by hashes."""
        key = {"id": stored.article_id}
        found = self._db.execute("SELECT url FROM aliases WHERE article_id = :id", key)
        aliases = [url for (url,) in found]
        brought = entries.matching(self._db, url=None, article_id=stored.article_id, entry_id=None)
        links = [entry.url for entry in brought if entry.url]
        urls = tuple(dict.fromkeys([stored.canonical_url, stored.url, *aliases, *links]))
        remains = Remains(
            article_id=stored.article_id,
            urls=urls,
            entry_ids=tuple(entry.entry_id for entry in brought),
        )
        self._remember(remains, brought, at)
        self._db.execute("DELETE FROM journal WHERE article_id = :id AND batch_id IS NULL", key)
        articles.forget(self._db, stored.article_id)
        for table in ("site_pages", "feed_texts"):
            self._db.execute(
                f"DELETE FROM {table} WHERE url IN (SELECT value FROM json_each(?))",  # noqa: S608
                [json.dumps(urls)],
            )
        skipped = [_skipped(entry, at) for entry in brought]
        for entry in skipped:
            self._db.execute(
                """UPDATE entries SET outcome = ?, reason = ?, detail = ?, url = NULL, title = NULL,
                       article_id = NULL, payload = NULL, claimed_by = NULL, due_at = NULL
                   WHERE entry_id = ?""",
                [entry.outcome, entry.reason, entry.detail, entry.entry_id],
            )
        self._db.execute(
            """UPDATE entries SET detail = ? WHERE EXISTS
                   (SELECT 1 FROM json_each(?) AS url WHERE instr(detail, url.value))""",
            [ELSEWHERE, json.dumps(urls)],
        )
        told = [entries.told(entry, run_id=run_id, at=at) for entry in skipped]
        journal.append(self._db, told, at=at)
        return remains

    def _remember(self, remains: Remains, brought: Sequence[EntryState], at: datetime) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO takedowns (article_id, taken_at) VALUES (?, ?)",
            [remains.article_id, micros(at)],
        )
        put_remains(self._db, remains)
        keys = [_of_url(url) for url in remains.urls]
        keys += [_of_guid(entry.feed_id, entry.guid) for entry in brought]
        self._db.executemany(
            "INSERT OR REPLACE INTO takedown_keys (key, article_id) VALUES (?, ?)",
            [(key, remains.article_id) for key in keys],
        )


def put_remains(db: Connection, remains: Remains) -> None:
    """Write down by what the rows of what was taken down are found: it is to be removed."""
    db.execute(
        "UPDATE takedowns SET remains = ? WHERE article_id = ?",
        [json.dumps([remains.urls, remains.entry_ids]), remains.article_id],
    )


def _skipped(entry: EntryState, at: datetime) -> EntryState:
    return replace(
        entry,
        url=None,
        title=None,
        article_id=None,
        outcome=Outcome.SKIPPED,
        reason=Reason.TAKEN_DOWN,
        detail=f"taken down on {at:%Y-%m-%d}",
    )


def _of_url(url: str) -> str:
    return sha256(f"url\0{url}".encode("utf-8", "surrogatepass")).hexdigest()


def _of_guid(feed_id: str, guid: str) -> str:
    return sha256(f"guid\0{feed_id}\0{guid}".encode("utf-8", "surrogatepass")).hexdigest()
