"""The standfirst: the paragraph between headline and text that extractors often leave out.

It is known without names of classes or languages: a block on the page that says what the page
itself gives as its description. Shorter ones are subheadings, and stay in the summary alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from lxml.html import HtmlElement

from ingest.articles.account import Body, Change, Stage, Step
from ingest.articles.agreement import Witness
from ingest.articles.language import count_words
from ingest.articles.names import squash
from ingest.articles.paragraphs import Paragraph, joined
from ingest.text import clean_line

_FEWEST_WORDS: Final = 20
_LONGEST: Final = 1_500
_LONGER: Final = 1.15  # a description is often the standfirst cut at its end
_TOLD_ALREADY: Final = 0.6
_BLOCKS: Final = ("p", "div", "h2", "h3", "h4", "span", "strong", "section", "header")


def find_standfirst(tree: HtmlElement, descriptions: Iterable[str]) -> str | None:
    """Return the block that shows one of the page's descriptions, if it is a standfirst.

    Args:
        tree: The page, unpruned.
        descriptions: What the page says of itself in its metadata.
    """
    wanted = [squash(text) for text in descriptions if count_words(text) >= _FEWEST_WORDS - 2]
    if not wanted:
        return None
    return next((text for text in _blocks(tree) if _shows(squash(text), wanted)), None)


def with_standfirst(
    found: Sequence[Paragraph], standfirst: str | None, titles: Sequence[str]
) -> Body:
    """Put the standfirst before the text, unless the text tells it already."""
    if standfirst is None or not found or count_words(standfirst) < _FEWEST_WORDS:
        return Body(paragraphs=tuple(found))
    key = squash(standfirst)
    if any(key in squash(title) for title in titles):
        return Body(paragraphs=tuple(found))
    if Witness(joined(found)).share(standfirst) > _TOLD_ALREADY:
        return Body(paragraphs=tuple(found))
    step = Step(
        stage=Stage.STANDFIRST, change=Change.ADDED, rule="the page's description", text=standfirst
    )
    return Body(paragraphs=(Paragraph(text=standfirst), *found), steps=(step,))


def _blocks(tree: HtmlElement) -> Iterator[str]:
    body = tree.find(".//body")
    for element in () if body is None else body.iter(*_BLOCKS):
        text = element.text_content()
        if len(text) <= _LONGEST and (line := clean_line(text)):
            yield line


def _shows(key: str, wanted: Sequence[str]) -> bool:
    return any(key.startswith(text) and len(key) <= _LONGER * len(text) for text in wanted)
