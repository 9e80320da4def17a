"""The Arrow schema of every table, and the way from rows to Arrow.

The columns are the fields of the row types in ``storage.model``, in their order; the day a row
belongs to (``dt``) stands in its file's path alone. Every column may be null, and ``extra`` holds
a JSON object, so that a value added later needs no new column: engines that read old and new files
side by side silently drop columns the first file does not have.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import assert_never

import pyarrow as pa

from storage.model import Article, Duplicate, OutcomeChange, Poll, Row

SCHEMA_VERSION = 1

_STRING = pa.string()
_STRINGS = pa.list_(pa.string())
_TIME = pa.timestamp("us", tz="UTC")
_INT32 = pa.int32()
_INT64 = pa.int64()
_DOUBLE = pa.float64()

_IDENTITY = [("article_id", _STRING), ("revision", _INT32), ("story_id", _STRING)]

_FOLD = [
    ("duplicate_of", _STRING),
    ("match", _STRING),
    ("similarity", _DOUBLE),
    ("containment", _DOUBLE),
]

_CONTENT = [
    ("url", _STRING),
    ("canonical_url", _STRING),
    ("site", _STRING),
    ("feed_id", _STRING),
    ("guid", _STRING),
    ("title", _STRING),
    ("authors", _STRINGS),
    ("published_at", _TIME),
    ("modified_at", _TIME),
    ("first_seen_at", _TIME),
    ("fetched_at", _TIME),
    ("language", _STRING),
    ("summary", _STRING),
    ("text", _STRING),
    ("tags", _STRINGS),
    ("image_url", _STRING),
    ("word_count", _INT32),
    ("text_source", _STRING),
    ("content_hash", _STRING),
    ("signature", pa.binary()),
    ("extractor", _STRING),
    ("extra", _STRING),
]

_POLLS = pa.schema(
    [
        ("feed_id", _STRING),
        ("url", _STRING),
        ("polled_at", _TIME),
        ("run_id", _STRING),
        ("ok", pa.bool_()),
        ("reason", _STRING),
        ("detail", _STRING),
        ("status", _INT32),
        ("seconds", _DOUBLE),
        ("bytes", _INT64),
        ("entries", _INT32),
        ("new", _INT32),
        ("changed", _INT32),
        ("next_due_at", _TIME),
        ("extra", _STRING),
    ]
)

_OUTCOMES = pa.schema(
    [
        ("entry_id", _STRING),
        ("feed_id", _STRING),
        ("guid", _STRING),
        ("url", _STRING),
        ("title", _STRING),
        ("article_id", _STRING),
        ("changed_at", _TIME),
        ("run_id", _STRING),
        ("outcome", _STRING),
        ("reason", _STRING),
        ("detail", _STRING),
        ("evidence", _STRING),
        ("extra", _STRING),
    ]
)

TABLES: Mapping[str, pa.Schema] = MappingProxyType(
    {
        "articles": pa.schema([*_IDENTITY, *_CONTENT]),
        "duplicates": pa.schema([*_IDENTITY, *_FOLD, *_CONTENT]),
        "polls": _POLLS,
        "outcomes": _OUTCOMES,
    }
)

TIME_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "articles": "fetched_at",
        "duplicates": "fetched_at",
        "polls": "polled_at",
        "outcomes": "changed_at",
    }
)


def table_of(row: Row) -> str:
    """Return the name of the table that a row belongs to."""
    match row:
        case Article():
            return "articles"
        case Duplicate():
            return "duplicates"
        case Poll():
            return "polls"
        case OutcomeChange():
            return "outcomes"
        case _:
            assert_never(row)


def time_of(row: Row) -> datetime:
    """Return the time by which a row is filed and sorted."""
    match row:
        case Article() | Duplicate():
            return row.fetched_at
        case Poll():
            return row.polled_at
        case OutcomeChange():
            return row.changed_at
        case _:
            assert_never(row)


def day_of(row: Row) -> str:
    """Return the UTC day that a row is filed under, as ``YYYY-MM-DD``."""
    return time_of(row).astimezone(UTC).date().isoformat()


def to_table(table: str, rows: Sequence[Row]) -> pa.Table:
    """Make one Arrow table of rows of the same kind, keeping their order.

    Strings are expected clean. One that cannot be encoded as UTF-8 (lone surrogates) is mended with
    U+FFFD rather than raised: one bad string must not keep a whole batch from being stored.

    Raises:
        KeyError: ``table`` is not the name of a table.
    """
    schema = TABLES[table]
    columns = [
        _column([getattr(row, column.name) for row in rows], column.type) for column in schema
    ]
    return pa.table(columns, schema=schema)


def _column(values: list[object], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, type=kind)
    except UnicodeEncodeError:
        return pa.array([_encodable(value) for value in values], type=kind)


def _encodable(value: object) -> object:
    if isinstance(value, str):
        # By way of UTF-16 the two halves of a split pair come together again; only lone ones go.
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, tuple):
        return tuple(_encodable(item) for item in value)
    return value
