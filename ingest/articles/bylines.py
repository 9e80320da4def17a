"""Authors as a page shows them, for pages that do not state them for machines."""

# ruff: noqa: RUF001 - typographic separators are meant

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from lxml.html import HtmlElement

from ingest.articles.names import author_names, squash
from ingest.text import clean_line

_LONGEST: Final = 80
_MOST: Final = 5
_MOST_PARTS: Final = 5
_AUTHORS_PAGE: Final = ("/autor", "/author", "/auteur", "/reporter/", "/journalist")
_NAMED: Final = ("author", "byline", "autor")
_NAMED_ELEMENTS: Final = ("p", "span", "div", "li", "a", "address")

# What a label before a name says, in the languages that label it; letters alone.
_LABELS: Final = frozenset(
    {"author", "authors", "autor", "autorin", "autorinautor", "autoren", "auteur", "auteurs"}
    | {"autora", "autores", "autore", "autori", "reporter", "journalist", "författare", "forfatter"}
    | {
        "автор",
        "авторы",
        "автори",
        "yazar",
        "penulis",
        "tácgiả",
        "作者",
        "記者",
        "记者",
        "文",
        "기자",
    }
)
_LABEL_ELEMENTS: Final = ("strong", "b", "dt", "th", "span", "label", "em")
_DATE: Final = re.compile(r"\W{0,3}\d{1,4}([./-])\d{1,2}\1\d{2,4}\b")
_MOST_LOOKED_AT: Final = 20_000
_LONG: Final = 100
_WORD: Final = re.compile(r"\w+")


def shown_authors(tree: HtmlElement, outlets: frozenset[str]) -> tuple[str, ...]:
    """Return the authors a page shows, by the surest kind of mark that names any.

    Of elements in one another the innermost counts. Where one kind of mark stands in many
    places, it marks the authors of other articles as well, and the first is taken.

    Args:
        tree: The page.
        outlets: Names of the outlet, squashed.
    """
    for found, sure in _marked(tree):
        outer = {above for element in found for above in element.iterancestors()}
        texts = dict.fromkeys(
            clean_line(element.text_content() or element.get("content") or "")
            for element in found
            if element not in outer
        )
        named = [text for text in texts if 0 < len(text) <= _LONGEST]
        names = [n for n in author_names(named, outlets) if sure or _is_full_name(n)]
        if names:
            return tuple(names if len(texts) <= _MOST else names[:1])
    return _labelled(tree, outlets) or _beside_date(tree, outlets) or _leading(tree, outlets)


def _marked(tree: HtmlElement) -> Iterator[tuple[Sequence[HtmlElement], bool]]:
    """Yield the elements that each kind of mark is on, the surest first.

    Marked as the author by microdata or HTML; by the address of an author's page; by a class's
    name. The second value says whether the mark is sure, so that a single word counts as a name.
    """
    authors = [each for each in tree.iter() if each.get("itemprop") == "author"]
    within = (each for author in authors for each in author.iterdescendants())
    yield [each for each in within if each.get("itemprop") == "name"], True
    yield authors, True
    yield [a for a in tree.iter("a") if " author " in f" {a.get('rel', '')} "], False
    yield [a for a in tree.iter("a") if _has(a.get("href", ""), _AUTHORS_PAGE)], False
    yield [e for e in tree.iter(*_NAMED_ELEMENTS) if _has(e.get("class", ""), _NAMED)], False


def _has(value: str, parts: Iterable[str]) -> bool:
    return any(map(value.__contains__, parts))


def _labelled(tree: HtmlElement, outlets: frozenset[str]) -> tuple[str, ...]:
    """Return the names behind a label ("Author", "Autor:"): in its tail or the next element."""
    for label in islice(tree.iter(*_LABEL_ELEMENTS), _MOST_LOOKED_AT):
        if len(label) == 0 and squash(label.text or "") in _LABELS:
            after = label.getnext()
            shown = clean_line(label.tail or "")
            if not shown and after is not None:
                shown = clean_line(str(after.text_content()))
            if names := _full_names(shown.lstrip(" :："), outlets):
                return names
    return ()


def _beside_date(tree: HtmlElement, outlets: frozenset[str]) -> tuple[str, ...]:
    """Return the names in the element just before the first that begins with a date."""
    for dated in islice(tree.iter("span", "div", "p", "time", "li"), _MOST_LOOKED_AT):
        if dated.text and _DATE.match(dated.text):
            before = dated.getprevious()
            shown = "" if before is None else clean_line(str(before.text_content()))
            return _full_names(shown.rstrip(" |·•,-–—"), outlets)
    return ()


def _leading(tree: HtmlElement, outlets: frozenset[str]) -> tuple[str, ...]:
    """Return the names that stand alone, in bold, just before an article's first long paragraph.

    A heading may stand there too. But a name's words are seldom written small elsewhere on the
    page, and a heading's mostly are.
    """
    for long in islice(tree.iter("p"), _MOST_LOOKED_AT):
        if len(str(long.text_content())) < _LONG:
            continue
        before = long.getprevious()
        if before is None or before.tag != "p" or not _is_bold(before):
            return ()
        shown = clean_line(str(before.text_content())).replace("/", " / ")
        names = _full_names(shown, outlets)
        written = set(_WORD.findall(str(tree.text_content())))
        small = {word.lower() for name in names for word in name.split()}
        return () if small & written else names
    return ()


def _is_bold(paragraph: HtmlElement) -> bool:
    inside = [child for child in paragraph if child.tag in {"strong", "b"}]
    whole = clean_line("".join(str(child.text_content()) for child in inside))
    return bool(whole) and whole == clean_line(str(paragraph.text_content()))


def _full_names(shown: str, outlets: frozenset[str]) -> tuple[str, ...]:
    if not 0 < len(shown) <= _LONGEST:
        return ()
    names = author_names([shown], outlets)
    return names if all(map(_is_full_name, names)) else ()


def _is_full_name(name: str) -> bool:
    # A single word that a page's layout marks is mostly a place, an agency or a label.
    parts = name.split()
    if not 1 < len(parts) <= _MOST_PARTS or any(map(str.isdigit, name)):
        return False
    return not (parts[0][0].islower() or parts[-1][0].islower())
