"""Dates as feeds write them: RFC 822, ISO 8601 and what people make of them."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from time import struct_time
from typing import Final

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
LEEWAY: Final = timedelta(hours=48)
_LONGEST: Final = 100

# Zone names feeds use besides those of RFC 822, in minutes east of UTC. Where a name has
# several meanings, the one most common in news feeds.
_ZONES: Final = {
    "AEDT": 660, "AEST": 600, "AKDT": -480, "AKST": -540, "BST": 60, "CEST": 120, "CET": 60,
    "EAT": 180, "EEST": 180, "EET": 120, "GST": 240, "HKT": 480, "HST": -600, "IDT": 180,
    "IST": 330, "JST": 540, "KST": 540, "MSD": 240, "MSK": 180, "NZDT": 780, "NZST": 720,
    "PKT": 300, "SAST": 120, "SGT": 480, "TRT": 180, "WAT": 60, "WEST": 60, "WET": 0, "WIB": 420,
}  # fmt: skip
_ZONE_NAME: Final = re.compile(r"\s*\(?\b([A-Za-z]{3,5})\)?$")
_NAMED_ZONE: Final = re.compile(r"\b(?:UTC|GMT)\s*([+-]\d)", re.IGNORECASE)
_ISO: Final = re.compile(
    r"(?:(\d{4})([-/.])(\d\d?)\2(\d\d?)|(\d{4})(\d\d)(\d\d))"
    r"(?:[T\s]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$",
    re.IGNORECASE,
)
_NUMERIC: Final = re.compile(
    r"(\d\d?)([./-])(\d\d?)\2(\d{4})(?:[,\s]+(\d\d?):(\d\d)(?::(\d\d))?\s*([AaPp])?\.?[Mm]?\.?)?$"
)
_COLON_ZONE: Final = re.compile(r"([+-]\d\d):(\d\d)$")
_EPOCH: Final = re.compile(r"\d{9,10}|\d{12,13}")
_MILLISECONDS: Final = 1000
_MONTHS: Final = 12


def parse_date(
    raw: str | None, *, now: datetime, hint: struct_time | None = None
) -> datetime | None:
    """Return the moment ``raw`` names, in UTC, or ``None`` if it names none that can be true.

    Args:
        raw: The date as the feed has it. One without a zone is taken as UTC.
        now: The current time: dates before 1990 or more than 48 hours after it are refused.
        hint: What a feed library made of the date, in UTC; used where nothing else reads it.
    """
    if not raw or len(raw) > _LONGEST:
        return None
    text = " ".join(raw.split())
    for read in (_iso, _epoch, _numeric, _rfc822):
        try:
            moment = read(text)
        except (ValueError, OverflowError, IndexError, TypeError):
            moment = None
        if moment is not None:
            return _credible(moment, now)
    return _credible(_of_struct(hint), now) if hint is not None else None


def _credible(moment: datetime | None, now: datetime) -> datetime | None:
    if moment is None or not EARLIEST <= moment <= now + LEEWAY:
        return None
    return moment


def _iso(text: str) -> datetime | None:
    """ISO 8601 and RFC 3339, with the slips seen in feeds: one-digit parts, slashes, spaces."""
    if not (found := _ISO.fullmatch(text)):
        return None
    year, _, month, day, year8, month8, day8, hour, minute, second, fraction, zone = found.groups()
    local = _local(
        (int(year or year8), int(month or month8), int(day or day8)),
        (int(hour or 0), int(minute or 0), int(second or 0)),
    )
    microsecond = int((fraction or "0")[:6].ljust(6, "0"))
    return _at_offset(local.replace(microsecond=microsecond), _offset(zone or "Z"))


def _epoch(text: str) -> datetime | None:
    """Seconds or milliseconds since 1970."""
    if not _EPOCH.fullmatch(text):
        return None
    seconds = int(text) / (_MILLISECONDS if len(text) > len("0123456789") else 1)
    return datetime.fromtimestamp(seconds, UTC)


def _numeric(text: str) -> datetime | None:
    """``23.11.2026 10:00``; with slashes or dashes only where day and month cannot be confused."""
    if not (found := _NUMERIC.fullmatch(text)):
        return None
    first, mark, second_part, year, hour, minute, second, half = found.groups()
    day, month = int(first), int(second_part)
    if month > _MONTHS:
        day, month = month, day
    elif mark != "." and day <= _MONTHS and day != month:
        return None
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half in "Pp" else 0)
    local = _local((int(year), month, day), (hours, int(minute or 0), int(second or 0)))
    return _at_offset(local, timedelta(0))


def _rfc822(text: str) -> datetime | None:
    """RFC 822, 850 and asctime by the standard library, with more zone names."""
    offset: timedelta | None = None
    plain = _COLON_ZONE.sub(r"\1\2", _NAMED_ZONE.sub(r"\1", text))
    if (name := _ZONE_NAME.search(plain)) and name[1].upper() in _ZONES:
        offset = timedelta(minutes=_ZONES[name[1].upper()])
        plain = plain[: name.start()]
    if ":" not in plain:
        plain = f"{plain.replace(',', ' ')} 00:00:00"
    fields = parsedate_tz(plain)
    if fields is None:
        return None
    year, month, day, hour, minute, second = fields[:6]
    local = _local((year, month, day), (hour, minute, second))
    return _at_offset(local, offset if offset is not None else timedelta(seconds=fields[9] or 0))


def _local(day: tuple[int, int, int], time: tuple[int, int, int]) -> datetime:
    """A moment without its zone. Midnight may be written 24:00; leap seconds are not kept."""
    hour, minute, second = time
    late = timedelta(days=1) if (hour, minute, second) == (24, 0, 0) else timedelta(0)
    moment = datetime(*day, 0 if late else hour, minute, min(second, 59))  # noqa: DTZ001 - see above
    return moment + late


def _offset(zone: str) -> timedelta:
    if zone[0] not in "+-":
        return timedelta(0)
    digits = zone[1:].replace(":", "").ljust(4, "0")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if zone[0] == "-" else size


def _at_offset(local: datetime, offset: timedelta) -> datetime:
    return local.replace(tzinfo=timezone(offset)).astimezone(UTC)


def _of_struct(parts: struct_time) -> datetime | None:
    try:
        return datetime(*parts[:5], min(parts[5], 59), tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None
