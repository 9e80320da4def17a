"""Lists of feeds as other programs keep them: OPML 1.0 to 2.0, or one address a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import listparser
from lxml import etree

from ingest.feeds.charset import decode
from ingest.feeds.envelope import Refused, open_envelope
from ingest.feeds.reading import line, names
from ingest.text import clean_line
from ingest.types import Fault, Feed
from storage.model import Reason

MOST_FEEDS: Final = 20_000
_BLANK: Final = "\x00\ufeff \t\r\n"
# By these the reading program's own handler is called: "feed:https://…" and "feed://…".
_FEED_SCHEME: Final = "feed:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A feed in a list, its address as it is written there. ``tags`` are its categories."""

    url: str
    name: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriptions:
    """A list of feeds in its order. ``lists`` are other lists that it refers to."""

    feeds: tuple[Subscription, ...] = ()
    lists: tuple[str, ...] = ()


def parse_subscriptions(body: bytes, *, content_type: str = "") -> Subscriptions | Fault:
    """Parse a list of feeds.

    Of a category path (``/news/uk``) and of nested outlines each part becomes a tag. Lines of a
    plain list that begin with ``#`` are comments. May take long on hostile input: call it where it
    can be killed.

    Args:
        body: The list.
        content_type: The Content-Type it was served with, if it was.

    Returns:
        The list, or a fault with reason ``not_a_feed`` if it is none.
    """
    text = decode(body, content_type).text.strip(_BLANK)
    if not text:
        return _no_list("an empty document")
    if not text.startswith("<"):
        lines = (each.strip() for each in text.splitlines())
        found = [Subscription(url=_web(each)) for each in lines if each and each[0] != "#"]
        return _bounded(found, ())
    document = open_envelope(text)
    if isinstance(document, Refused):
        return _no_list(document.why)
    if document.root != "opml":
        kind = (
            "a feed, not a list of feeds" if document.is_feed else f"a document <{document.root}>"
        )
        return _no_list(kind)
    # Always bytes, and their encoding told: a string could be taken for an address to fetch.
    declared = f'<?xml version="1.0" encoding="utf-8"?>\n{document.text}'
    read = listparser.parse(declared.encode("utf-8", "replace"))
    return _bounded(
        [
            Subscription(
                url=_web(str(feed["url"])),
                name=line(feed.get("title")),
                tags=names(part for path in feed.get("categories", ()) for part in path),
            )
            for feed in read["feeds"]
        ],
        [clean_line(str(each["url"])) for each in read["lists"]],
    )


def write_opml(feeds: Sequence[Feed], *, title: str) -> bytes:
    """Return feeds as OPML 2.0, their tags as ``category``.

    A tag with a comma or a slash in it would be read as several there: it is the text of an outline
    around the feed instead.
    """
    root = etree.Element("opml", version="2.0")
    head, body = etree.SubElement(root, "head"), etree.SubElement(root, "body")
    etree.SubElement(head, "title").text = clean_line(title)
    for feed in feeds:
        parent = body
        for tag in filter(_is_divided, feed.tags):
            parent = etree.SubElement(parent, "outline", text=clean_line(tag))
        name = clean_line(feed.name) or feed.id
        outline = etree.SubElement(
            parent, "outline", type="rss", text=name, title=name, xmlUrl=feed.url
        )
        plain = [clean_line(tag) for tag in feed.tags if not _is_divided(tag)]
        if plain:
            outline.set("category", ",".join(plain))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _is_divided(tag: str) -> bool:
    return "," in tag or "/" in tag


def _web(url: str) -> str:
    bare = clean_line(url)
    if not bare.lower().startswith(_FEED_SCHEME):
        return bare
    rest = bare[len(_FEED_SCHEME) :]
    return f"http:{rest}" if rest.startswith("//") else rest


def _bounded(feeds: list[Subscription], lists: Sequence[str]) -> Subscriptions | Fault:
    if len(feeds) > MOST_FEEDS:
        return _no_list(f"{len(feeds)} feeds, of at most {MOST_FEEDS}")
    return Subscriptions(feeds=tuple(feeds), lists=tuple(lists))


def _no_list(detail: str) -> Fault:
    return Fault(reason=Reason.NOT_A_FEED, detail=detail)
