"""Feed documents for the tests, built from their parts."""

from datetime import UTC, datetime

from ingest.feeds.parse import parse_feed
from ingest.types import Fault, ParsedFeed

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
URL = "https://feeds.example.org/news/rss.xml"

NAMESPACES = (
    'xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)


def item(number: int, inner: str = "") -> str:
    """An RSS item with title, link and guid, and whatever else is given."""
    return (
        f"<item><title>Story {number}</title><link>https://example.org/{number}</link>"
        f"<guid>https://example.org/{number}</guid>{inner}</item>"
    )


def rss(items: str, channel: str = "<link>https://example.org/</link>") -> bytes:
    """An RSS 2.0 document."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0" {NAMESPACES}>'
        f"<channel><title>Example</title>{channel}{items}</channel></rss>"
    ).encode("utf-8", "surrogatepass")


def atom(entries: str, attributes: str = "") -> bytes:
    """An Atom 1.0 document."""
    return (
        f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" {attributes}>'
        f'<title>Example</title><link href="https://example.org/"/>{entries}</feed>'
    ).encode()


def outcome(body: bytes, content_type: str = "application/rss+xml") -> ParsedFeed | Fault:
    """Parse as a poll does."""
    return parse_feed(body, url=URL, content_type=content_type, now=NOW)


def parsed(body: bytes, content_type: str = "application/rss+xml") -> ParsedFeed:
    """Parse a document that must be a feed."""
    result = outcome(body, content_type)
    assert isinstance(result, ParsedFeed), result
    return result


def refused(body: bytes, content_type: str = "application/rss+xml") -> Fault:
    """Parse a document that must be refused."""
    result = outcome(body, content_type)
    assert isinstance(result, Fault), result
    return result
