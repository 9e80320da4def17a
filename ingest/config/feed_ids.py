"""Feed ids made from addresses: readable, and the same whatever order the feeds stand in."""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Sequence
from urllib.parse import unquote, urlsplit, urlunsplit

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
_LONGEST = 64
_WORD = re.compile(r"[a-z0-9]+", re.ASCII)
_HOST_PREFIXES = {"www", "feeds", "feed", "rss", "rssfeeds", "newsfeed", "xml"}
_EMPTY_WORDS = {
    *("rss", "rss1", "rss2", "rss20", "rdf", "atom", "feed", "feeds", "xml", "json", "index"),
    *("php", "html", "htm", "aspx", "asp", "cms", "default", "main", "portada", "www", "rssfeed"),
    *("format", "type", "id", "service", "publicrss", "stories", "document"),
}


def made_id(url: str) -> str:
    """Return the id made from ``url`` alone: its host without ``www`` and its telling words.

    >>> made_id("https://www.example.org/world/europe/rss.xml")
    'example-org-world-europe'
    """
    parts = urlsplit(url)
    labels = (parts.hostname or "").split(".")
    while len(labels) > 2 and labels[0] in _HOST_PREFIXES:  # noqa: PLR2004 - a name and its TLD stay
        labels = labels[1:]
    words = _WORD.findall("-".join(labels).lower())
    for word in _WORD.findall(unquote(f"{parts.path} {parts.query}").lower()):
        if word not in _EMPTY_WORDS and word not in words:
            words.append(word)
    return "-".join(words)[:_LONGEST].rstrip("-") or "feed"


def unique_id(url: str, taken: Collection[str]) -> str:
    """Return the id made from ``url``, with a short digest of it if the plain one is ``taken``."""
    plain = made_id(url)
    return _with_digest(plain, url) if plain in taken else plain


def made_ids(urls: Sequence[str], taken: Collection[str]) -> list[str]:
    """Return an id for each of ``urls``, none of them in ``taken``.

    All addresses that would share an id get a digest, not only the later ones, so that no
    feed's id depends on where it stands among the others.
    """
    plain = [made_id(url) for url in urls]
    count = Counter([*plain, *taken])
    return [
        _with_digest(name, url) if count[name] > 1 else name
        for name, url in zip(plain, urls, strict=True)
    ]


def same_address(url: str) -> str:
    """Return ``url`` in the form in which two writings of one feed's address are equal.

    Scheme and host in lower case, no default port, no fragment, ``/`` for an empty path
    (RFC 3986 section 6.2.2 and 6.2.3).
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    host = parts.netloc.lower()
    host = host.removesuffix(":443" if scheme == "https" else ":80")
    return urlunsplit((scheme, host, parts.path or "/", parts.query, ""))


def _with_digest(name: str, url: str) -> str:
    digest = hashlib.sha256(same_address(url).encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{name[: _LONGEST - 7].rstrip('-')}-{digest}"
