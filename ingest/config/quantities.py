"""Durations and sizes as people write them: ``30m``, ``1.5h``, ``500ms``, ``10MB``."""

import re
from datetime import timedelta

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?", re.ASCII | re.IGNORECASE)
_LONGEST = timedelta(days=36525)


def parse_duration(value: object) -> timedelta:
    """Return the duration that ``value`` states: a number of seconds, or a number and a unit.

    Raises:
        ValueError: It states none, a negative one, or one of more than a century.

    >>> parse_duration("30m")
    datetime.timedelta(seconds=1800)
    """
    seconds: float
    match value:
        case bool():
            raise ValueError("not a duration")
        case int() | float():
            seconds = float(value)
        case str():
            found = _DURATION.fullmatch(value.strip())
            if found is None:
                raise ValueError("not a duration")
            seconds = float(found[1]) * _UNITS[found[2]]
        case _:
            raise ValueError("not a duration")
    if not 0 <= seconds <= _LONGEST.total_seconds():  # also refuses NaN
        raise ValueError("not a duration")
    return timedelta(seconds=seconds)


def parse_size(value: object) -> int:
    """Return the size in bytes that ``value`` states; K, M and G are powers of 1024.

    Raises:
        ValueError: It states none.

    >>> parse_size("10MB")
    10485760
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not a size")
    return int(float(found[1]) * 1024 ** _POWERS[found[2].lower()])


def format_duration(value: timedelta) -> str:
    """Return ``value`` in the largest unit that states it in whole numbers.

    >>> format_duration(timedelta(minutes=90))
    '90m'
    """
    milliseconds = round(value / timedelta(milliseconds=1))
    for unit in ("w", "d", "h", "m", "s"):
        size = int(_UNITS[unit] * 1000)
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"
