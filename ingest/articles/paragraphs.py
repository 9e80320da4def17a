"""From trafilatura's body tree to paragraphs, each with the share of it that is links."""

# ruff: noqa: RUF001 - the sentence marks of other scripts are meant

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from lxml.etree import _Element

from ingest.articles.language import folded_words
from ingest.text import clean_line, clean_text

# The tags of trafilatura's bodies and, for the markup of feeds, those of HTML.
_HEADINGS: Final = frozenset({"head", "h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS: Final = _HEADINGS | frozenset(
    {"p", "item", "quote", "cell", "list", "table", "div", "main", "body", "section", "article"}
    | {"ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "td", "th", "tr", "figure", "hr"}
    | {"figcaption", "header", "footer", "aside", "address", "details", "summary"}
)
_UNSEEN: Final = frozenset(
    {"script", "style", "template", "noscript", "iframe", "svg", "form", "button"}
)
_ROWS: Final = frozenset({"row", "tr"})
_CODE: Final = frozenset({"code", "pre"})
_LINKS: Final = frozenset({"ref", "a"})
_BREAKS: Final = frozenset({"lb", "br"})
_SENTENCE_ENDS: Final = (
    ".",
    "!",
    "?",
    "…",
    "”",
    "»",
    '."',
    '!"',
    '?"',
    "。",
    "！",
    "？",
    "」",
    "।",
    "؟",
)
_QUOTES: Final = frozenset({"quote", "blockquote"})
_ITEMS: Final = frozenset({"item", "li"})
_TABLE_CELL: Final = 120


class Kind(StrEnum):
    """What a paragraph was in the page's markup."""

    TEXT = "text"
    HEADING = "heading"
    ITEM = "item"
    QUOTE = "quote"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True, kw_only=True)  # without slots: its words are kept
class Paragraph:
    """One paragraph, cleaned. ``links`` is the share of its characters within links, 0 to 1.

    ``level`` is a heading's, 1 to 6, or 0 where the markup does not tell.
    """

    text: str
    links: float = 0.0
    kind: Kind = Kind.TEXT
    level: int = 0

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of the text, case folded: every stage asks for them, so they are kept."""
        return tuple(folded_words(self.text))

    @property
    def length(self) -> int:
        """How many words the text has."""
        return len(self.words)


@dataclass(slots=True)
class _Run:
    """Text gathered since the last break: pieces with whether each is within a link."""

    pieces: list[tuple[str, bool]]
    kind: Kind = Kind.TEXT
    level: int = 0

    def take(self, text: str | None, *, linked: bool) -> None:
        if text:
            self.pieces.append((text, linked))

    @property
    def parted(self) -> bool:
        """Whether a line break here parts paragraphs: a second one, or one after a sentence.

        trafilatura keeps one of the two breaks that many pages write between paragraphs.
        """
        for piece, _ in reversed(self.pieces):
            if piece == "\n":
                return True
            if text := piece.rstrip():
                return text.endswith(_SENTENCE_ENDS)
        return False

    def flush(self) -> Iterator[Paragraph]:
        text = clean_line("".join(piece for piece, _ in self.pieces))
        if text:
            linked = sum(len("".join(piece.split())) for piece, is_link in self.pieces if is_link)
            share = linked and min(1.0, linked / (len(text) - text.count(" ")))
            yield Paragraph(text=text, links=share, kind=self.kind, level=self.level)
        self.pieces.clear()


def paragraphs(body: _Element) -> tuple[Paragraph, ...]:
    """Return the paragraphs of a body, in trafilatura's TEI-like tags or HTML, in reading order.

    Two line breaks in a row part paragraphs as a new element does, and so does one after the
    end of a sentence. A table row of short cells
    is one paragraph, its cells parted by bars. Preformatted code keeps its lines.
    """
    run = _Run([])
    return (*_walk(body, run), *run.flush())


def joined(found: Sequence[Paragraph]) -> str:
    """Return the text of paragraphs, parted by blank lines."""
    return "\n\n".join(paragraph.text for paragraph in found)


def length(found: Iterable[Paragraph]) -> int:
    """Return how many words paragraphs have together."""
    return sum(paragraph.length for paragraph in found)


def _walk(root: _Element, run: _Run) -> Iterator[Paragraph]:
    # A stack, not recursion: hostile pages nest elements deeper than Python's stack.
    stack: list[tuple[_Element, bool, Kind, bool]] = [(root, False, Kind.TEXT, False)]
    while stack:
        element, linked, around, leaving = stack.pop()
        tag = element.tag if isinstance(element.tag, str) else ""
        block = tag in _BLOCKS
        if leaving:
            if block:
                yield from run.flush()
                run.kind = around
            if element is not root:
                run.take(element.tail, linked=linked)
            continue
        if whole := _whole(element, tag):
            yield from run.flush()
            yield whole
            run.take(element.tail, linked=linked)
            continue
        if tag in _UNSEEN:
            run.take(element.tail, linked=linked)
            continue
        within = around
        if block:
            yield from run.flush()
            within = _kind(tag, around)
            run.kind, run.level = within, _level(element, tag)
        if tag in _BREAKS:
            if run.parted:
                yield from run.flush()
            run.take("\n", linked=linked)
        inside = linked or tag in _LINKS
        stack.append((element, linked, around, True))
        run.take(element.text, linked=inside)
        stack.extend((child, inside, within, False) for child in reversed(element))


def _kind(tag: str, around: Kind) -> Kind:
    # A quotation stays one through its lists and headings.
    if around is Kind.QUOTE or tag in _QUOTES:
        return Kind.QUOTE
    if tag in _HEADINGS:
        return Kind.HEADING
    return Kind.ITEM if around is Kind.ITEM or tag in _ITEMS else Kind.TEXT


def _level(element: _Element, tag: str) -> int:
    # trafilatura keeps the tag that a heading had as its ``rend``.
    name = element.get("rend", "") if tag == "head" else tag
    return int(name[1]) if name in _HEADINGS and name[1:].isdigit() else 0


def _whole(element: _Element, tag: str) -> Paragraph | None:
    if tag in _ROWS:
        row = _short_row(element)
        return Paragraph(text=row, kind=Kind.ROW) if row else None
    if tag in _CODE and "\n" in (element.text or "").strip():
        code = _code("".join(str(piece) for piece in element.itertext()))
        return Paragraph(text=code, kind=Kind.CODE) if code else None
    return None


def _short_row(row: _Element) -> str | None:
    cells = [clean_line("".join(str(piece) for piece in cell.itertext())) for cell in row]
    filled = [cell for cell in cells if cell]
    if len(filled) > 1 and all(len(cell) <= _TABLE_CELL for cell in filled):
        return " | ".join(filled)
    return None


def _code(text: str) -> str:
    # No blank lines within: they part paragraphs.
    return "\n".join(line.rstrip() for line in clean_text(text).split("\n") if line.strip())
