"""A page's own statements about its article: JSON-LD, then meta tags, then headings and times."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from ingest.articles.bylines import shown_authors
from ingest.articles.dates import PageDate, date_at_end, parse_date
from ingest.articles.jsonld import JsonLd, Node
from ingest.articles.kinds import Signs
from ingest.articles.metatags import MetaTags
from ingest.articles.names import author_names, plain, squash, without_site
from ingest.articles.urls import site_of
from ingest.text import clean_line, safe_link

_T = TypeVar("_T")

JSON_LD: Final = "json-ld"
META: Final = "meta"
H1: Final = "h1"
TIME: Final = "time"
TITLE: Final = "title"
PAGE: Final = "page text"

_LONGEST: Final = 5_000
_LONGEST_TITLE: Final = 400
_LONGEST_TAG: Final = 60
_MOST_TAGS: Final = 20
_TITLES: Final = ("og:title", "twitter:title", "dc.title", "title", "headline")
_AUTHORS: Final = (
    *("author", "article:author", "parsely-author", "sailthru.author", "dc.creator"),
    *("cxenseparse:author", "byl", "article:author_name", "creator"),
)
_SECTIONS: Final = ("article:section", "parsely-section", "cxenseparse:section", "section")
_PUBLISHED: Final = (
    *("article:published_time", "og:published_time", "datepublished", "parsely-pub-date"),
    *("cxenseparse:recs:publishtime", "publish-date", "pubdate", "publication_date", "ptime"),
    *("sailthru.date", "dc.date.issued", "dcterms.created", "dc.date", "date", "article.published"),
)
_MODIFIED: Final = (
    *("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified"),
    *("last-modified", "lastmod", "article.updated"),
)
_SUMMARIES: Final = ("og:description", "description", "twitter:description", "dc.description")
_IMAGES: Final = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image")
_IMAGE_KEYS: Final = ("url", "contentUrl", "@id")
_TIERS: Final = ("article:content_tier", "content_tier", "cxenseparse:access", "paywall")
_PAID: Final = frozenset({"locked", "metered", "paid", "premium", "true", "yes", "subscriber"})
_TAGS: Final = ("article:tag", "news_keywords", "parsely-tags", "keywords", "sailthru.tags")
_SITES: Final = ("og:site_name", "application-name", "publisher", "article:publisher_name")
_LANGUAGES: Final = ("og:locale", "content-language", "language", "dc.language", "dcterms.language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a page says of its article. ``sources`` names where each field was found.

    ``titles`` are all titles the page gives itself, by which a repeat in the text is known.
    ``descriptions`` are all summaries it gives; ``stated`` is its text as it gives it to machines.
    ``canonical`` are the addresses it claims, absolute, best first; not yet believed.
    """

    title: str | None = None
    titles: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    published: PageDate | None = None
    modified: PageDate | None = None
    summary: str | None = None
    descriptions: tuple[str, ...] = ()
    stated: str = ""
    section: str | None = None
    paywalled: bool = False
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    languages: tuple[str, ...] = ()
    canonical: tuple[str, ...] = ()
    outlets: frozenset[str] = frozenset()
    is_amp: bool = False
    signs: Signs = field(default_factory=Signs)
    sources: dict[str, str] = field(default_factory=dict)


def read_metadata(tree: HtmlElement, url: str) -> Metadata:
    """Read the metadata of a page.

    Args:
        tree: The page's root element.
        url: The address it came from, against which relative links are resolved.
    """
    metas = MetaTags(tree)
    linked = JsonLd(tree)
    article = linked.article(url)
    outlets = _outlets(linked, linked.resolve(article.get("publisher")), metas, url)
    headings = tuple(_headings(tree))
    base = _base(tree, url)
    sources: dict[str, str] = {}

    def first(name: str, found: Iterable[tuple[str, _T | None]]) -> _T | None:
        for source, value in found:
            if value:
                sources[name] = source
                return value
        return None

    given = [
        (JSON_LD, linked.text(article.get("headline")) or linked.text(article.get("name"))),
        (META, metas.one(*_TITLES)),
        (H1, headings[0] if len(headings) == 1 else None),
        (META, tree.findtext(".//title")),
    ]
    titles = _titles(given, outlets, headings)
    published = first("published_at", _published(tree, article, linked, metas))
    description = plain(linked.text(article.get("description")) or "")
    descriptions = [plain(text) for text in metas.first_of_each(*_SUMMARIES)]
    return Metadata(
        title=first("title", titles),
        titles=tuple(dict.fromkeys([t for _, t in titles if t] + list(headings))),
        authors=first("authors", _authors(tree, article, linked, metas, outlets)) or (),
        published=published,
        modified=first(
            "modified_at",
            [
                (JSON_LD, parse_date(linked.text(article.get("dateModified")))),
                (META, metas.date(*_MODIFIED)),
            ],
        ),
        section=first(
            "section",
            [
                (JSON_LD, _section(linked.texts(article.get("articleSection")))),
                (META, _section(metas.all(*_SECTIONS))),
            ],
        ),
        paywalled=_is_paid(str(article.get("isAccessibleForFree")), metas),
        summary=first(
            "summary",
            [(JSON_LD, description), (META, next(iter(descriptions), ""))],
        ),
        descriptions=tuple(dict.fromkeys(text for text in (description, *descriptions) if text)),
        stated=plain(linked.article_body()),
        tags=first(
            "tags",
            [
                (JSON_LD, _tags(linked.texts(article.get("keywords"), "name"))),
                (META, _tags(metas.all(*_TAGS))),
            ],
        )
        or (),
        image_url=first(
            "image_url",
            [
                (JSON_LD, _link(base, linked.text(article.get("image"), *_IMAGE_KEYS))),
                (META, _link(base, metas.one(*_IMAGES))),
            ],
        ),
        languages=tuple(
            language
            for language in (
                tree.get("lang") or tree.get("xml:lang"),
                linked.text(article.get("inLanguage"), "name", "alternateName"),
                *metas.all(*_LANGUAGES),
            )
            if language
        ),
        canonical=tuple(_canonical(tree, metas, base)),
        outlets=outlets,
        is_amp=any(name in tree.attrib for name in ("amp", "⚡")),
        signs=Signs(
            types=linked.types,
            og_type=(metas.one("og:type") or "").casefold(),
            titles=tuple(text for _, text in titles if text),
            path=urlsplit(url).path,
            dated=published is not None,
            updates=linked.updates,
        ),
        sources=sources,
    )


