"""Addresses as people write them: of the web, and to listen at."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_LONGEST_CALLBACK = 200
_LISTEN = re.compile(r"(?:([0-9.]+)|\[([0-9A-Fa-f:.]+)\]):(\d{1,5})", re.ASCII)
_LAST_PORT = 65_535


def is_web_address(value: str, schemes: tuple[str, ...] = ("http", "https")) -> bool:
    """Tell whether ``value`` is an absolute address that can be asked for."""
    if not value.isprintable() or any(mark in value for mark in ' "<>\\^`{|}'):
        return False
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme.lower() in schemes and bool(parts.hostname) and port != 0


def parse_callback(value: object) -> str:
    """Return the address that paths are put after, without a slash at its end.

    Raises:
        ValueError: It is no http or https address, is too long, or has a query.

    >>> parse_callback("https://news.example.org/websub/")
    'https://news.example.org/websub'
    """
    if isinstance(value, str) and len(value) <= _LONGEST_CALLBACK and is_web_address(value):
        parts = urlsplit(value)
        if not (set("?#") & set(value) or "@" in parts.netloc or "//" in parts.path):
            return value.rstrip("/")
    raise ValueError("not a callback")


def parse_listen(value: object) -> tuple[str, int]:
    """Return the address and the port that ``value`` states; an IPv6 address is in brackets.

    Raises:
        ValueError: It states none.

    >>> parse_listen("127.0.0.1:8089")
    ('127.0.0.1', 8089)
    """
    found = _LISTEN.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[3]) > _LAST_PORT:
        raise ValueError("not an address and a port")
    return str(ip_address(found[1] or found[2])), int(found[3])
