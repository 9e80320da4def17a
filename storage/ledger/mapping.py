"""Dataclasses as rows of SQL tables: a column for each field, of the same name."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from enum import Enum
from functools import cache
from operator import attrgetter
from sqlite3 import Connection
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from storage.ledger.codec import micros, moment

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SqlValue = str | bytes | int | float | None
Parameters = Sequence[SqlValue] | Mapping[str, SqlValue]
T = TypeVar("T", bound="DataclassInstance")

Ways = tuple[Callable[[Any], SqlValue], Callable[[Any], Any]]
"""How a field is written, and how it is read."""


class RowMapper(Generic[T]):
    """Reads and writes values of one dataclass in one table; fields ``without`` are left out.

    Times become microseconds, enumerations their values, tuples JSON; ``ways`` says for a field how
    else it is written and read.
    """

    def __init__(
        self,
        table: str,
        kind: type[T],
        *,
        without: Collection[str] = (),
        ways: Mapping[str, Ways] = MappingProxyType({}),
    ) -> None:
        hints = get_type_hints(kind)
        self.names = tuple(f.name for f in fields(kind) if f.name not in without)
        self.columns = ", ".join(f"{table}.{name}" for name in self.names)
        self._table = table
        self._kind = kind
        self._get = attrgetter(*self.names)
        # Most fields are kept as they are: only the others cost something a row.
        found = [(name, ways.get(name) or _ways(hints[name])) for name in self.names]
        self._writes = [(n, way[0]) for n, (_, way) in enumerate(found) if way is not _AS_IS]
        self._reads = [(name, way[1]) for name, way in found if way is not _AS_IS]
        self._put = cache(self._statement)

    def select(self, db: Connection, tail: str, parameters: Parameters = ()) -> list[T]:
        """Return the rows that ``tail`` (joins, conditions, order) leaves of the table."""
        query = f"SELECT {self.columns} FROM {self._table} {tail}"  # noqa: S608 - our own words alone
        return [self.read(row) for row in db.execute(query, parameters)]

    def one(self, db: Connection, tail: str, parameters: Parameters = ()) -> T | None:
        """Return the first of the rows, if there is any."""
        return next(iter(self.select(db, f"{tail} LIMIT 1", parameters)), None)

    def put(self, db: Connection, value: T, *, key: str, new_only: bool = False) -> bool:
        """Insert a value, or write over the row of the same ``key`` unless ``new_only``.

        Returns whether it was written.
        """
        return db.execute(self._put(key, new_only), self.values(value)).rowcount > 0

    def _statement(self, key: str, new_only: bool) -> str:
        updates = ", ".join(f"{name} = excluded.{name}" for name in self.names if name != key)
        conflict = "DO NOTHING" if new_only else f"({key}) DO UPDATE SET {updates}"
        names, marks = ", ".join(self.names), ", ".join("?" * len(self.names))
        return f"INSERT INTO {self._table} ({names}) VALUES ({marks}) ON CONFLICT {conflict}"  # noqa: S608 - our own words alone

    def values(self, value: T) -> tuple[SqlValue, ...]:
        """Return a value's columns in the order of ``names``."""
        parts = list(self._get(value))
        for place, write in self._writes:
            if parts[place] is not None:
                parts[place] = write(parts[place])
        return tuple(parts)

    def read(self, row: Sequence[Any], **others: object) -> T:
        """Return the value of a row of ``columns``, with the fields that are not among them."""
        parts = dict(zip(self.names, row, strict=True))
        for name, read in self._reads:
            if parts[name] is not None:
                parts[name] = read(parts[name])
        return self._kind(**parts, **others)


def _same(value: Any) -> Any:  # noqa: ANN401 - any column's value passes
    return value


_AS_IS: Ways = (_same, _same)


def _text(items: tuple[Any, ...]) -> str:
    return msgspec.json.encode(items).decode()


def _items(text: str) -> tuple[Any, ...]:
    return tuple(msgspec.json.decode(text))


def _ways(hint: Any) -> Ways:  # noqa: ANN401
    """Return how a field of this type is written and read."""
    plain = next((kind for kind in get_args(hint) if kind is not type(None)), hint)
    if plain is datetime:
        return micros, moment
    if plain is bool:
        return int, bool
    if get_origin(hint) is tuple:
        return _text, _items
    if isinstance(plain, type) and issubclass(plain, Enum):
        return str, plain
    return _AS_IS
