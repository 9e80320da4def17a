"""What extraction leaves around an article, and the rules by which it goes.

Some are known by structure, in any language: repeats of the title, blocks
that are links, the line of date and time at the top, addresses to write to, notes on the author at
the end. Others by their words (``ingest.articles.phrases``). Both hold only for short paragraphs
(``SHORT`` words), so that a real sentence of some length is never lost to them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ingest.articles.account import Body, Stage, removed
from ingest.articles.language import count_words
from ingest.articles.names import squash
from ingest.articles.paragraphs import Kind, Paragraph, length
from ingest.articles.phrases import (
    COMMENT_FORM,
    CREDIT_LINE,
    STOCK_PHRASES,
    WITHIN_COMMENT_FORM,
)

SHORT: Final = 40
_LINKED: Final = 30
_LINKS: Final = 0.5
_LINK_WORDS: Final = 3
_TITLE_WITHIN: Final = 3
_KICKER: Final = 8
_CREDIT: Final = 15
_FEW: Final = 2
_FORM: Final = 60
_DATED_WITHIN: Final = 3
_DATE_WORDS: Final = 14
_DIGITS: Final = 0.2
_LAST: Final = 4
_BIOGRAPHY: Final = 80
# Bounded as RFC 5321 (4.5.3.1) bounds it, so that a long line of dashes is not tried from each.
_MAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[A-Za-z]{2,}")
_ACCOUNT: Final = re.compile(
    r"(?:^|\s)@\w{3,}|\b(?:twitter|x|facebook|instagram)\.com/", re.IGNORECASE
)
_ARROW: Final = re.compile(r"^(?:>+|»|→|▶|►|➤|➡)\s*\S")
_CLOCK: Final = re.compile(r"\b\d{1,2}\s?[:.h]\s?\d{2}\b|\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What a rule knows beside a paragraph's own words: where it stands, and on what page.

    ``before`` and ``after`` count the paragraphs on either side; ``length`` is in words.
    """

    before: int
    after: int
    length: int
    in_form: bool
    headlines: Sequence[str]
    authors: Sequence[str]


def drop_residue(
    found: Sequence[Paragraph], titles: Iterable[str], authors: Iterable[str] = ()
) -> Body:
    """Return the paragraphs that are the article's own, and what was taken for residue.

    Args:
        found: The extracted paragraphs in order.
        titles: The titles the page gives itself; a repeat near the top is dropped.
        authors: Names of the authors; a last paragraph that begins with one is about them.
    """
    headlines = [key for key in map(_key, titles) if key]
    names = [squash(name) for name in authors if " " in name]
    form = _comment_form_start(found)
    rules = {}
    for index, paragraph in enumerate(found):
        place = _Place(
            before=index,
            after=len(found) - index - 1,
            length=paragraph.length,
            in_form=index >= form,
            headlines=headlines,
            authors=names,
        )
        by_place = (name for name, holds in _RULES.items() if holds(paragraph, place))
        if rule := next(by_place, None) or _phrase(paragraph):
            rules[index] = rule
    kept = [index for index in range(len(found)) if index not in rules]
    while kept and (rule := _dangling(found[kept[-1]])):
        rules[kept.pop()] = rule
    while kept and _is_short_link(found[kept[0]]):
        rules[kept.pop(0)] = "link"
    steps = (removed(Stage.RESIDUE, rule, [found[index]]) for index, rule in sorted(rules.items()))
    return Body(
        paragraphs=tuple(found[index] for index in kept),
        steps=tuple(step for some in steps for step in some),
    )


def _in_comment_form(_paragraph: Paragraph, place: _Place) -> bool:
    return place.in_form


def _is_title(paragraph: Paragraph, place: _Place) -> bool:
    # Many sites put a kicker before the headline in the same heading.
    if place.before >= _TITLE_WITHIN:
        return False
    key = _key(paragraph.text)
    return any(
        key == headline
        or (
            key.endswith(headline)
            and count_words(headline) >= _LINK_WORDS
            and place.length - count_words(headline) <= _KICKER
        )
        for headline in place.headlines
    )


def _is_links(paragraph: Paragraph, place: _Place) -> bool:
    # One or two linked words amid the text may be a name in a list; in a quoted post, its address.
    return (
        paragraph.kind is not Kind.QUOTE
        and _is_short_link(paragraph)
        and place.length >= _LINK_WORDS
    )


def _is_biography(paragraph: Paragraph, place: _Place) -> bool:
    if place.after >= _LAST or not place.before or place.length > _BIOGRAPHY:
        return False
    key = squash(paragraph.text)
    return paragraph.kind is not Kind.QUOTE and any(map(key.startswith, place.authors))


def _is_dateline(paragraph: Paragraph, place: _Place) -> bool:
    # Mostly figures, with a time or a year among them, and no sentence.
    text = paragraph.text
    if place.before >= _DATED_WITHIN or place.length > _DATE_WORDS or paragraph.kind is Kind.ROW:
        return False
    letters = sum(character.isalnum() for character in text)
    digits = sum(character.isdigit() for character in text)
    return (
        digits >= _DIGITS * letters
        and _CLOCK.search(text) is not None
        and not text.endswith(("!", "?", "。"))
    )


def _is_contact(paragraph: Paragraph, place: _Place) -> bool:
    if place.length > SHORT or paragraph.kind is Kind.QUOTE:
        return False
    if _MAIL.search(paragraph.text):
        return True
    return place.after < _LAST and _ACCOUNT.search(paragraph.text) is not None


def _is_related(paragraph: Paragraph, place: _Place) -> bool:
    return place.length <= SHORT and paragraph.links > 0 and bool(_ARROW.match(paragraph.text))


def _is_credit(paragraph: Paragraph, place: _Place) -> bool:
    return place.length <= _CREDIT and bool(CREDIT_LINE.match(paragraph.text.casefold()))


def _phrase(paragraph: Paragraph) -> str | None:
    """Return the name of the stock phrases among which a short paragraph is."""
    if paragraph.length > SHORT:
        return None
    text = paragraph.text.casefold()
    return next((name for name, pattern in STOCK_PHRASES.items() if pattern.match(text)), None)


_RULES: Final[Mapping[str, Callable[[Paragraph, _Place], bool]]] = {
    "under a comment form": _in_comment_form,
    "title": _is_title,
    "links": _is_links,
    "about the author": _is_biography,
    "date line": _is_dateline,
    "contact": _is_contact,
    "related link": _is_related,
    "credit": _is_credit,
}


def _dangling(paragraph: Paragraph) -> str | None:
    """Say why a paragraph cannot be an article's last."""
    if paragraph.kind is Kind.HEADING:
        return "heading of nothing"
    return "link" if _is_short_link(paragraph) else None


def _key(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _is_short_link(paragraph: Paragraph) -> bool:
    # A long linked text is a linked sentence.
    return paragraph.links >= _LINKS and paragraph.length <= _LINKED


def _comment_form_start(found: Sequence[Paragraph]) -> int:
    # A page without a text of its own gives all its words as one paragraph or two.
    if len(found) <= _FEW and length(found) <= _FORM:
        words = " ".join(paragraph.text for paragraph in found).casefold()
        if WITHIN_COMMENT_FORM.search(words):
            return 0
    # Field labels follow a form's first words; nothing long does, or it was no form.
    for index, paragraph in enumerate(found):
        if COMMENT_FORM.match(paragraph.text.casefold()) and all(
            after.length <= SHORT for after in found[index:]
        ):
            return index
    return len(found)
