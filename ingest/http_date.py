"""Dates as HTTP writes them."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def http_date(text: str | None) -> datetime | None:
    """Read an HTTP date (RFC 9110 section 5.6.7) as UTC, or ``None`` if it is none."""
    if not text:
        return None
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    # OverflowError: in its own zone a date may be one that there is not in UTC.
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
