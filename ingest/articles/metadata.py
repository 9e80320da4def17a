"""A page's own statements about its article: JSON-LD, then meta tags, then headings and times."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from ingest.articles.dates import PageDate, parse_date
from ingest.articles.jsonld import JsonLd
from ingest.articles.names import author_names, plain, squash, without_site
from ingest.articles.urls import site_of
from ingest.text import clean_line, safe_link

_T = TypeVar("_T")

JSON_LD: Final = "json-ld"
META: Final = "meta"
H1: Final = "h1"
TIME: Final = "time"

_LONGEST: Final = 5_000
_LONGEST_TITLE: Final = 400
_LONGEST_TAG: Final = 60
_MOST_TAGS: Final = 20
_TITLES: Final = ("og:title", "twitter:title", "dc.title", "title", "headline")
_AUTHORS: Final = ("author", "article:author", "parsely-author", "sailthru.author", "dc.creator")
_AUTHORS_TOO: Final = ("cxenseparse:author", "byl", "article:author_name", "creator")
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
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    languages: tuple[str, ...] = ()
    canonical: tuple[str, ...] = ()
    outlets: frozenset[str] = frozenset()
    is_amp: bool = False
    sources: dict[str, str] = field(default_factory=dict)


def read_metadata(tree: HtmlElement, url: str) -> Metadata:
    """Read the metadata of a page.

    Args:
        tree: The page's root element.
        url: The address it came from, against which relative links are resolved.
    """
    metas = _metas(tree)
    linked = JsonLd(tree)
    article = linked.article(url)
    outlets = _outlets(linked, linked.resolve(article.get("publisher")), metas, url)
    headings = tuple(_headings(tree))
    base = _base(tree, url)
    sources: dict[str, str] = {}

    def first(name: str, *found: tuple[str, _T | None]) -> _T | None:
        for source, value in found:
            if value:
                sources[name] = source
                return value
        return None

    given = [
        (JSON_LD, linked.text(article.get("headline")) or linked.text(article.get("name"))),
        (META, _one(metas, *_TITLES)),
        (H1, headings[0] if len(headings) == 1 else None),
        (META, tree.findtext(".//title")),
    ]
    titles = [(source, _title(value, outlets, headings)) for source, value in given]
    description = plain(linked.text(article.get("description")) or "")
    descriptions = [plain(text) for name in _SUMMARIES for text in _first(metas, name)[:1]]
    return Metadata(
        title=first("title", *titles),
        titles=tuple(dict.fromkeys([t for _, t in titles if t] + list(headings))),
        authors=first(
            "authors",
            (JSON_LD, author_names(linked.texts(article.get("author"), "name"), outlets)),
            (JSON_LD, author_names(linked.texts(article.get("creator"), "name"), outlets)),
            (META, author_names(_first(metas, *_AUTHORS, *_AUTHORS_TOO), outlets)),
        )
        or (),
        published=first(
            "published_at",
            (JSON_LD, parse_date(linked.text(article.get("datePublished")))),
            (META, _date(metas, *_PUBLISHED)),
            (TIME, _time(tree)),
        ),
        modified=first(
            "modified_at",
            (JSON_LD, parse_date(linked.text(article.get("dateModified")))),
            (META, _date(metas, *_MODIFIED)),
        ),
        summary=first(
            "summary",
            (JSON_LD, description),
            (META, next(iter(descriptions), "")),
        ),
        descriptions=tuple(dict.fromkeys(text for text in (description, *descriptions) if text)),
        stated=plain(linked.article_body()),
        tags=first(
            "tags",
            (JSON_LD, _tags(linked.texts(article.get("keywords"), "name"))),
            (META, _tags(_first(metas, *_TAGS))),
        )
        or (),
        image_url=first(
            "image_url",
            (JSON_LD, _link(base, linked.text(article.get("image"), "url", "contentUrl", "@id"))),
            (META, _link(base, _one(metas, *_IMAGES))),
        ),
        languages=tuple(
            language
            for language in (
                tree.get("lang") or tree.get("xml:lang"),
                linked.text(article.get("inLanguage"), "name", "alternateName"),
                *_first(metas, *_LANGUAGES),
            )
            if language
        ),
        canonical=tuple(_canonical(tree, metas, base)),
        outlets=outlets,
        is_amp=any(name in tree.attrib for name in ("amp", "⚡")),
        sources=sources,
    )


def _metas(tree: HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for meta in tree.iter("meta"):
        content = meta.get("content", "").strip()
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            key = meta.get(attribute, "").strip().lower()
            if key and content:
                found.setdefault(key, []).append(content[:_LONGEST])
    return found


def _first(metas: dict[str, list[str]], *names: str) -> list[str]:
    return next((metas[name] for name in names if name in metas), [])


def _one(metas: dict[str, list[str]], *names: str) -> str | None:
    return next(iter(_first(metas, *names)), None)


def _date(metas: dict[str, list[str]], *names: str) -> PageDate | None:
    values = (value for name in names for value in metas.get(name, ()))
    return next((found for found in map(parse_date, values) if found), None)


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


def _outlets(
    linked: JsonLd, publisher: object, metas: dict[str, list[str]], url: str
) -> frozenset[str]:
    site = site_of(url)
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    names = [site, site.partition(".")[0], host]
    names += _first(metas, *_SITES)[:1]
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
    return safe_link(_join(base, link))


def _canonical(tree: HtmlElement, metas: dict[str, list[str]], base: str) -> Iterator[str]:
    links = [link.get("href") for link in tree.iter("link") if "canonical" in _rel(link)]
    # Two different claims cancel each other (RFC 6596 has one canonical link).
    claims = links if len(set(links)) == 1 else []
    for claim in (*claims[:1], *_first(metas, "og:url")[:1]):
        link = _link(base, claim)
        if link is not None:
            yield link


def _rel(link: HtmlElement) -> list[str]:
    return str(link.get("rel", "")).lower().split()
