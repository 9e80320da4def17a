"""The standfirst: the paragraph between headline and text that extractors often leave out.

It is known without names of classes or languages: a block on the page that says what the page
itself gives as its description. Shorter ones are subheadings, and stay in the summary alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from lxml.html import HtmlElement

from ingest.articles.account import Body, Change, Stage, Step
from ingest.articles.agreement import Witness
from ingest.articles.language import count_words, folded_words
from ingest.articles.names import squash
from ingest.articles.paragraphs import Paragraph
from ingest.articles.pruning import is_hidden
from ingest.text import clean_line

_FEWEST_WORDS: Final = 20
_LONGEST: Final = 1_500
_LONGER: Final = 1.15  # a description is often the standfirst cut at its end
_TOLD_ALREADY: Final = 0.6
_FIRST_WORDS: Final = 3
_MOST_PLACES: Final = 10
_DEPTH: Final = 4
_UNSEEN: Final = frozenset({"script", "style", "noscript", "template", "h1", "a"})


def find_standfirst(tree: HtmlElement, descriptions: Iterable[str]) -> str | None:
    """Return the block that shows one of the page's descriptions, if it is a standfirst.

    Args:
        tree: The page, unpruned.
        descriptions: What the page says of itself in its metadata.
    """
    for description in descriptions:
        if count_words(description) < _FEWEST_WORDS - 2:
            continue
        wanted = squash(description)
        for text in _blocks(tree, " ".join(description.split()[:_FIRST_WORDS])):
            if _shows(squash(text), wanted):
                return text
    return None


def with_standfirst(
    found: Sequence[Paragraph], standfirst: str | None, titles: Sequence[str]
) -> Body:
    """Put the standfirst before the text, unless the text tells it already."""
    if standfirst is None or not found or count_words(standfirst) < _FEWEST_WORDS:
        return Body(paragraphs=tuple(found))
    key = squash(standfirst)
    if any(key in squash(title) for title in titles):
        return Body(paragraphs=tuple(found))
    if Witness.joined(found).share(folded_words(standfirst)) > _TOLD_ALREADY:
        return Body(paragraphs=tuple(found))
    step = Step(
        stage=Stage.STANDFIRST, change=Change.ADDED, rule="the page's description", text=standfirst
    )
    return Body(paragraphs=(Paragraph(text=standfirst), *found), steps=(step,))


def _blocks(tree: HtmlElement, start: str) -> Iterator[str]:
    """Yield the texts of the blocks that begin where a piece of text on the page begins so."""
    for piece in tree.xpath("//body//text()[contains(., $start)]", start=start)[:_MOST_PLACES]:
        element = piece.getparent()
        if any(map(is_hidden, (element, *element.iterancestors()))):
            continue
        for _ in range(_DEPTH):
            if element is None or element.tag == "body":
                break
            text = element.text_content()
            if len(text) > _LONGEST:
                break
            if element.tag not in _UNSEEN:
                yield clean_line(text)
            element = element.getparent()


def _shows(key: str, wanted: str) -> bool:
    return key.startswith(wanted) and len(key) <= _LONGER * len(wanted)
