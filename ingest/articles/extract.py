"""From a page to an article: the one door to trafilatura.

The page is parsed once. Its own statements are read first, comment forms are cut from the
tree, trafilatura finds the body, and residue rules clean what it found. trafilatura's own
metadata is asked only for what neither the page's statements nor the feed could tell.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from typing import Any, Final

from lxml.html import HtmlElement

from ingest.articles.body import Hints, read_body
from ingest.articles.dates import PageDate, parse_date
from ingest.articles.document import decode, not_html, parse_html
from ingest.articles.extractors import guess_metadata
from ingest.articles.language import count_words, detect_language
from ingest.articles.metadata import Metadata, read_metadata
from ingest.articles.names import author_names, plain, without_site
from ingest.articles.paragraphs import Paragraph, joined, paragraphs
from ingest.articles.residue import drop_residue
from ingest.articles.urls import canonical_url, is_amp_address, is_front_page, same_site, site_of
from ingest.dedup.signature import fingerprint
from ingest.text import clean_line
from ingest.types import Extracted, Fault, Page, ParsedEntry
from storage.model import Reason, TextSource

FEED: Final = "feed"
TRAFILATURA: Final = "trafilatura"
EXTRACTOR: Final = f"{TRAFILATURA} {version(TRAFILATURA)}"
FEED_EXTRACTOR: Final = f"lxml {version('lxml')}"

_FIELDS: Final = {
    "title": "title",
    "authors": "authors",
    "published": "published_at",
    "modified": "modified_at",
    "summary": "summary",
    "tags": "tags",
    "image_url": "image_url",
}
_SAME_DAY: Final = timedelta(hours=26)  # two clocks' zones can lie this far apart
_LONGEST_SUMMARY: Final = 2_000


def extract_page(page: Page, entry: ParsedEntry | None) -> Extracted | Fault:
    """Extract the article of a page.

    Where page and feed entry both state a field, the page wins, except that a date without a
    zone yields to the feed's if both mean the same day.

    Args:
        page: The page's bytes, its address and Content-Type.
        entry: The feed entry that led to it, if one did.

    Returns:
        The article, with empty ``text`` where none was found; a ``Fault`` with
        ``Reason.NOT_HTML`` for what is no HTML document.
    """
    problem = not_html(page.body, page.content_type)
    if problem is not None:
        return Fault(reason=Reason.NOT_HTML, detail=problem, url=page.url)
    markup = decode(page.body, page.content_type)
    tree = parse_html(markup)
    if tree is None:
        return Fault(reason=Reason.NOT_HTML, detail="the answer holds no markup", url=page.url)
    said = read_metadata(tree, page.url)
    hints = Hints(
        titles=_titles(said, entry),
        authors=said.authors,
        descriptions=said.descriptions,
        stated=said.stated,
    )
    reading = read_body(tree, markup, hints)
    return _complete(page, entry, tree, said, joined(reading.body.paragraphs))


def extract_feed_text(entry: ParsedEntry, *, url: str) -> Extracted:
    """Make an article of what the feed itself carries: its content, else its summary.

    Args:
        entry: The feed entry.
        url: The address the article is to be known by.
    """
    titles = (entry.title,) if entry.title else ()
    found = drop_residue(_feed_paragraphs(entry.content or entry.summary or ""), titles)
    text = joined(found.paragraphs)
    fed = _filled(Metadata(), _fed(entry, frozenset()), FEED)
    return Extracted(
        canonical_url=canonical_url(url),
        text=text,
        fingerprint=fingerprint(text, site=site_of(url), title=fed.title),
        title=fed.title,
        authors=fed.authors,
        published_at=entry.published_at,
        modified_at=entry.updated_at,
        language=detect_language(text, fed.languages),
        summary=fed.summary,
        tags=fed.tags,
        image_url=fed.image_url,
        word_count=count_words(text),
        text_source=TextSource.FEED,
        extractor=FEED_EXTRACTOR,
        sources=fed.sources,
    )


def warm_up() -> None:
    """Load what the first extraction would otherwise wait for; for initialisers of workers."""
    sentence = "A page is read once, so that the first real one need not wait for the models. "
    body = f"<html><head><title>Warm</title></head><body><p>{sentence * 5}</p></body></html>"
    page = Page(url="http://localhost/", body=body.encode(), content_type="text/html")
    extract_page(page, None)


def _complete(
    page: Page, entry: ParsedEntry | None, tree: HtmlElement, said: Metadata, text: str
) -> Extracted:
    if entry is not None:
        fed = _fed(entry, said.outlets)
        said = _filled(_trusting_zone(said, fed), fed, FEED)
    if text and not (said.title and said.authors and said.published):
        said = _filled(said, _guess(tree, page.url, said.outlets), TRAFILATURA)
    canonical = _canonical(said.canonical, page.url)
    has_twin = canonical != canonical_url(page.url) or is_amp_address(page.url)
    return Extracted(
        canonical_url=canonical,
        text=text,
        fingerprint=fingerprint(text, site=site_of(canonical), title=said.title),
        title=said.title,
        authors=said.authors,
        published_at=said.published.at if said.published else None,
        modified_at=said.modified.at if said.modified else None,
        language=detect_language(text, said.languages),
        summary=said.summary[:_LONGEST_SUMMARY] if said.summary else None,
        tags=said.tags,
        image_url=said.image_url,
        word_count=count_words(text),
        amp_of=canonical if said.is_amp and has_twin else None,
        text_source=TextSource.PAGE,
        extractor=EXTRACTOR,
        sources=said.sources,
    )


def _fed(entry: ParsedEntry, outlets: frozenset[str]) -> Metadata:
    return Metadata(
        title=plain(entry.title or "") or None,
        authors=author_names(entry.authors, outlets),
        published=PageDate(at=entry.published_at, zoned=True) if entry.published_at else None,
        modified=PageDate(at=entry.updated_at, zoned=True) if entry.updated_at else None,
        summary=_summary(entry),
        tags=entry.tags,
        image_url=entry.image_url,
        languages=(entry.language,) if entry.language else (),
    )


def _trusting_zone(said: Metadata, fed: Metadata) -> Metadata:
    if said.published is None or fed.published is None or said.published.zoned:
        return said
    same = abs(said.published.at - fed.published.at) <= _SAME_DAY
    return replace(said, published=None) if same else said


def _filled(said: Metadata, other: Metadata, source: str) -> Metadata:
    """Return ``said`` with what it lacks taken from ``other``."""
    lacking: dict[str, Any] = {
        name: value
        for name in _FIELDS
        if not getattr(said, name) and (value := getattr(other, name))
    }
    sources = said.sources | {_FIELDS[name]: source for name in lacking}
    languages = (*said.languages, *other.languages)
    return replace(said, **lacking, languages=languages, sources=sources)


def _titles(said: Metadata, entry: ParsedEntry | None) -> Sequence[str]:
    return (*said.titles, entry.title) if entry is not None and entry.title else said.titles


def _canonical(claims: Sequence[str], url: str) -> str:
    # Believed only within the site, and not when every page claims to be the front page.
    here = canonical_url(url)
    for claim in claims:
        if same_site(claim, url) and (is_front_page(url) or not is_front_page(claim)):
            return canonical_url(claim)
    return here


def _guess(tree: HtmlElement, url: str, outlets: frozenset[str]) -> Metadata:
    found = guess_metadata(tree, url)
    if found is None:
        return Metadata()
    # A single word guessed from a page's layout is mostly a place, an agency or initials.
    guessed = author_names([found.author] if found.author else [], outlets)
    return Metadata(
        title=without_site(plain(found.title or ""), outlets) or None,
        authors=tuple(name for name in guessed if " " in name),
        published=parse_date(found.date),
    )


def _summary(entry: ParsedEntry) -> str | None:
    found = " ".join(paragraph.text for paragraph in _feed_paragraphs(entry.summary or ""))
    return clean_line(found)[:_LONGEST_SUMMARY] or None


def _feed_paragraphs(markup: str) -> tuple[Paragraph, ...]:
    if "<" not in markup and "&" not in markup:
        lines = (clean_line(block) for block in markup.split("\n\n"))
        return tuple(Paragraph(text=line) for line in lines if line)
    tree = parse_html(f"<div>{markup}</div>")
    return () if tree is None else paragraphs(tree)
