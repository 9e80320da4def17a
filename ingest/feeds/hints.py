"""What a server's answer says about when to come again (RFC 9111)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_DIRECTIVE: Final = re.compile(r"""([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,;"]*)))?""")
_SECONDS: Final = re.compile(r"[0-9]{1,9}")


def freshness(headers: Mapping[str, str]) -> timedelta | None:
    """Return for how much longer the answer calls itself fresh, or ``None`` if it says nothing.

    ``Cache-Control: max-age`` goes before ``Expires`` less ``Date``; ``Age`` is taken off
    (RFC 9111 sections 4.2.1 and 4.2.3). With ``no-cache`` or ``no-store`` it is zero.

    Args:
        headers: The answer's headers, with lower-case names.
    """
    directives = _directives(headers.get("cache-control", ""))
    if "no-cache" in directives or "no-store" in directives:
        return timedelta(0)
    if "max-age" in directives:
        lifetime = _seconds(directives["max-age"])
    elif "expires" not in headers:
        return None
    else:
        expires, date = http_date(headers.get("expires")), http_date(headers.get("date"))
        lifetime = expires - date if expires and date else timedelta(0)
    return max(lifetime - _seconds(headers.get("age", "")), timedelta(0))


def _directives(header: str) -> dict[str, str]:
    """Cache-Control by name; of a directive given twice, the first."""
    found: dict[str, str] = {}
    for name, quoted, token in _DIRECTIVE.findall(header.lower()):
        found.setdefault(name, quoted or token)
    return found


def _seconds(value: str) -> timedelta:
    text = value.strip()
    return timedelta(seconds=int(text)) if _SECONDS.fullmatch(text) else timedelta(0)


def http_date(value: str | None) -> datetime | None:
    """Read an HTTP date (RFC 9110 section 5.6.7) as UTC, or ``None`` if it is none."""
    try:
        moment = parsedate_to_datetime(value) if value else None
    except (ValueError, OverflowError):
        return None
    return (
        moment.astimezone(UTC)
        if moment and moment.tzinfo
        else moment and moment.replace(tzinfo=UTC)
    )
