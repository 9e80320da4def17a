"""From trafilatura's body tree to paragraphs, each with the share of it that is links."""

# ruff: noqa: RUF001 - the sentence marks of other scripts are meant

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml.etree import _Element

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
_TABLE_CELL: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One paragraph, cleaned. ``links`` is the share of its characters within links, 0 to 1."""

    text: str
    links: float = 0.0
    heading: bool = False


@dataclass(slots=True)
class _Run:
    """Text gathered since the last break: pieces with whether each is within a link."""

    pieces: list[tuple[str, bool]]
    heading: bool = False

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
            share = min(1.0, linked / len("".join(text.split())))
            yield Paragraph(text=text, links=share, heading=self.heading)
        self.pieces.clear()
        self.heading = False


def paragraphs(body: _Element) -> tuple[Paragraph, ...]:
    """Return the paragraphs of a body, in trafilatura's TEI-like tags or HTML, in reading order.

    Two line breaks in a row part paragraphs as a new element does, and so does one after the
    end of a sentence. A table row of short cells
    is one paragraph, its cells parted by bars. Preformatted code keeps its lines.
    """
    run = _Run([])
    return (*_walk(body, run), *run.flush())


def _walk(root: _Element, run: _Run) -> Iterator[Paragraph]:
    # A stack, not recursion: hostile pages nest elements deeper than Python's stack.
    stack: list[tuple[_Element, bool, bool]] = [(root, False, False)]
    while stack:
        element, linked, leaving = stack.pop()
        tag = element.tag if isinstance(element.tag, str) else ""
        block = tag in _BLOCKS
        if leaving:
            if block:
                yield from run.flush()
            if element is not root:
                run.take(element.tail, linked=linked)
            continue
        if whole := _whole(element, tag):
            yield from run.flush()
            yield Paragraph(text=whole)
            run.take(element.tail, linked=linked)
            continue
        if tag in _UNSEEN:
            run.take(element.tail, linked=linked)
            continue
        if block:
            yield from run.flush()
            run.heading = tag in _HEADINGS
        if tag in _BREAKS:
            if run.parted:
                yield from run.flush()
            run.take("\n", linked=linked)
        inside = linked or tag in _LINKS
        stack.append((element, linked, True))
        run.take(element.text, linked=inside)
        stack.extend((child, inside, False) for child in reversed(element))


def _whole(element: _Element, tag: str) -> str | None:
    if tag in _ROWS:
        return _short_row(element)
    if tag in _CODE and "\n" in (element.text or "").strip():
        return _code("".join(str(piece) for piece in element.itertext()))
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
