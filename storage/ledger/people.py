"""What people decided, as lines that outlast the ledger: no row of the lake tells it.

That is what was taken down, by hashes alone, and what was said of stories. Each line is JSON: the
table, the values of a row, and a checksum of them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from sqlite3 import Connection

import msgspec

from storage.ledger.database import Database
from storage.ledger.seals import seal_of

_COLUMNS = {
    # Without the addresses that a takedown has until it is done.
    "takedowns": ("article_id", "taken_at"),
    "takedown_keys": ("key", "article_id"),
    "verdicts": ("article_id", "other_id", "word", "said_at"),
}


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    table: str
    row: tuple[str | int, ...]
    seal: int


class SqlitePeople:
    """A ``storage.ledger.rooms.People`` on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lines(self) -> list[str]:
        """Return all that people decided, a line for each row."""
        with self._database.reading() as db:
            return list(_lines(db))


def _lines(db: Connection) -> Iterator[str]:
    for table, columns in _COLUMNS.items():
        names = ", ".join(columns)
        for row in db.execute(f"SELECT {names} FROM {table} ORDER BY {names}"):  # noqa: S608 - our own words alone
            line = _Line(table=table, row=row, seal=seal_of(table, *row))
            yield msgspec.json.encode(line).decode()


def take_over(db: Connection, lines: Iterable[bytes]) -> tuple[Counter[str], int]:
    """Write what lines tell and the ledger does not have, in an open write transaction.

    Returns how many rows of each table were written, and how many lines are not as they were
    written.
    """
    kept: Counter[str] = Counter()
    damaged = 0
    for line in filter(None, map(bytes.strip, lines)):
        try:
            said = msgspec.json.decode(line, type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            damaged += 1
            continue
        columns = _COLUMNS.get(said.table, ())
        if len(columns) != len(said.row) or said.seal != seal_of(said.table, *said.row):
            damaged += 1
            continue
        marks = ", ".join("?" * len(columns))
        written = db.execute(
            f"INSERT OR IGNORE INTO {said.table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - our own words alone
            said.row,
        )
        kept[said.table] += written.rowcount
    return kept, damaged
