"""Sitemaps (sitemaps.org 0.9) with Google's news and image extensions, and indexes of sitemaps."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from ingest.feeds.dates import parse_date
from ingest.feeds.envelope import Document, ill_formed, scrub
from ingest.feeds.markup import title_line
from ingest.feeds.reading import (
    MOST_ENTRIES,
    absolute,
    guid_of,
    language_tag,
    line,
    names,
    told_apart,
)
from ingest.types import ParsedEntry, ParsedFeed, Sitemap

INDEX: Final = "sitemap-index"
"""The format of an index."""

NEWS: Final = "sitemap-news"
"""The format of a sitemap that describes its entries as news."""

NEWS_PROMISE: Final = 2
"""What the address of a sitemap called news promises."""

SITEMAP_ROOTS: Final = frozenset({"urlset", "sitemapindex"})

# The protocol's own bound, for pages in a sitemap and for sitemaps in an index.
MOST_URLS: Final = 50_000
_MOST_SITEMAPS: Final = 1_000

_NEWS_NAME: Final = re.compile(r"news(?!letter|room|paper)", re.IGNORECASE)
# What the usual publishing systems call their sitemaps of what is no article.
_OTHER_NAME: Final = re.compile(
    r"categor|tag|taxonom|author|user|image|video|attachment|product|page-sitemap|posts-page",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_DESCRIBED: Final = "news/publication_date"
_NEWS_FIELDS: Final = frozenset({_DESCRIBED, "news/title", "news/publication/name"})
_DEPTH: Final = 2  # of elements within an entry: news, publication, name

Fields = Mapping[str, str]


def parse_sitemap(document: Document, *, url: str, now: datetime) -> ParsedFeed:
    """Parse a sitemap or an index of sitemaps, however flawed.

    A sitemap's entries come newest first; its format is ``sitemap-news`` if any of them is
    described as news, else ``sitemap``. An index has the format ``sitemap-index`` and, in
    ``sitemaps``, what it lists, as ``ranked`` orders it.

    Args:
        document: The document from its root element on.
        url: Where it came from, against which relative links are resolved.
        now: The current time, which bounds dates.
    """
    error = ill_formed(document.text)
    text = scrub(document.text) if error else document.text
    flaws = [document.flaw, f"no well-formed XML: {error}" if error else None]
    elements = _elements(text)
    if document.root == "sitemapindex":
        listed = [_sitemap(fields, url, now) for fields in elements]
        sitemaps = [sitemap for sitemap in listed if sitemap is not None]
        flaws.append(_without_address(len(listed) - len(sitemaps)))
        return ParsedFeed(
            format=INDEX,
            link=absolute("/", url),
            sitemaps=ranked(sitemaps)[:_MOST_SITEMAPS],
            flaw="; ".join(filter(None, flaws)) or None,
        )
    # The newest first, so that what is cut off is the oldest.
    elements.sort(key=lambda fields: _newness(fields, now), reverse=True)
    read = [_entry(fields, url, now) for fields in elements[:MOST_ENTRIES]]
    entries = [entry for entry in read if entry is not None]
    flaws.append(_without_address(len(read) - len(entries)))
    flaws.append(_too_many(len(elements), MOST_ENTRIES))
    described = [fields for fields in elements if not _NEWS_FIELDS.isdisjoint(fields)]
    titles = {line(fields.get("news/publication/name")) for fields in described}
    languages = {entry.language for entry in entries}
    return ParsedFeed(
        format=NEWS if described else "sitemap",
        title=titles.pop() if len(titles) == 1 else None,
        link=absolute("/", url),
        language=languages.pop() if len(languages) == 1 else None,
        entries=told_apart(_trusted(entries)),
        flaw="; ".join(filter(None, flaws)) or None,
    )


def ranked(sitemaps: list[Sitemap]) -> tuple[Sitemap, ...]:
    """Return an index's sitemaps, each once, those most likely to hold fresh news first.

    Those called news go first and those of what is no article last (``promise``), then by
    ``lastmod``, newest first. Among those without one the higher number goes first (``posts-12``,
    ``2026-11``), since a site is divided by counting or by months, and both go up in time.
    """
    each = {sitemap.url: sitemap for sitemap in reversed(sitemaps)}
    return tuple(sorted(each.values(), key=_rank, reverse=True))


def promise(url: str) -> int:
    """Return what a sitemap's address promises: 2 news, 1 articles perhaps, 0 something else."""
    name = _named(url)
    if _NEWS_NAME.search(name):
        return NEWS_PROMISE
    return 0 if _OTHER_NAME.search(name) else 1


def _rank(sitemap: Sitemap) -> tuple[int, datetime, list[int], str]:
    numbers = [int(number) for number in _NUMBER.findall(_named(sitemap.url))]
    return promise(sitemap.url), sitemap.changed_at or _EARLIEST, numbers, sitemap.url


def _named(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def _newness(fields: Fields, now: datetime) -> datetime:
    published = parse_date(fields.get(_DESCRIBED), now=now)
    return published or parse_date(fields.get("lastmod"), now=now) or _EARLIEST


def _sitemap(fields: Fields, url: str, now: datetime) -> Sitemap | None:
    address = absolute(fields.get("loc"), url)
    changed_at = parse_date(fields.get("lastmod"), now=now)
    return Sitemap(url=address, changed_at=changed_at) if address else None


def _entry(fields: Fields, url: str, now: datetime) -> ParsedEntry | None:
    link = absolute(fields.get("loc"), url)
    if link is None:
        return None
    title = line(fields.get("news/title"))
    published, updated = line(fields.get(_DESCRIBED)), line(fields.get("lastmod"))
    return ParsedEntry(
        guid=guid_of(None, link),
        link=link,
        title=(title_line(title, is_html=False) or None) if title else None,
        published_at=parse_date(published, now=now),
        updated_at=parse_date(updated, now=now),
        raw_date=published or updated,
        language=language_tag(fields.get("news/publication/language")),
        tags=names(fields.get("news/keywords", "").split(",")),
        image_url=absolute(fields.get("image/loc"), url),
    )


def _trusted(entries: list[ParsedEntry]) -> list[ParsedEntry]:
    """Return the entries without their ``lastmod`` if all share it.

    That is when the file was made, not when its pages changed: kept, it would make every entry a
    changed one at every poll.
    """
    moments = {entry.updated_at for entry in entries}
    if len(entries) == 1 or len(moments) > 1 or None in moments:
        return entries
    return [replace(entry, updated_at=None) for entry in entries]


def _elements(text: str) -> list[Fields]:
    """The fields of each ``url`` or ``sitemap``, as far as the document can be read."""
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if root is None:
        return []
    found = (child for child in root if _name(child) in {"url", "sitemap"})
    return [dict(_fields(element)) for element in islice(found, MOST_URLS)]


def _fields(
    element: etree._Element, prefix: str = "", depth: int = _DEPTH
) -> Iterator[tuple[str, str]]:
    """The texts in an element by path, as ``news/title``; of several with one path, the first."""
    for child in reversed(element):
        path = prefix + _name(child)
        if len(child) and depth:
            yield from _fields(child, f"{path}/", depth - 1)
        elif child.text:
            yield path, child.text


def _name(element: etree._Element) -> str:
    """The local name; where a prefix was never declared, it still stands before it."""
    tag = str(element.tag)
    return tag[max(tag.rfind("}"), tag.rfind(":")) + 1 :].lower()


def _without_address(number: int) -> str | None:
    return f"{number} of its elements have no address" if number else None


def _too_many(number: int, most: int) -> str | None:
    return f"{number} entries, of which the newest {most} are read" if number > most else None
