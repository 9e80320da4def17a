"""The doors to the libraries that look for a page's body, each giving paragraphs or words.

``quick`` and ``precise`` are trafilatura's, ``readability`` the port of Mozilla's algorithm that
comes with it; ``plain_text`` is resiliparse's, ten times quicker and cruder, of which only the
words are asked: two that err in different ways seldom err at the same place.
"""

from copy import copy
from typing import Final

from htmldate import find_date
from lxml import etree
from lxml.html import HtmlElement
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree
from trafilatura.htmlprocessing import convert_tags, tree_cleaning
from trafilatura.metadata import Document, extract_metadata
from trafilatura.readability_lxml import Document as Readability
from trafilatura.settings import Extractor, set_date_params

from ingest.articles.copies import CORE, MAIN_EXTRACTOR
from ingest.articles.document import parse_html
from ingest.articles.paragraphs import Paragraph, paragraphs

# What lxml and the extractors raise on documents they cannot take: libxml2's errors, lxml's
# refusals of odd names and characters (ValueError), nesting deeper than the stack.
_LIBRARY_ERRORS: Final = (etree.LxmlError, ValueError, RecursionError, AssertionError)
_SHORTEST_BLOCK: Final = 25
# Made once: reading its configuration takes longer than many a page. Links are asked for so that
# each paragraph's share of them is known.
_QUICK: Final = Extractor(fast=True, comments=False, links=True)
_PRECISE: Final = Extractor(precision=True, comments=False, links=True)
_FULL: Final = Extractor(comments=False, links=True)


def quick(tree: HtmlElement) -> tuple[Paragraph, ...]:
    """Return the body as trafilatura finds it by its own rules alone, in a tree that is thinned.

    Its stages are called one by one. ``bare_extraction`` puts others around them that do again
    what was done before, or is decided after: it copies the page three times, looks for comments
    (``pruning.comments``), measures the page's text and, where little of it was taken, looks once
    more (``body``).
    """
    try:
        cleaned = convert_tags(tree_cleaning(copy(_shown(tree)), _QUICK), _QUICK)
        body, _ = MAIN_EXTRACTOR.extract_content(cleaned, _QUICK)
    except (*_LIBRARY_ERRORS, TypeError):
        return ()
    return paragraphs(body)


def precise(tree: HtmlElement) -> tuple[Paragraph, ...]:
    """Return the body as trafilatura finds it when it compares and favours precision."""
    return _compared(tree, _PRECISE)


def full(tree: HtmlElement) -> tuple[Paragraph, ...]:
    """Return the body as trafilatura finds it by default: it compares, and takes the longer.

    Where its rules find next to nothing it falls back on the text that JSON-LD states, on justext,
    and on all paragraphs of the page.
    """
    return _compared(tree, _FULL)


def _compared(tree: HtmlElement, options: Extractor) -> tuple[Paragraph, ...]:
    try:
        document = CORE.bare_extraction(tree, options=options)
    except _LIBRARY_ERRORS:
        return ()
    # A dictionary is what the deprecated ``as_dict`` asks for.
    if document is None or isinstance(document, dict) or document.body is None:
        return ()
    return paragraphs(document.body)


def readability(tree: HtmlElement) -> tuple[Paragraph, ...]:
    """Return the body as the readability algorithm finds it; the tree is used up."""
    try:
        summary = Readability(tree, min_text_length=_SHORTEST_BLOCK).summary()
    except (*_LIBRARY_ERRORS, TypeError, AttributeError):
        return ()
    found = parse_html(summary)
    return () if found is None else paragraphs(found)


def plain_text(tree: HtmlElement) -> str:
    """Return the main text of a page as resiliparse finds it, for comparison only.

    It parses by itself, so it is given the tree as markup: without scripts that is quicker than
    the page as it came.
    """
    try:
        markup = etree.tostring(_shown(tree), encoding="utf-8", method="html")
        parsed = HTMLTree.parse_from_bytes(markup, "utf-8")
        return str(extract_plain_text(parsed, main_content=True, alt_texts=False))
    except (etree.LxmlError, ValueError, RuntimeError):
        return ""


def _shown(tree: HtmlElement) -> HtmlElement:
    """Return the part of a page that is shown: the head is some seventy elements."""
    body = tree.find("body")
    return tree if body is None else body


def guess_date(tree: HtmlElement, url: str) -> str | None:
    """Return the day that is guessed from a page's text, as ``guess_metadata`` does, alone."""
    try:
        return find_date(tree, url=url, **set_date_params(extensive=True))
    except _LIBRARY_ERRORS:
        return None


def guess_metadata(tree: HtmlElement, url: str) -> Document | None:
    """Return the metadata that trafilatura guesses from a page's layout and its text.

    Its date is the day alone; where the page shows no more than a year, the first of January.
    """
    try:
        return extract_metadata(tree, url, extensive=True)
    except _LIBRARY_ERRORS:
        return None
