"""Blocks that a site's pages repeat: what stands on several of them is no page's own text.

A block is an element with at least eight words, known by a hash of them and of where in the
markup it stands; a shorter one is known only together with its neighbour. The place tells a
site's residue, which its template puts in one place, from a sentence that one page tells and
others quote as a teaser. Blocks learned on earlier pages are removed before any extractor looks,
each the outermost that is known.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from lxml import etree
from lxml.html import HtmlElement

from ingest.articles.account import Change, Stage, Step
from ingest.text import clean_line

RULE: Final = "repeated on the site's pages"
FEWEST_WORDS: Final = 8
MOST: Final = 512
"""How many blocks of a page are looked at: the first and the last half of so many."""

_LONGEST: Final = 400  # words; what holds more holds the article, or is one
_TOLD: Final = 200
_BLOCKS: Final = frozenset(
    {"p", "div", "section", "aside", "header", "footer", "nav", "form", "figure", "figcaption"}
    | {"ul", "ol", "li", "dl", "dt", "dd", "table", "tr", "td", "th", "blockquote", "pre"}
    | {"h2", "h3", "h4", "h5", "h6", "article", "details", "summary", "address"}
)
_CELLS: Final = frozenset({"li", "tr", "td", "th", "dt", "dd"})  # short ones go with the whole
_UNREAD: Final = frozenset({"script", "style", "template", "noscript", "textarea", "option"})
_FURNITURE: Final = frozenset({"nav", "footer", "aside", "a", "button", "select", "menu"})
_MARKED: Final = _UNREAD | _FURNITURE
_DIGITS: Final = re.compile(r"\d+")
_LONG_WORD: Final = 14  # letters: longer on average, and there are no spaces between the words
_WORD: Final = 2
_ABOVE: Final = 2  # elements around a block whose tags belong to its place


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An element with its hash (a signed 64-bit integer) and its words, case folded.

    Two blocks can be of one element: a short one has a hash with each of its neighbours.

    ``beside`` says whether it is furniture or a link by its markup, which no extractor takes for
    the article.
    """

    element: HtmlElement
    key: int
    words: str
    count: int
    beside: bool


@dataclass(slots=True)
class _Ended:
    """An element, where its words stand among the page's, how many they are, and its tags' path.

    ``start`` and ``end`` are characters of the page's words, parted by one space each.
    """

    element: HtmlElement
    start: int
    end: int
    count: int
    depth: int
    path: str
    beside: bool

    def block(self, known_by: str, words: str) -> Block:
        """Return the element with its words as a block that is known by others at its place."""
        name = _DIGITS.sub("#", self.element.get("class", ""))
        return Block(
            element=self.element,
            key=_hash(known_by, f"{self.path}.{name}"),
            words=words,
            count=self.count,
            beside=self.beside,
        )


def blocks(tree: HtmlElement) -> tuple[Block, ...]:
    """Return the blocks of a page's body in the order in which they end; none that holds an h1.

    Of elements that hold nothing but one another the innermost counts. An element with fewer words
    is a block by those of the one before or after it as well, if together they are enough.
    """
    body = tree.find(".//body")
    if body is None:
        return ()
    headings = {above for h1 in body.iter("h1") for above in (h1, *h1.iterancestors())}
    found: list[Block] = []
    last = (0, 0)
    latest: dict[int, _Ended] = {}
    said, ended = _read(body)
    for each in ended:
        if each.element in headings:
            continue
        if each.count >= FEWEST_WORDS and (each.start, each.end) != last:
            words = said[each.start : each.end]
            found.append(each.block(words, words))
            last = (each.start, each.end)
        before = latest.get(each.depth)
        if before is not None and before.end + 1 == each.start:
            found += _together(before, each, said)
        latest[each.depth] = each
    half = MOST // 2
    return tuple(found) if len(found) <= MOST else (*found[:half], *found[-half:])


def repeated(found: Sequence[Block], known: Collection[int], own: Sequence[str]) -> list[Block]:
    """Return the outermost of the blocks that are known to be repeated.

    Args:
        found: A page's blocks.
        known: The hashes of those that are repeated on its site.
        own: What the page says of itself (descriptions): a block that says the same is its own.
    """
    spared = [" ".join(text.casefold().split()) for text in own]
    gone = {
        block.element: block
        for block in found
        if block.key in known and not any(block.words in text for text in spared)
    }
    return [
        block for element, block in gone.items() if gone.keys().isdisjoint(element.iterancestors())
    ]


def remove(gone: Sequence[Block]) -> tuple[Step, ...]:
    """Remove blocks from their tree; return the steps that say so."""
    steps = []
    for block in gone:
        text = clean_line(" ".join(str(piece) for piece in block.element.itertext()))[:_TOLD]
        if block.element.getparent() is not None:
            block.element.drop_tree()
        steps.append(Step(stage=Stage.PRUNE, change=Change.REMOVED, rule=RULE, text=text))
    return tuple(steps)


def _read(body: HtmlElement) -> tuple[str, list[_Ended]]:
    """Return a page's words, and its elements that may be blocks and have words, as they end."""
    said: list[str] = []
    ended: list[_Ended] = []
    # Of each open element: its tag, and how many words and characters of them stood before it.
    opened: list[tuple[str, int, int]] = []
    words = at = unread = beside = 0
    for event, element in etree.iterwalk(body, events=("start", "end")):
        if event == "start":
            tag = element.tag
            opened.append((tag, words, at))
            if tag in _MARKED:
                unread += tag in _UNREAD
                beside += tag in _FURNITURE
            text = element.text
        else:
            tag, before, start = opened.pop()
            if words > before and tag in _BLOCKS and words - before <= _LONGEST and not unread:
                size = words - before
                count = size if size >= FEWEST_WORDS else _count(size, at - start - size)
                if count >= FEWEST_WORDS or not (beside or tag in _CELLS):
                    path = "/".join([*[above[0] for above in opened[-_ABOVE:]], tag])
                    ended.append(
                        _Ended(element, start, at - 1, count, len(opened), path, beside > 0)
                    )
            if tag in _MARKED:
                unread -= tag in _UNREAD
                beside -= tag in _FURNITURE
            text = element.tail
        if text and not unread and not text.isspace():
            # Folded together, and so in one call: no letter is folded to white space.
            piece = " ".join(text.split()).casefold()
            words += piece.count(" ") + 1
            at += len(piece) + 1
            said.append(piece)
    return " ".join(said), ended


def _together(first: _Ended, second: _Ended, said: str) -> Iterator[Block]:
    """Yield those of two neighbours that are short, known by the words of both."""
    short = first.count < FEWEST_WORDS or second.count < FEWEST_WORDS
    enough = first.count + second.count >= FEWEST_WORDS
    if short and enough and first.element.getparent() is second.element.getparent():
        before, after = said[first.start : first.end], said[second.start : second.end]
        for each, words in ((first, before), (second, after)):
            if each.count < FEWEST_WORDS:
                yield each.block(f"{before}\n{after}", words)


def _count(pieces: int, letters: int) -> int:
    """Return how many words a few pieces parted by white space are, also without spaces."""
    return letters // _WORD if letters > _LONG_WORD * pieces else pieces


def _hash(words: str, place: str) -> int:
    """Return a hash of a block's words and place, the same in every process."""
    own = f"{place}\x00{words}"
    digest = blake2b(own.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
