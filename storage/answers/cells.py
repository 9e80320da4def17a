"""Values of a query's rows as text: nothing in it acts on the terminal or page it comes to."""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import cast

import msgspec
import pyarrow as pa

_BATCH = 1_000

# C0 and C1 controls but tab and line feed; the marks that turn the writing direction around.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BIDI = "\u202a-\u202e\u2066-\u2069"
_UNSEEN = re.compile(f"[{_BIDI}]")
_RISKY_IN_JSON = re.compile(f"[\x7f-\x9f\u2028\u2029{_BIDI}]")

_json = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


def records(table: pa.Table) -> Iterator[dict[str, object]]:
    """Yield each row as a mapping from column name to Python value."""
    names = table.column_names
    for row in rows(table):
        yield dict(zip(names, row, strict=True))


def rows(table: pa.Table) -> Iterator[tuple[object, ...]]:
    """Yield each row's Python values."""
    for batch in table.to_batches(max_chunksize=_BATCH):
        yield from zip(*(_values(column) for column in batch.columns), strict=True)


def plain(value: object) -> str:
    """Return a value as text on which no escape code is left, tabs and line feeds as they are."""
    match value:
        case None:
            return ""
        case str():
            text = value
        case bool():
            text = "true" if value else "false"
        case datetime():
            text = _iso(value)
        case date():
            text = value.isoformat()
        case bytes():
            text = b64encode(value).decode()
        case dict() | list() | tuple():
            text = json_text(value)
        case _:
            text = str(value)
    return _CONTROLS.sub("", text)


def one_line(value: object) -> str:
    """Return a value as text for one line of a terminal or a page."""
    return " ".join(_UNSEEN.sub("", plain(value)).split())


def json_text(value: object) -> str:
    """Return a value as JSON on one line, with nothing in it that acts on a terminal."""
    text = _json.encode(value).decode()
    return _RISKY_IN_JSON.sub(lambda risky: f"\\u{ord(risky[0]):04x}", text)


def _values(column: pa.Array) -> Sequence[object]:
    try:
        return cast("list[object]", column.to_pylist())
    except (ValueError, OverflowError):  # times that Python's calendar does not have
        return cast("list[object]", column.cast(pa.string()).to_pylist())


def _iso(time: datetime) -> str:
    if time.tzinfo is None:
        return time.isoformat()
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
