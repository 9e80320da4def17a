"""From a page to an article.

The page is parsed once. Its own statements are read first (``metadata``), then its body is looked
for (``body``), then it is asked whether it is an article at all (``kinds``), and what page and feed
both tell is settled by rules (``fields``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Final

from ingest.articles.account import Step
from ingest.articles.body import Hints, Reading
from ingest.articles.choice import compared
from ingest.articles.document import not_html, parse_html, utf8
from ingest.articles.fields import FEED, fed, filled, guessed, settled
from ingest.articles.kinds import measure, not_an_article
from ingest.articles.language import count_words, detect_language
from ingest.articles.learned import link_share, read_learned
from ingest.articles.markdown import markdown
from ingest.articles.metadata import Metadata, read_metadata
from ingest.articles.paragraphs import Paragraph, joined, length, paragraphs
from ingest.articles.residue import drop_residue
from ingest.articles.rules import stated
from ingest.articles.urls import canonical_url, is_amp_address, is_front_page, same_site, site_of
from ingest.dedup.passages import passages as passages_of
from ingest.dedup.signature import fingerprint
from ingest.text import clean_line
from ingest.types import Extracted, Fault, Page, ParsedEntry, Site
from storage.model import Reason, TextSource

EXTRACTOR: Final = f"trafilatura {version('trafilatura')}"
UNKNOWN_SITE: Final = Site()
FEED_EXTRACTOR: Final = f"lxml {version('lxml')}"

_LONGEST_SUMMARY: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What came of a page, and the steps by which its text was got."""

    result: Extracted | Fault
    steps: tuple[Step, ...] = ()


def extract_page(
    page: Page, entry: ParsedEntry | None, *, site: Site = UNKNOWN_SITE, with_markdown: bool = False
) -> Extracted | Fault:
    """Extract the article of a page.

    Args:
        page: The page's bytes, its address and Content-Type.
        entry: The feed entry that led to it, if one did.
        site: What is known of the page's site and of the feed.
        with_markdown: Whether ``extra`` is to hold the text as Markdown as well.

    Returns:
        The article, with empty ``text`` where none was found; a ``Fault`` with
        ``Reason.NOT_HTML`` for what is no HTML document, with ``Reason.NOT_AN_ARTICLE`` for a
        page of another kind.
    """
    return examine(page, entry, site=site, with_markdown=with_markdown).result


def examine(
    page: Page, entry: ParsedEntry | None, *, site: Site = UNKNOWN_SITE, with_markdown: bool = False
) -> Examination:
    """Extract the article of a page as ``extract_page`` does, and say how."""
    problem = not_html(page.body, page.content_type)
    if problem is not None:
        return _failed(Reason.NOT_HTML, problem, page)
    markup = utf8(page.body, page.content_type)
    tree = parse_html(markup)
    if tree is None:
        return _failed(Reason.NOT_HTML, "the answer holds no markup", page)
    said, unmatched = stated(read_metadata(tree, page.url), tree, site.rules)
    signs = said.signs if said.signs.declared else replace(said.signs, measure=measure(tree))
    hints = Hints(
        titles=_titles(said, entry),
        authors=said.authors,
        descriptions=said.descriptions,
        stated=said.stated,
    )
    learned = read_learned(tree, markup, hints, site, unmatched)
    reading, lesson = learned.reading, learned.lesson
    found = reading.body.paragraphs
    longest = max((paragraph.length for paragraph in found), default=0)
    kind = not_an_article(signs, length(found), longest)
    if kind is not None:
        return _failed(Reason.NOT_AN_ARTICLE, f"{page.url} is {kind}", page, reading.body.steps)
    extra = _extra(said, reading)
    chosen = None
    if entry is not None:
        said = settled(said, fed(entry, _summary(entry), said.outlets))
        given = _feed_text(entry)
        lesson, chosen = compared(found, given, lesson, site, paywalled=said.paywalled)
        if chosen is not None:
            found = given
            extra["text"] = {"rule": chosen.name, "reason": chosen.reason}
    if found:
        said = guessed(said, tree, page.url)
    if with_markdown:
        extra["markdown"] = markdown(found)
    article = _complete(page, said, found, extra)
    passages = dict(passages_of(learned.left_out, site_of(article.canonical_url)))
    article = replace(article, lesson=replace(lesson, passages=tuple(passages)))
    if chosen is not None:
        article = replace(article, text_source=TextSource.FEED, extractor=FEED_EXTRACTOR)
    return Examination(result=article, steps=reading.body.steps)


