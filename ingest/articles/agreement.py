"""How far several extractions of one page agree, and what follows from it.

Texts are compared by their pairs of neighbouring words (characters, in scripts without spaces),
case folded: the coefficient of Dice (1945) over the multisets for two texts, the share of a
paragraph's pairs for one paragraph.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain, pairwise
from typing import Final, Self, TypeVar

from ingest.articles.account import Body, Stage, removed
from ingest.articles.language import folded_words
from ingest.articles.paragraphs import Kind, Paragraph

_Name = TypeVar("_Name", bound=str)

_NOT_ASKED: Final = frozenset({Kind.QUOTE, Kind.HEADING})
_SUPPORTED: Final = 0.5
_MOST_UNSUPPORTED: Final = 0.4
_COVERED: Final = 0.8
_STATED: Final = 0.2
_SHORTEST_STATED: Final = 300


class Witness:
    """A text as another extractor found it, or the publisher stated it, to compare with."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self.words = len(words)

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the witness of a text."""
        return cls(folded_words(text))

    @classmethod
    def joined(cls, found: Iterable[Paragraph]) -> Self:
        """Return the witness of paragraphs, one after the other."""
        return cls(tuple(chain.from_iterable(paragraph.words for paragraph in found)))

    @cached_property
    def pairs(self) -> Counter[tuple[str, str]]:
        """The pairs of neighbouring words, with how often each stands here."""
        return Counter(pairwise(self._words))

    @cached_property
    def _known(self) -> set[object]:
        return {*self.pairs, *self._words}

    @cached_property
    def often(self) -> set[tuple[str, str]]:
        """The pairs that stand here more than once."""
        return {pair for pair, count in self.pairs.items() if count > 1}

    def share(self, words: Sequence[str]) -> float:
        """Return the share of a short text's pairs of words that stand here, 0 to 1."""
        pairs: set[object] = set(pairwise(words)) or set(words)
        return len(pairs & self._known) / len(pairs) if pairs else 1.0

    def common(self, other: "Witness") -> int:
        """Return how many pairs the two texts have in common, each as often as both have it."""
        often = self.often & other.often
        more = sum(min(self.pairs[pair], other.pairs[pair]) - 1 for pair in often)
        return len(self.pairs.keys() & other.pairs.keys()) + more

    def likeness(self, other: "Witness") -> float:
        """Return Dice's coefficient of the two texts, 0 to 1."""
        total = self.pairs.total() + other.pairs.total()
        return 2 * self.common(other) / total if total else 0.0


def medoid(candidates: Mapping[_Name, Sequence[Paragraph]]) -> _Name:
    """Return the name of the candidate that is most like all others; the first of equals."""
    texts = {name: Witness.joined(found) for name, found in candidates.items()}
    return max(
        texts,
        key=lambda name: sum(
            texts[name].likeness(other) for key, other in texts.items() if key != name
        ),
    )


def unsupported(found: Sequence[Paragraph], witnesses: Sequence[Witness]) -> tuple[Paragraph, ...]:
    """Return the paragraphs that no witness has. Quotations and headings are not asked for.

    Embedded posts are quotations: extractors part over them, but they are the article's. A
    heading goes with what stands under it.
    """
    return tuple(
        paragraph
        for paragraph in found
        if paragraph.kind not in _NOT_ASKED
        and all(witness.share(paragraph.words) <= _SUPPORTED for witness in witnesses)
    )


def without_unsupported(found: Sequence[Paragraph], witnesses: Sequence[Witness]) -> Body:
    """Drop the paragraphs that one extractor alone took for the article's.

    All stay where they are much of the text: then the witnesses saw another part of the page.
    """
    gone = unsupported(found, witnesses)
    length = sum(len(paragraph.text) for paragraph in found)
    if sum(len(paragraph.text) for paragraph in gone) > _MOST_UNSUPPORTED * length:
        return Body(paragraphs=tuple(found))
    return Body(
        paragraphs=tuple(paragraph for paragraph in found if paragraph not in gone),
        steps=removed(Stage.AGREE, "one extractor alone", gone),
    )


def as_stated(found: Sequence[Paragraph], stated: Witness) -> Body:
    """Drop the paragraphs that are not in the text the publisher states (``articleBody``).

    Only where that is the whole article: it has at least four fifths of what was found. What
    stands before its first paragraph stays, for publishers state their texts without the lead.
    """
    if stated.words < _SHORTEST_STATED:
        return Body(paragraphs=tuple(found))
    whole = Witness.joined(found)
    if whole.common(stated) < _COVERED * max(1, whole.pairs.total()):
        return Body(paragraphs=tuple(found))
    inside = [stated.share(paragraph.words) > _STATED for paragraph in found]
    first = inside.index(True)
    kept = [index <= first or inside[index] for index in range(len(found))]
    return Body(
        paragraphs=tuple(p for p, keep in zip(found, kept, strict=True) if keep),
        steps=removed(
            Stage.AGREE,
            "not in the publisher's text",
            (p for p, keep in zip(found, kept, strict=True) if not keep),
        ),
    )
