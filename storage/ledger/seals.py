"""A checksum in each row of the ledger: SQLite by itself does not see a flipped bit.

Each table has a column ``seal`` with the CRC-32 of the row's other columns. Triggers of our own
connections alone keep it, so a row that anything else wrote over, a disk or a person, shows.
"""

import zlib
from collections.abc import Iterator, Mapping
from sqlite3 import Connection
from types import MappingProxyType

import msgspec

SEALED = (
    "meta",
    "runs",
    "feeds",
    "holds",
    "subscriptions",
    "entries",
    "articles",
    "aliases",
    "related",
    "versions",
    "verdicts",
    "batches",
    "journal",
    "parts",
    "site_blocks",
    "site_pages",
    "feed_texts",
    "rewrites",
    "takedowns",
    "takedown_keys",
)
"""The tables, which are all there are."""

COLUMNS = "".join(f"ALTER TABLE {table} ADD COLUMN seal INTEGER;\n" for table in SEALED)

UNSEALED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # A claim is checked against the runs there are, and ends with its run.
        "entries": frozenset({"claimed_by"}),
        # It has a checksum of its own, which is sealed.
        "journal": frozenset({"body"}),
    }
)
_ENCODER = msgspec.msgpack.Encoder()


def prepare(db: Connection) -> None:
    """Let a connection compute seals."""
    db.create_function("seal_of", -1, seal_of, deterministic=True)


def keep(db: Connection) -> None:
    """Have all that a connection writes sealed from now on."""
    for table in SEALED:
        columns, keys = _columns(db, table)
        this = " AND ".join(f"{key} = new.{key}" for key in keys)
        values = ", ".join(f"new.{column}" for column in columns)
        for event in ("INSERT", f"UPDATE OF {', '.join(columns)}"):
            seal = f"UPDATE {table} SET seal = seal_of({values}) WHERE {this}"  # noqa: S608 - our own words alone
            db.execute(
                f"CREATE TEMP TRIGGER {table}_sealed_{event[:6]} AFTER {event} ON main.{table}"
                f" BEGIN {seal}; END"
            )


def put(db: Connection) -> None:
    """Seal the rows that are not, as those of an older version."""
    for table in SEALED:
        columns, _ = _columns(db, table)
        db.execute(f"UPDATE {table} SET seal = seal_of({', '.join(columns)}) WHERE seal IS NULL")  # noqa: S608 - our own words alone


def broken(db: Connection) -> Iterator[tuple[str, int]]:
    """Yield each table that has rows which are not as they were written, and how many."""
    for table in SEALED:
        columns, _ = _columns(db, table)
        query = f"SELECT count(*) FROM {table} WHERE seal IS NOT seal_of({', '.join(columns)})"  # noqa: S608 - our own words alone
        ((count,),) = db.execute(query).fetchall()
        if count:
            yield table, int(count)


def seal_of(*values: object) -> int:
    """Return the checksum of a row's sealed columns."""
    return zlib.crc32(_ENCODER.encode(values))


def _columns(db: Connection, table: str) -> tuple[list[str], list[str]]:
    """Return the columns of a table that are sealed, and those of its primary key."""
    unsealed = UNSEALED.get(table, frozenset()) | {"seal"}
    found = db.execute("SELECT name, pk FROM pragma_table_info(?)", [table]).fetchall()
    return (
        [name for name, _ in found if name not in unsealed],
        [name for name, place in found if place],
    )