def _failed(reason: Reason, detail: str, page: Page, steps: Sequence[Step] = ()) -> Examination:
    fault = Fault(reason=reason, detail=detail, url=page.url)
    return Examination(result=fault, steps=tuple(steps))


def _extra(said: Metadata, reading: Reading) -> dict[str, object]:
    """Return what has no column: further fields, the fields' sources, signals of quality."""
    found = reading.body.paragraphs
    further = {"section": said.section, "access": "paywall" if said.paywalled else None}
    return {
        **{name: value for name, value in further.items() if value},
        "sources": dict(said.sources),
        "quality": {
            "agreement": round(reading.agreement, 3),
            "links": link_share(reading.body),
            "paragraphs": len(found),
            "body": reading.extractor,
        },
    }


def extract_feed_text(entry: ParsedEntry, *, url: str) -> Extracted:
    """Make an article of what the feed itself carries: its content, else its summary.

    Args:
        entry: The feed entry.
        url: The address the article is to be known by.
    """
    text = joined(_feed_text(entry))
    said = filled(Metadata(), fed(entry, _summary(entry), frozenset()), FEED)
    return Extracted(
        canonical_url=canonical_url(url),
        text=text,
        fingerprint=fingerprint(text, site=site_of(url), title=said.title),
        title=said.title,
        authors=said.authors,
        published_at=entry.published_at,
        modified_at=entry.updated_at,
        language=detect_language(text, said.languages),
        summary=said.summary,
        tags=said.tags,
        image_url=said.image_url,
        word_count=count_words(text),
        text_source=TextSource.FEED,
        extractor=FEED_EXTRACTOR,
        sources=said.sources,
        extra={"sources": dict(said.sources)},
    )


def warm_up() -> None:
    """Load what the first extraction would otherwise wait for; for initialisers of workers."""
    sentence = "A page is read once, so that the first real one need not wait for the models. "
    body = f"<html><head><title>Warm</title></head><body><p>{sentence * 5}</p></body></html>"
    page = Page(url="http://localhost/", body=body.encode(), content_type="text/html")
    extract_page(page, None)


def _complete(
    page: Page, said: Metadata, found: Sequence[Paragraph], extra: dict[str, object]
) -> Extracted:
    text = joined(found)
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
        word_count=length(found),
        amp_of=canonical if said.is_amp and has_twin else None,
        text_source=TextSource.PAGE,
        extractor=EXTRACTOR,
        sources=said.sources,
        extra=extra,
    )


def _titles(said: Metadata, entry: ParsedEntry | None) -> Sequence[str]:
    return (*said.titles, entry.title) if entry is not None and entry.title else said.titles


def _canonical(claims: Sequence[str], url: str) -> str:
    # Believed only within the site, and not when every page claims to be the front page.
    here = canonical_url(url)
    for claim in claims:
        if same_site(claim, url) and (is_front_page(url) or not is_front_page(claim)):
            return canonical_url(claim)
    return here


def _summary(entry: ParsedEntry) -> str | None:
    found = " ".join(paragraph.text for paragraph in _feed_paragraphs(entry.summary or ""))
    return clean_line(found)[:_LONGEST_SUMMARY] or None


def _feed_text(entry: ParsedEntry) -> tuple[Paragraph, ...]:
    titles = (entry.title,) if entry.title else ()
    return drop_residue(_feed_paragraphs(entry.content or entry.summary or ""), titles).paragraphs


def _feed_paragraphs(markup: str) -> tuple[Paragraph, ...]:
    if "<" not in markup and "&" not in markup:
        lines = (clean_line(block) for block in markup.split("\n\n"))
        return tuple(Paragraph(text=line) for line in lines if line)
    tree = parse_html(f"<div>{markup}</div>")
    return () if tree is None else paragraphs(tree)
