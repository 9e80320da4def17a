"""Hosts that want to be left alone for a while, for every process on the data folder."""

from datetime import datetime
from sqlite3 import Connection

from storage.ledger.codec import micros, moment
from storage.model import FAR


def put(db: Connection, host: str, until: datetime, *, at: datetime) -> None:
    """Note a hold. A longer one stays; those that are over, or set by a wrong clock, go."""
    db.execute(
        "DELETE FROM holds WHERE held_until <= ? OR held_until > ?", [micros(at), micros(at + FAR)]
    )
    db.execute(
        """INSERT INTO holds (host, held_until) VALUES (?, ?)
           ON CONFLICT (host) DO UPDATE SET held_until = max(held_until, excluded.held_until)""",
        [host, micros(until)],
    )


def current(db: Connection, now: datetime) -> dict[str, datetime]:
    """Return the hosts on hold, and until when."""
    found = db.execute(
        "SELECT host, held_until FROM holds WHERE held_until > ? AND held_until <= ?",
        [micros(now), micros(now + FAR)],
    )
    return {host: moment(until) for host, until in found}
