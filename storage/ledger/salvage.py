"""What can still be read of a damaged ledger: the rows whose checksums match, around what cannot.

The file is opened to be read alone, so nothing in it changes. A page that SQLite stumbles over ends
a query, but the pages behind it are reached by the number of a row in them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection, DatabaseError, connect
from urllib.parse import quote

from storage.errors import StoreError
from storage.ledger.codec import unpack_row
from storage.ledger.seals import SEALED, UNSEALED, seal_of
from storage.model import Row

_MADE_ANEW = frozenset({"meta", "runs", "batches", "journal", "parts", "rewrites"})
_CLAIMS = {"entries": frozenset({"claimed_by"})}
_META = frozenset({"fold_scheme", "index_floor", "pruned_before"})
_FURTHEST = 1 << 62

Values = Mapping[str, object]
"""A row: its values by the names of its columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvaged:
    """What was read: how many rows of each table were ``kept``, and how many are ``damaged``.

    ``journal`` are its rows by their numbers, ``parts`` the digests of files by their paths,
    ``meta`` what is worth keeping of that.
    """

    kept: Counter[str] = field(default_factory=Counter)
    damaged: Counter[str] = field(default_factory=Counter)
    journal: dict[int, Row] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)


def salvage(path: Path, db: Connection, *, scheme: str) -> Salvaged:
    """Copy what can be read of a ledger into an open write transaction of a new one.

    Articles that were signed under another ``scheme`` are left out.
    """
    found = Salvaged()
    if not path.is_file():
        return found
    db.execute("PRAGMA defer_foreign_keys = ON")
    with closing(connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as old:
        old.text_factory = _text
        for row in _sound(old, "meta", found):
            if row["key"] in _META:
                found.meta[str(row["key"])] = str(row["value"])
        for row in _sound(old, "parts", found):
            found.parts[str(row["path"])] = str(row["sha256"])
        for row in _sound(old, "journal", found):
            _journalled(row, found)
        is_ours = found.meta.pop("fold_scheme", scheme) == scheme
        for table in SEALED:
            if table not in _MADE_ANEW and (is_ours or table != "articles"):
                _copy(old, db, table, found)
    return found


def _copy(old: Connection, db: Connection, table: str, found: Salvaged) -> None:
    known = {name for name, *_ in db.execute("SELECT name FROM pragma_table_info(?)", [table])}
    known -= {"seal", *_CLAIMS.get(table, ())}
    for row in _sound(old, table, found):
        names = [name for name in row if name in known]
        marks = ", ".join("?" * len(names))
        written = db.execute(
            f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - our own words alone
            [row[name] for name in names],
        )
        found.kept[table] += written.rowcount


def _journalled(row: Values, found: Salvaged) -> None:
    table, body, checksum = (row.get(name) for name in ("table_name", "body", "checksum"))
    try:
        assert isinstance(body, bytes)
        assert isinstance(checksum, bytes)
        known = unpack_row(str(table), body, checksum)
    except (StoreError, AssertionError):
        found.damaged["journal"] += 1
    else:
        found.journal[int(str(row["seq"]))] = known


def _sound(old: Connection, table: str, found: Salvaged) -> Iterator[Values]:
    """Yield the rows whose checksums match; a row may come twice."""
    try:
        info = old.execute("SELECT name, pk FROM pragma_table_info(?)", [table]).fetchall()
        listing = old.execute("SELECT wr FROM pragma_table_list(?)", [table]).fetchone()
    except DatabaseError:
        return
    names = [name for name, _ in info]
    if not names or listing is None:
        return
    bad: set[object] = set()
    keys = [name for name, place in info if place]
    scan = _by_key(old, table, names, keys) if listing[0] else _by_number(old, table, names)
    for values in scan:
        row = dict(zip(names, values, strict=True))
        if _is_sound(table, row):
            row.pop("seal", None)
            yield row
        else:
            bad.add(tuple(row[name] for name in keys) or values)
    found.damaged[table] += len(bad)


def _is_sound(table: str, row: Values) -> bool:
    if "seal" not in row:  # of a version that had none
        return True
    unsealed = UNSEALED.get(table, frozenset()) | {"seal"}
    return bool(row["seal"] == seal_of(*(row[name] for name in row if name not in unsealed)))


def _by_key(
    old: Connection, table: str, names: list[str], keys: list[str]
) -> Iterator[tuple[object, ...]]:
    """Yield the rows from the first on as far as can be, then from the last."""
    order = ", ".join(keys)
    backward = ", ".join(f"{key} DESC" for key in keys)
    for by in (order, backward):
        try:
            yield from old.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY {by}")  # noqa: S608 - our own words alone
        except DatabaseError:
            continue
        return


def _by_number(old: Connection, table: str, names: list[str]) -> Iterator[tuple[object, ...]]:
    """Yield the rows by their numbers; from a damaged page on, those behind it and before them."""
    columns = f"SELECT rowid, {', '.join(names)} FROM {table} NOT INDEXED"  # noqa: S608 - our own words alone
    low, step, last = 0, 1, -1
    while low < _FURTHEST:
        reached = low > last + 1
        try:
            for number, *values in old.execute(f"{columns} WHERE rowid >= ? ORDER BY rowid", [low]):
                if reached:
                    yield from _back(old, columns, number, last)
                    reached = False
                step, last = 1, number
                yield tuple(values)
        except DatabaseError:
            low = max(low, last + 1) + step
            step *= 2
        else:
            return


def _back(old: Connection, columns: str, high: int, low: int) -> Iterator[tuple[object, ...]]:
    query = f"{columns} WHERE rowid < ? AND rowid > ? ORDER BY rowid DESC"
    try:
        for _, *values in old.execute(query, [high, low]):
            yield tuple(values)
    except DatabaseError:
        return


def _text(raw: bytes) -> str:
    # What is no text any more is told by its row's checksum.
    return raw.decode("utf-8", "replace")
