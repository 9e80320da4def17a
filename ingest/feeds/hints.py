"""What a server's answer says about when to come again (RFC 9111)."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from ingest.http_date import http_date

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
