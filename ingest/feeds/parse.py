"""The one door to feedparser: a feed document's bytes become a ``ParsedFeed``."""

import html
import re
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from typing import Final, cast

import feedparser

from ingest.feeds.channel import hub_of, skips_of, ttl_of
from ingest.feeds.charset import decode
from ingest.feeds.diff import entry_hash
from ingest.feeds.discover import discover
from ingest.feeds.envelope import Document, Refused, ill_formed, open_envelope, scrub
from ingest.feeds.fields import Fields, Reader, authors_of, raw_value, title_of
from ingest.feeds.jsonfeed import looks_like_json, parse_json_feed
from ingest.feeds.reading import MOST_ENTRIES, absolute, language_tag, told_apart
from ingest.feeds.sitemaps import SITEMAP_ROOTS, parse_sitemap
from ingest.text import clean_line
from ingest.types import Fault, ParsedFeed
from storage.model import Reason

_XML: Final = "<?xml version='1.0' encoding='utf-8'?>\n"
_HTML: Final = frozenset({"html", "head", "body", "title", "meta", "script", "div", "p"})
_OTHERS: Final = {"opml": "an OPML list of feeds; `newsfold feeds import` takes it"}
# Only these elements hold an entry's full text; feedparser files second descriptions
# (media:description, itunes:summary) under the same key.
_FULL_TEXT: Final = re.compile(
    r"<(?:[\w.-]+:encoded|(?:[\w.-]+:)?body|fullitem)[\s>]", re.IGNORECASE
)
_CHANNEL_LINK: Final = re.compile(r"<link>\s*(?:<!\[CDATA\[)?\s*([^<>\s\]]{1,2048})", re.IGNORECASE)
_ITEM: Final = re.compile(r"<(?:[\w.-]+:)?items?[\s>]", re.IGNORECASE)
_BESIDE: Final = re.compile(
    r"<(image|textinput)(?:\s[^<>]*)?(?<!/)>.{0,4096}?</\1", re.IGNORECASE | re.DOTALL
)
# A guid that is no address although, by the attribute or its absence, it should be one.
_NO_PERMALINK: Final = re.compile(
    r"<guid(\s[^<>]*)?(?<!/)>(?=\s*(?:<!\[CDATA\[\s*)?(?!https?:|/)[^<\s])", re.IGNORECASE
)
_CHANNEL: Final = 65_536
_MAX_DETAIL: Final = 500


def parse_feed(body: bytes, *, url: str, content_type: str, now: datetime) -> ParsedFeed | Fault:
    """Parse a feed of any format: RSS 0.9x to 2.0, RDF, Atom 0.3 and 1.0, JSON Feed, sitemaps.

    The content decides what a document is, not the Content-Type. A flawed document yields what
    can be saved of it, and the flaw. May take long on hostile input: call it where it can be
    killed.

    Args:
        body: The document, decoded from its content coding.
        url: Where it came from, after redirects; relative links are resolved against it.
        content_type: The Content-Type header, or an empty string.
        now: The current time, which bounds the entries' dates.

    Returns:
        The feed, or a fault with reason ``not_a_feed``.
    """
    decoded = decode(body, content_type)
    if not decoded.text.strip("\x00\ufeff \t\r\n"):
        return _not_a_feed("an empty document", url)
    if looks_like_json(decoded.text):
        parsed = parse_json_feed(decoded.text, url=url, now=now)
    else:
        document = open_envelope(decoded.text)
        if isinstance(document, Refused):
            return _not_a_feed(document.why, url)
        if document.root in SITEMAP_ROOTS:
            parsed = parse_sitemap(document, url=url, now=now)
        elif document.is_feed:
            parsed = _parse_xml(document, url=url, now=now)
        else:
            return _not_a_feed(_other(document, body, url, content_type), url)
    if isinstance(parsed, Fault):
        return parsed
    number = len(parsed.entries)
    flaws = (
        decoded.flaw,
        parsed.flaw,
        f"{number} entries, of which the first {MOST_ENTRIES} are read"
        if number > MOST_ENTRIES
        else None,
    )
    # Digests are made here, where it can be killed: one of a hostile text takes minutes.
    entries = tuple(
        replace(entry, digest=entry_hash(entry)) for entry in parsed.entries[:MOST_ENTRIES]
    )
    return replace(parsed, entries=entries, flaw="; ".join(filter(None, flaws)) or None)


