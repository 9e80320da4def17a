"""An article's fields where page and feed both tell them: the rules by which one is taken.

1. What the page states wins; the feed tells what the page does not.
2. But a date without a zone yields to the feed's, if both can mean the same day.
3. A title or a date that neither states is guessed from the page's layout by trafilatura.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from lxml.html import HtmlElement

from ingest.articles.dates import PageDate, parse_date
from ingest.articles.extractors import guess_date, guess_metadata
from ingest.articles.metadata import Metadata
from ingest.articles.names import author_names, plain, without_site
from ingest.types import ParsedEntry

FEED: Final = "feed"
GUESS: Final = "trafilatura"

_FIELDS: Final = {
    "title": "title",
    "authors": "authors",
    "published": "published_at",
    "modified": "modified_at",
    "summary": "summary",
    "section": "section",
    "tags": "tags",
    "image_url": "image_url",
}
_SAME_DAY: Final = timedelta(hours=26)  # two clocks' zones can lie this far apart


def fed(entry: ParsedEntry, summary: str | None, outlets: frozenset[str]) -> Metadata:
    """Return what a feed entry tells of its article; ``summary`` is its own as plain text."""
    return Metadata(
        title=plain(entry.title or "") or None,
        authors=author_names(entry.authors, outlets),
        published=PageDate(at=entry.published_at, zoned=True) if entry.published_at else None,
        modified=PageDate(at=entry.updated_at, zoned=True) if entry.updated_at else None,
        summary=summary,
        tags=entry.tags,
        image_url=entry.image_url,
        languages=(entry.language,) if entry.language else (),
    )


def settled(page: Metadata, feed: Metadata) -> Metadata:
    """Return the fields of page and feed by the rules 1 and 2."""
    return filled(_trusting_zone(page, feed), feed, FEED)


def guessed(said: Metadata, tree: HtmlElement, url: str) -> Metadata:
    """Return the fields with those that nobody stated guessed from the page (rule 3)."""
    if said.title and said.published:
        return said
    if said.title and said.authors:
        return filled(said, Metadata(published=_day(guess_date(tree, url))), GUESS)
    found = guess_metadata(tree, url)
    if found is None:
        return said
    names = author_names([found.author] if found.author else [], said.outlets)
    guess = Metadata(
        title=without_site(plain(found.title or ""), said.outlets) or None,
        # A single word guessed from a page's layout is mostly a place, an agency or initials.
        authors=tuple(name for name in names if " " in name),
        published=_day(found.date),
    )
    return filled(said, guess, GUESS)


def _day(date: str | None) -> PageDate | None:
    # A year, such as a copyright notice's, is guessed as its first day.
    return None if date is None or date.endswith("-01-01") else parse_date(date)


def filled(said: Metadata, other: Metadata, source: str) -> Metadata:
    """Return ``said`` with what it lacks taken from ``other``."""
    lacking: dict[str, Any] = {
        name: value
        for name in _FIELDS
        if not getattr(said, name) and (value := getattr(other, name))
    }
    sources = said.sources | {_FIELDS[name]: source for name in lacking}
    languages = (*said.languages, *other.languages)
    return replace(said, **lacking, languages=languages, sources=sources)


def _trusting_zone(page: Metadata, feed: Metadata) -> Metadata:
    if page.published is None or feed.published is None or page.published.zoned:
        return page
    same = abs(page.published.at - feed.published.at) <= _SAME_DAY
    return replace(page, published=None) if same else page
