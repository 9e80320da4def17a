"""Dataclasses as rows of SQL tables: a column for each field, of the same name."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from enum import Enum
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from storage.ledger.codec import micros, moment

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SqlValue = str | bytes | int | float | None
Parameters = Sequence[SqlValue] | Mapping[str, SqlValue]
T = TypeVar("T", bound="DataclassInstance")


class RowMapper(Generic[T]):
    """Reads and writes values of one dataclass in one table; fields ``without`` are left out.

    Times become microseconds, enumerations their values, tuples JSON.
    """

    def __init__(self, table: str, kind: type[T], *, without: Collection[str] = ()) -> None:
        hints = get_type_hints(kind)
        self.names = tuple(f.name for f in fields(kind) if f.name not in without)
        self._table = table
        self._kind = kind
        self._ways = tuple((name, *_ways(hints[name])) for name in self.names)

    def select(self, db: Connection, tail: str, parameters: Parameters = ()) -> list[T]:
        """Return the rows that ``tail`` (joins, conditions, order) leaves of the table."""
        names = ", ".join(f"{self._table}.{name}" for name in self.names)
        query = f"SELECT {names} FROM {self._table} {tail}"  # noqa: S608 - our own words alone
        return [self._read(row) for row in db.execute(query, parameters)]

    def one(self, db: Connection, tail: str, parameters: Parameters = ()) -> T | None:
        """Return the first of the rows, if there is any."""
        return next(iter(self.select(db, f"{tail} LIMIT 1", parameters)), None)

    def put(self, db: Connection, value: T, *, key: str, new_only: bool = False) -> bool:
        """Insert a value, or write over the row of the same ``key`` unless ``new_only``.

        Returns whether it was written.
        """
        updates = ", ".join(f"{name} = excluded.{name}" for name in self.names if name != key)
        conflict = "DO NOTHING" if new_only else f"({key}) DO UPDATE SET {updates}"
        names, marks = ", ".join(self.names), ", ".join("?" * len(self.names))
        statement = f"INSERT INTO {self._table} ({names}) VALUES ({marks}) ON CONFLICT {conflict}"  # noqa: S608 - our own words alone
        return db.execute(statement, self.values(value)).rowcount > 0

    def values(self, value: T) -> tuple[SqlValue, ...]:
        """Return a value's columns in the order of ``names``."""
        found = ((getattr(value, name), write) for name, write, _ in self._ways)
        return tuple(None if part is None else write(part) for part, write in found)

    def _read(self, row: Sequence[Any]) -> T:
        parts = zip(self._ways, row, strict=True)
        return self._kind(
            **{name: None if part is None else read(part) for (name, _, read), part in parts}
        )


def _same(value: Any) -> Any:  # noqa: ANN401 - any column's value passes
    return value


def _items(text: str) -> tuple[Any, ...]:
    return tuple(json.loads(text))


def _ways(hint: Any) -> tuple[Callable[[Any], SqlValue], Callable[[Any], Any]]:  # noqa: ANN401
    """Return how a field of this type is written and read."""
    plain = next((kind for kind in get_args(hint) if kind is not type(None)), hint)
    if plain is datetime:
        return micros, moment
    if plain is bool:
        return int, bool
    if get_origin(hint) is tuple:
        return json.dumps, _items
    if isinstance(plain, type) and issubclass(plain, Enum):
        return str, plain
    return _same, _same