def _titles(
    given: Sequence[tuple[str, str | None]],
    outlets: frozenset[str],
    headings: Sequence[str],
) -> list[tuple[str, str | None]]:
    """Return the titles a page gives itself, the best first.

    JSON-LD's comes first, unless it is only the window's title, written for search engines, and
    the page shows and shares another one.
    """
    titles = [(source, _title(value, outlets, headings)) for source, value in given]
    linked_title, shared, shown, window = (squash(title or "") for _, title in titles)
    if linked_title == window and shared and shared == shown:
        titles.append(titles.pop(0))
    return titles


def _authors(
    tree: HtmlElement,
    article: Node,
    linked: JsonLd,
    metas: MetaTags,
    outlets: frozenset[str],
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key in ("author", "creator"):
        yield JSON_LD, author_names(linked.texts(article.get(key), "name"), outlets)
    for name in _AUTHORS:
        yield META, author_names(metas.all(name), outlets)
    yield PAGE, shown_authors(tree, outlets)


def _published(
    tree: HtmlElement, article: Node, linked: JsonLd, metas: MetaTags
) -> Iterator[tuple[str, PageDate | None]]:
    yield JSON_LD, parse_date(linked.text(article.get("datePublished")))
    yield META, metas.date(*_PUBLISHED)
    yield TIME, _time(tree)
    for title in (metas.one("og:title"), tree.findtext(".//title")):
        yield TITLE, date_at_end(title or "")


def _section(values: Sequence[str]) -> str | None:
    found = plain(values[0]) if values else ""
    return found if 0 < len(found) <= _LONGEST_TAG else None


def _is_paid(free: str, metas: MetaTags) -> bool:
    """Whether the page says that its text is for those who pay (schema.org, Open Graph)."""
    if free.casefold() == "false":
        return True
    return any(value.casefold() in _PAID for value in metas.all(*_TIERS))


def _time(tree: HtmlElement) -> PageDate | None:
    marked = tree.xpath('//*[@itemprop="datePublished"][@datetime or @content]')
    times = [*marked, *(time for time in tree.iter("time") if "pubdate" in time.attrib)]
    if not times:
        # A page's first time is its article's only where it stands in the article.
        holder = next(tree.iter("article"), None)
        times = list(tree.iter("time") if holder is None else holder.iter("time"))[:1]
    values = (time.get("datetime") or time.get("content") for time in times)
    return next((found for found in map(parse_date, values) if found), None)


def _headings(tree: HtmlElement) -> Iterator[str]:
    for heading in tree.iter("h1"):
        text = clean_line(str(heading.text_content()))
        if text and len(text) <= _LONGEST_TITLE:
            yield text


def _title(value: str | None, outlets: frozenset[str], headings: Iterable[str]) -> str | None:
    text = plain((value or "")[:_LONGEST])[:_LONGEST_TITLE]
    title = without_site(text, outlets, headings)
    return None if squash(title) in outlets else title or None


def _outlets(linked: JsonLd, publisher: object, metas: MetaTags, url: str) -> frozenset[str]:
    site = site_of(url)
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    names = [site, site.partition(".")[0], host]
    names += [re.sub(r"\s*\(.*\)\s*$", "", name) for key in _SITES for name in metas.all(key)[:1]]
    names += linked.texts(publisher, "name")
    for node in linked.of_type("WebSite", "NewsMediaOrganization", "Organization"):
        names += linked.texts(node.get("name"))
    return frozenset(squash(plain(name)) for name in names) - {""}


def _tags(values: Iterable[str]) -> tuple[str, ...]:
    pieces = [clean_line(piece) for value in values for piece in plain(value).split(",")]
    tags = {piece.casefold(): piece for piece in pieces if 0 < len(piece) <= _LONGEST_TAG}
    return tuple(tags.values())[:_MOST_TAGS]


def _base(tree: HtmlElement, url: str) -> str:
    base = next(tree.iter("base"), None)
    return url if base is None else _join(url, base.get("href")) or url


def _join(base: str, link: str | None) -> str | None:
    try:
        return urljoin(base, link.strip()) if link and link.strip() else None
    except ValueError:
        return None


def _link(base: str, link: str | None) -> str | None:
    return safe_link(_join(base, clean_line(link or "")))


def _canonical(tree: HtmlElement, metas: MetaTags, base: str) -> Iterator[str]:
    links = [link.get("href") for link in tree.iter("link") if "canonical" in _rel(link)]
    # Two different claims cancel each other (RFC 6596 has one canonical link).
    claims = links if len(set(links)) == 1 else []
    for claim in (*claims[:1], *metas.all("og:url")[:1]):
        link = _link(base, claim)
        if link is not None:
            yield link


def _rel(link: HtmlElement) -> list[str]:
    return str(link.get("rel", "")).lower().split()
