"""One hand-made document, and the builders that they are made with."""

import json
from dataclasses import dataclass

from tests.feeds.documents import item, rss

XML = "application/xml"
JSON = "application/feed+json"
TWO = item(1) + item(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A document: ``entries`` that must be saved, or ``fault``, words of the fault's detail.

    Of documents that others made nobody has ``told`` what must come out.
    """

    name: str
    body: bytes
    kind: str = XML
    entries: int | None = None
    fault: str = ""
    told: bool = True

    @property
    def wanted(self) -> str:
        return f"a fault: {self.fault}" if self.entries is None else f"{self.entries} entries"


def saved(name: str, body: bytes, entries: int, kind: str = XML) -> Case:
    return Case(name=name, body=body, entries=entries, kind=kind)


def refused(name: str, body: bytes, words: str, kind: str = XML) -> Case:
    return Case(name=name, body=body, fault=words, kind=kind)


def feed(*items: object, **more: object) -> bytes:
    """A JSON Feed."""
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": list(items)}
    return json.dumps(document | more).encode()


def story(**fields: object) -> dict[str, object]:
    return {"id": "1", "url": "https://example.org/1", "content_text": "words"} | fields


def entry(inner: str = "", number: int = 1) -> str:
    return f"<entry><id>urn:{number}</id><title>t</title>{inner}</entry>"


def within(text: str) -> bytes:
    """Two good items around one with this in it."""
    return rss(item(1) + item(3, text) + item(2))


def said_to_be(encoding: str, sent: str | None = None) -> bytes:
    """A feed that declares one encoding and is sent in it, or in another."""
    text = f'<?xml version="1.0" encoding="{encoding}"?><rss><channel>{TWO}</channel></rss>'
    return text.encode(sent or encoding)


def escaped(text: str) -> str:
    """Text for XML, with what XML cannot hold as character references."""
    named = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
    return "".join(
        named.get(c) or (c if " " <= c <= "\ud7ff" or c == "\n" else f"&#{ord(c)};") for c in text
    )
