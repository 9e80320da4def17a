"""Lengths of time, hours and days as the reasons name them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_IN_DAYS: Final = 2 * 86_400


def length(time: timedelta) -> str:
    """Return a length of time in its two largest units: ``1 h 15 min``; days from two on."""
    left = max(0, round(time.total_seconds()))
    parts: list[tuple[int, str]] = []
    for size, unit in _UNITS if left >= _IN_DAYS else _UNITS[1:]:
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count) or "0 s"


def hours(numbers: Iterable[int]) -> str:
    """Return hours with runs drawn together: ``0-5, 22``."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if run[1:] else str(run[0]) for run in runs)


def days(numbers: Iterable[int]) -> str:
    """Return the names of days of the week; Monday is 0."""
    return ", ".join(_DAYS[number] for number in sorted(set(numbers)))
