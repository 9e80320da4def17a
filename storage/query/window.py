"""Which days a query can find rows of, as far as its syntax tree says so by itself.

A part lies in the folder of its rows' UTC day, but that a condition on a table's time column is
one on the day as well, DuckDB cannot know. Only the plainest form is looked for: one table, named
once in the whole query, whose own WHERE compares the time column with constants or parameters,
alone or joined by AND. Whatever else there is, such a query gets no row of another day.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from storage.schema import TIME_COLUMNS

Node = Mapping[str, Any]
Parameters = Sequence[object] | Mapping[str, object]

# The views of which each row is one of the table's, whatever other rows there are.
_TABLES = {name: name for name in ("articles", "polls", "outcomes")} | {"revisions": "articles"}
_FROM, _UNTIL, _BEFORE = "from", "until", "before"
_COMPARISONS = {
    "COMPARE_EQUAL": (_FROM, _UNTIL),
    "COMPARE_GREATERTHAN": (_FROM,),
    "COMPARE_GREATERTHANOREQUALTO": (_FROM,),
    "COMPARE_LESSTHAN": (_BEFORE,),
    "COMPARE_LESSTHANOREQUALTO": (_UNTIL,),
}
_MIRRORED = {
    "COMPARE_EQUAL": "COMPARE_EQUAL",
    "COMPARE_GREATERTHAN": "COMPARE_LESSTHAN",
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_LESSTHAN": "COMPARE_GREATERTHAN",
    "COMPARE_LESSTHANOREQUALTO": "COMPARE_GREATERTHANOREQUALTO",
}
_CASTS = frozenset({"DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"})
# What DuckDB and Python read alike. One with an offset is of another day when cast to DATE.
_WRITTEN = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?Z?)?", re.ASCII
)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days of one table, both included, outside of which nothing is asked for."""

    table: str
    first: date = date.min
    last: date = date.max

    def holds(self, day: str) -> bool:
        """Whether a day (``YYYY-MM-DD``) is one of them."""
        return self.first.isoformat() <= day <= self.last.isoformat()


def window(nodes: Iterable[Node], parameters: Parameters) -> Window | None:
    """Return what days a query asks for, of which these are all nodes, or ``None`` for any."""
    every = list(nodes)
    named = [node for node in every if "table_name" in node]
    if len(named) != 1:
        return None
    [table] = named
    selects = [node for node in every if node.get("from_table") is table]
    view = str(table["table_name"]).lower()
    plain = table.get("type") == "BASE_TABLE" and not any(
        table.get(key) for key in ("catalog_name", "schema_name", "sample", "column_name_alias")
    )
    if not (selects and plain and view in _TABLES):
        return None
    given = _by_name(parameters)
    name = str(table.get("alias") or view).lower()
    column = TIME_COLUMNS[_TABLES[view]]
    firsts, lasts = [date.min], [date.max]
    for bound, value in _bounds(selects[0].get("where_clause"), ([column], [name, column])):
        at = _moment(value, given)
        if at is None or at.date() == date.min:
            continue
        if bound == _FROM:
            firsts.append(at.date())
        else:
            lasts.append((at - _TICK if bound == _BEFORE else at).date())
    found = Window(table=_TABLES[view], first=max(firsts), last=min(lasts))
    return None if found == Window(table=found.table) else found


def _bounds(condition: object, columns: Sequence[list[str]]) -> Iterator[tuple[str, object]]:
    match condition:
        case {"type": "CONJUNCTION_AND", "children": [*parts]}:
            for part in parts:
                yield from _bounds(part, columns)
        case {"type": "COMPARE_BETWEEN", "input": one, "lower": lower, "upper": upper}:
            if _is_one(one, columns):
                yield from ((_FROM, lower), (_UNTIL, upper))
        case {"type": str(kind), "left": left, "right": right} if kind in _COMPARISONS:
            if _is_one(left, columns):
                yield from ((bound, right) for bound in _COMPARISONS[kind])
            elif _is_one(right, columns):
                yield from ((bound, left) for bound in _COMPARISONS[_MIRRORED[kind]])


def _is_one(node: object, columns: Sequence[list[str]]) -> bool:
    match node:
        case {"type": "COLUMN_REF", "column_names": [*names]}:
            return [str(name).lower() for name in names] in columns
    return False


def _moment(node: object, given: Mapping[str, object]) -> datetime | None:
    """Return the moment that a constant or a parameter is, in UTC without saying so."""
    match node:
        case {"type": "VALUE_CONSTANT", "literal": {"kind": "STRING", "text": text}}:
            return _in_utc(text)
        case {"type": "OPERATOR_CAST", "child": child, "type_expr": {"type_name": name}}:
            constant = isinstance(child, dict) and child.get("type") == "VALUE_CONSTANT"
            return _moment(child, {}) if constant and name in _CASTS else None
        case {"type": "VALUE_PARAMETER", "identifier": name}:
            return _in_utc(given.get(str(name)))
    return None


def _in_utc(value: object) -> datetime | None:
    match value:
        case datetime():
            return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        case date():
            return datetime.combine(value, time())
        case str() if _WRITTEN.fullmatch(value):
            try:
                return datetime.fromisoformat(value.removesuffix("Z"))
            except ValueError:
                return None
    return None


def _by_name(parameters: Parameters) -> Mapping[str, object]:
    if isinstance(parameters, Mapping):
        return parameters
    return {str(number): value for number, value in enumerate(parameters, 1)}
