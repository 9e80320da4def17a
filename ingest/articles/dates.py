"""Dates as pages write them."""

# ruff: noqa: RUF001 - typographic separators are meant

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_EARLIEST: Final = 1990
_LATEST: Final = 2100
_LOOSE: Final = re.compile(
    r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_AT_END: Final = re.compile(r"[|–—·-]\s*(\d{1,2})\.(\d{1,2})\.(\d{4})\s*$")
_EPOCH: Final = re.compile(r"^\d{10}(?:\d{3})?$")
_MILLISECONDS: Final = 13
_ZONE_SPACE: Final = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDate:
    """A moment in UTC. ``zoned`` is false where the page gave no zone and UTC was assumed."""

    at: datetime
    zoned: bool


def parse_date(value: str | None) -> PageDate | None:
    """Parse a machine-readable date: ISO 8601, RFC 5322, Unix time, or year first.

    Returns:
        ``None`` for anything else, and for years outside 1990 to 2100.
    """
    text = (value or "").strip()
    moment = _iso(text) or _mail(text) or _epoch(text) or _loose(text)
    if moment is None:
        return None
    zoned = moment.tzinfo is not None
    try:
        at = moment.astimezone(UTC) if zoned else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None
    return PageDate(at=at, zoned=zoned) if _EARLIEST <= at.year <= _LATEST else None


def date_at_end(title: str) -> PageDate | None:
    """Return the day, first and with dots, that a page's title ends with behind a separator."""
    found = _AT_END.search(title)
    return None if found is None else parse_date("-".join(reversed(found.groups())))


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_ZONE_SPACE.sub("", text))
    except ValueError:
        return None


def _mail(text: str) -> datetime | None:
    if "," not in text and not text[:1].isdigit():
        return None
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _epoch(text: str) -> datetime | None:
    if not _EPOCH.match(text):
        return None
    return datetime.fromtimestamp(int(text) / (1000 if len(text) == _MILLISECONDS else 1), UTC)


def _loose(text: str) -> datetime | None:
    match = _LOOSE.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        date(year, month, day)
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the page gave no zone
    except ValueError:
        return None