def _parse_xml(document: Document, *, url: str, now: datetime) -> ParsedFeed | Fault:
    text, error = document.text, ill_formed(document.text)
    if error:
        text = scrub(text)
    base = _base(text, document, url)
    # Or feedparser would resolve it as one: with the channel's link, every entry would change.
    text = _NO_PERMALINK.sub('<guid isPermaLink="false">', text)
    try:
        # With its sanitiser off: what is stored is extracted text, and a style attribute of
        # 64 kB keeps the sanitiser busy for 18 s.
        result = feedparser.parse(
            BytesIO(f"{_XML}{text}".encode("utf-8", "replace")),
            response_headers={
                "content-type": "application/xml; charset=utf-8",
                "content-location": base,
            },
            sanitize_html=False,
            resolve_relative_uris=True,
        )
    except MemoryError:
        raise
    except Exception as broken:  # noqa: BLE001 - what feedparser raises on a document is that document's fault
        return _not_a_feed(f"feedparser cannot read it: {type(broken).__name__}: {broken}", url)
    if error and not result["entries"]:
        return _not_a_feed(f"no entry in it, and it is no well-formed XML: {error}", url)
    form = str(result.get("version") or "") or ("atom" if document.root == "feed" else "rss")
    feed = cast("Fields", result["feed"])
    reader = Reader(
        base=absolute(raw_value(feed, "link"), base) or base,
        atom=form.startswith("atom"),
        full_text=form.startswith("atom") or bool(_FULL_TEXT.search(text)),
        authors=authors_of(feed) if form.startswith("atom") else (),
        now=now,
    )
    skip_hours, skip_days = skips_of(text)
    hub, topic = hub_of(feed, url)
    flaws = (document.flaw, f"no well-formed XML: {error}" if error else None)
    return ParsedFeed(
        format="rss091n" if document.netscape and form.startswith("rss09") else form,
        title=title_of(feed),
        link=absolute(raw_value(feed, "link"), base),
        language=language_tag(raw_value(feed, "language")),
        entries=told_apart(reader.entry(entry) for entry in result["entries"]),
        ttl=ttl_of(feed),
        skip_hours=skip_hours,
        skip_days=skip_days,
        hub=hub,
        topic=topic,
        flaw="; ".join(filter(None, flaws)) or None,
    )


def _base(text: str, document: Document, url: str) -> str:
    """The base of relative links: in RSS the site's address, in Atom the document's (RFC 4287)."""
    if document.root == "feed":
        return url
    first = _ITEM.search(text, 0, _CHANNEL)
    channel = _BESIDE.sub("", text[: first.start() if first else _CHANNEL])
    link = _CHANNEL_LINK.search(channel)
    return (absolute(html.unescape(link[1]), url) if link else None) or url


def _other(document: Document, body: bytes, url: str, content_type: str) -> str:
    """What a document is that is no feed, in words."""
    if document.root not in _HTML:
        unknown = f"an XML document <{document.root}>" if document.root else "text"
        return _OTHERS.get(document.root, unknown)
    announced = discover(body, url=url, content_type=content_type)
    if not announced:
        return "an HTML page"
    return f"an HTML page; it announces the feed {announced[0].url}"


def _not_a_feed(detail: str, url: str) -> Fault:
    return Fault(reason=Reason.NOT_A_FEED, detail=clean_line(detail)[:_MAX_DETAIL], url=url)
