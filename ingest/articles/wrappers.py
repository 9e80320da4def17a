"""Addresses that hold another one: redirectors, caches of AMP pages, and the forms of AMP.

Only what the address itself says is used, and only where it is sure: a host is listed here
because its redirector's parameter is known, never because a parameter looks like an address.
"""

import binascii
import re
from base64 import urlsafe_b64decode
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_MOST_FIELDS: Final = 64
_MOST_WRAPPERS: Final = 8

# Host and path of each redirector, with the parameters that hold the target. A host with "/" alone
# is one whatever the path.
_REDIRECTORS: Final = {
    "www.google.com/url": ("url", "q"),
    "google.com/url": ("url", "q"),
    "news.google.com/news/url": ("url",),
    "www.bing.com/news/apiclick.aspx": ("url",),
    "l.facebook.com/l.php": ("u",),
    "lm.facebook.com/l.php": ("u",),
    "www.facebook.com/l.php": ("u",),
    "l.messenger.com/l.php": ("u",),
    "l.instagram.com/": ("u",),
    "l.threads.com/": ("u",),
    "t.umblr.com/redirect": ("z",),
    "out.reddit.com/": ("url",),
    "www.youtube.com/redirect": ("q",),
    "duckduckgo.com/l/": ("uddg",),
    "getpocket.com/redirect": ("url",),
    "slack-redir.net/link": ("url",),
    "vk.com/away.php": ("to",),
    "www.linkedin.com/redir/redirect": ("url",),
    "steamcommunity.com/linkfilter/": ("url", "u"),
}
# The AMP cache's kinds of document and viewer; "/s/" stands for https (AMP cache URL format).
_AMP_CACHE: Final = re.compile(r"/(?:c|v)/(s/)?([^/].*)", re.DOTALL)
_AMP_VIEWER: Final = re.compile(r"/amp/(s/)?([^/].*)", re.DOTALL)
_AMP_HOSTS: Final = frozenset({"www.google.com", "google.com"})
_GOOGLE_NEWS: Final = re.compile(r"/(?:rss/|__i/rss/rd/)?articles/([A-Za-z0-9_-]{16,4000})=*/?")
# A protocol buffer: field 1 is 19, field 4 the address, of which the length comes first.
_NEWS_FIELDS: Final = b"\x08\x13\x22"

_AMP_ENDING: Final = re.compile(r"(?P<slug>[^/]+)(?:/amp|\.amp(?P<html>\.html?)?)(?P<slash>/?)$")
# The last part of an article's path: several words, or a number that many articles have.
_SLUG: Final = re.compile(r"[^-]+-[^-]+-.|\d{5}")


def unwrapped(url: str) -> str:
    """Return the address that ``url`` leads to, where the address itself says so.

    Redirectors of search engines and social networks, Google's AMP cache and viewer, and Google
    News' older encoded links. Any other address comes back as it is.
    """
    for _ in range(_MOST_WRAPPERS):
        inner = _inner(url)
        if inner is None:
            return url
        url = inner
    return url


def without_amp(path: str) -> str:
    """Return a path without the mark of an AMP page at its end.

    ``/a-story-of-words/amp/``, ``/a-story-of-words.amp.html`` and ``/story-12345.amp`` name
    the twin of the page without it. Where what stands before is not surely an article, as in
    ``/tags/amp/``, the path stays.
    """
    found = _AMP_ENDING.search(path)
    if found is None or not _SLUG.search(found["slug"]):
        return path
    return f"{path[: found.start()]}{found['slug']}{found['html'] or ''}{found['slash']}"


def _inner(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"}:
        return None
    if host.endswith(".cdn.ampproject.org"):
        return _usable(_cached(_AMP_CACHE, parts))
    if host in _AMP_HOSTS and parts.path.startswith("/amp/"):
        return _usable(_cached(_AMP_VIEWER, parts))
    if host == "news.google.com" and (found := _GOOGLE_NEWS.fullmatch(parts.path)):
        return _usable(_encoded(found[1]))
    names = _REDIRECTORS.get(host + parts.path) or _REDIRECTORS.get(f"{host}/")
    names = names or _REDIRECTORS.get(f"{host}{parts.path.rstrip('/')}/")
    return _usable(_parameter(parts.query, names)) if names else None


def _cached(form: re.Pattern[str], parts: SplitResult) -> str | None:
    found = form.fullmatch(parts.path)
    if found is None:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"{'https' if found[1] else 'http'}://{found[2]}{query}"


def _parameter(query: str, names: tuple[str, ...]) -> str | None:
    try:
        fields = dict(parse_qsl(query, max_num_fields=_MOST_FIELDS))
    except ValueError:  # more fields than any redirector has
        return None
    return next((fields[name] for name in names if name in fields), None)


def _encoded(token: str) -> str | None:
    try:
        data = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    if not data.startswith(_NEWS_FIELDS):
        return None
    rest = data[len(_NEWS_FIELDS) :]
    # A length takes seven bits a byte, the lowest first; two bytes are more than an address has.
    length, start = (rest[0], 1) if rest[:1] < b"\x80" else (_two_bytes(rest), 2)
    return rest[start : start + length].decode("ascii", "replace")


def _two_bytes(data: bytes) -> int:
    return (data[0] & 0x7F) | data[1] << 7 if len(data) > 1 else 0


def _usable(target: str | None) -> str | None:
    """Return ``target`` if it is an http(s) address of a host with a dot in its name."""
    if target is None:
        return None
    target = target.strip()
    if re.match(r"https?%3a", target, re.IGNORECASE):
        target = unquote(target)
    try:
        parts = urlsplit(target)
        good = parts.scheme in {"http", "https"} and "." in (parts.hostname or "").strip(".")
        _ = parts.port
    except ValueError:
        return None
    return target if good and "\\" not in parts.netloc else None
