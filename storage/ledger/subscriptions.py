"""Subscriptions to hubs: a ``storage.ledger.base.Subscriptions`` on the ledger's database."""

from collections.abc import Callable
from datetime import datetime
from sqlite3 import Connection

from storage.ledger.codec import micros
from storage.ledger.database import Database
from storage.ledger.mapping import RowMapper
from storage.subscription import Subscription

_SUBSCRIPTIONS = RowMapper("subscriptions", Subscription)


class SqliteSubscriptions:
    """Each call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Subscription]:
        """Return every subscription, by feed."""
        with self._database.reading() as db:
            return _SUBSCRIPTIONS.select(db, "ORDER BY feed_id, token")

    def offers(self) -> dict[str, tuple[str, str]]:
        """Return the hub and the topic of each feed that names both, by id; none retired."""
        with self._database.reading() as db:
            found = db.execute(
                """SELECT feed_id, hub, topic FROM feeds
                   WHERE NOT retired AND hub IS NOT NULL AND topic IS NOT NULL ORDER BY feed_id"""
            )
            return {feed_id: (hub, topic) for feed_id, hub, topic in found}

    def of_feed(self, feed_id: str) -> list[Subscription]:
        """Return a feed's subscriptions."""
        with self._database.reading() as db:
            return _SUBSCRIPTIONS.select(db, "WHERE feed_id = ? ORDER BY token", [feed_id])

    def one(self, token: str) -> Subscription | None:
        """Return the subscription with this token."""
        with self._database.reading() as db:
            return _one(db, token)

    def open(self, subscription: Subscription) -> None:
        """Write a new subscription; one with its token is left as it is."""
        with self._database.writing() as db:
            _SUBSCRIPTIONS.put(db, subscription, key="token", new_only=True)

    def change(
        self, token: str, change: Callable[[Subscription], Subscription]
    ) -> Subscription | None:
        """Replace a subscription by what ``change`` makes of it, and return that."""
        with self._database.writing() as db:
            before = _one(db, token)
            if before is None:
                return None
            after = change(before)
            assert after.token == token, "a subscription keeps its token"
            if after != before:
                _SUBSCRIPTIONS.put(db, after, key="token")
            return after

    def forget(self, token: str) -> None:
        """Remove a subscription."""
        with self._database.writing() as db:
            db.execute("DELETE FROM subscriptions WHERE token = ?", [token])

    def poll_by(self, feed_id: str, moment: datetime) -> None:
        """Have a feed polled at ``moment`` if it would be polled later."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE feeds SET next_due_at = :at WHERE feed_id = :feed AND next_due_at > :at",
                {"at": micros(moment), "feed": feed_id},
            )


def _one(db: Connection, token: str) -> Subscription | None:
    return _SUBSCRIPTIONS.one(db, "WHERE token = ?", [token])
