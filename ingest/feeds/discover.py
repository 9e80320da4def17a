"""Feeds that an HTML page announces (RSS Advisory Board and WHATWG: ``rel=alternate``)."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from ingest.feeds.charset import decode
from ingest.feeds.reading import absolute, line

_TYPES: Final = {
    "application/rss+xml": "rss",
    "application/atom+xml": "atom",
    "application/feed+json": "json",
    "application/rdf+xml": "rdf",
}
# The head of any page lies within this; what a page has after it is not worth the time.
_HEAD: Final = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A feed a page announces. ``kind`` is rss, atom, rdf or json."""

    url: str
    kind: str
    title: str | None = None


def discover(body: bytes, *, url: str, content_type: str = "") -> tuple[Announced, ...]:
    """Return the feeds an HTML page announces, in the page's order, each once.

    Args:
        body: The page.
        url: Where it came from; links are resolved against it or the page's ``<base>``.
        content_type: The Content-Type it was served with.
    """
    text = decode(body[:_HEAD], content_type).text
    parser = etree.HTMLParser(no_network=True, remove_comments=True, encoding="utf-8")
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:  # nothing in it
        return ()
    if root is None:
        return ()
    declared = root.find(".//base[@href]")
    base = (absolute(declared.get("href"), url) if declared is not None else None) or url
    found: dict[str, Announced] = {}
    for element in root.iter("link", "a"):
        kind = _kind(element)
        address = absolute(element.get("href"), base)
        if kind and address:
            title = line(element.get("title"))
            found.setdefault(address, Announced(url=address, kind=kind, title=title))
    return tuple(found.values())


def _kind(element: etree._Element) -> str | None:
    relations = (element.get("rel") or "").lower().split()
    if "alternate" not in relations and "feed" not in relations:
        return None
    return _TYPES.get((element.get("type") or "").partition(";")[0].strip().lower())
