"""From a page's tree to the paragraphs of its article, stage by stage.

prune, look quickly, compare with a second extractor, look again where they differ, drop what only
one of them saw, drop residue, doubt what is short, put the standfirst before it. Each stage is a
function of values; what each did is in the steps.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from lxml.html import HtmlElement

from ingest.articles import extractors
from ingest.articles.account import Body, Change, Stage, Step
from ingest.articles.agreement import (
    Witness,
    as_stated,
    medoid,
    unsupported,
    without_unsupported,
)
from ingest.articles.document import parse_html
from ingest.articles.doubt import without_doubtful
from ingest.articles.paragraphs import Paragraph, joined
from ingest.articles.pruning import ALWAYS, THIN, Pruning, prune
from ingest.articles.residue import drop_residue
from ingest.articles.standfirst import find_standfirst, with_standfirst

QUICK: Final = "trafilatura, quick"
PRECISE: Final = "trafilatura, precise"
FULL: Final = "trafilatura, full"
READABILITY: Final = "readability"

_SHORT: Final = 300
_SHORTER: Final = 0.7
_WORTH_A_LOOK: Final = 60
_ALIKE: Final = 0.7
_FRAGMENT: Final = 0.25
_SAME: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What the page's metadata tell of its body.

    ``titles`` by which a repeat is known, ``authors`` by which a note on them is,
     ``descriptions`` by which the standfirst is, ``stated``
    is the text as the publisher gives it to machines (``articleBody``), empty if not at all.
    """

    titles: Sequence[str] = ()
    authors: Sequence[str] = ()
    descriptions: Sequence[str] = ()
    stated: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The paragraphs of an article with how they were got.

    ``agreement`` is the likeness of the extractor's text to a second extractor's, 0 to 1;
    ``extractor`` names the one whose text was taken.
    """

    body: Body
    agreement: float
    extractor: str


def read_body(
    tree: HtmlElement, markup: bytes, hints: Hints, prunings: Sequence[Pruning] = ()
) -> Reading:
    """Read the body of a page.

    Args:
        tree: The page's root element; it is used up.
        markup: The page's source in UTF-8, for what needs the page as it was.
        hints: What the page's metadata tell.
        prunings: What was removed from the tree before, as what a site is known to repeat on its
            pages; to be removed again where the page as it was is looked at.
    """
    page = _Page(tree, markup, hints, prunings)
    looked = page.look()
    agreed = page.agree(looked.paragraphs, hints.stated)
    own = drop_residue(agreed.paragraphs, hints.titles, hints.authors)
    sure = without_doubtful(own.paragraphs, page.agreement)
    whole = with_standfirst(sure.paragraphs, page.standfirst, hints.titles)
    steps = (step for stage in (looked, agreed, own, sure, whole) for step in stage.steps)
    return Reading(
        body=Body(paragraphs=whole.paragraphs, steps=tuple(steps)),
        agreement=page.agreement,
        extractor=page.extractor,
    )


class _Page:
    """A page under extraction: the thinned tree, and the whole one where it is asked for."""

    def __init__(
        self, tree: HtmlElement, markup: bytes, hints: Hints, prunings: Sequence[Pruning]
    ) -> None:
        self._markup = markup
        self._hints = hints
        self._prunings = prunings
        self._pruned = prune(tree, ALWAYS)
        # Before the page is thinned: some show theirs in what is furniture by its markup.
        self.standfirst = find_standfirst(tree, hints.descriptions)
        self._thinned = prune(tree, THIN)
        self._tree = tree
        self.second = Witness.of(extractors.plain_text(tree))
        self.extractor = QUICK
        self.agreement = 0.0

    @cached_property
    def readable(self) -> tuple[Paragraph, ...]:
        """What the readability algorithm finds in the thinned tree."""
        return extractors.readability(deepcopy(self._tree))

    def look(self) -> Body:
        """Return the text of the extractor that is believed, and what was pruned for it."""
        steps = (*self._pruned, *self._thinned)
        found = extractors.quick(self._tree)
        own = Witness.joined(found)
        # Where trafilatura finds no body, it gives all the page's text as one paragraph.
        whole = len(joined(found)) >= _SHORT and len(found) > 1
        self.agreement = own.likeness(self.second)
        if whole and own.words >= _SHORTER * self.second.words:
            return Body(paragraphs=found, steps=steps)
        stated = Witness.of(self._hints.stated)
        if own.words < _FRAGMENT * max(self.second.words, stated.words):
            # All that trafilatura can find is believed only if another tells the same.
            full = extractors.full(self._whole)
            words = Witness.joined(full)
            if max(words.likeness(self.second), words.likeness(stated)) >= _SAME:
                return self._chosen(full, FULL, "told by another as well", steps)
        # The whole tree: what is short after the pruning may be long in it.
        third = extractors.readability(deepcopy(self._whole))
        if whole and own.likeness(Witness.joined(third)) >= _ALIKE:
            return Body(paragraphs=found, steps=steps)
        candidates = {QUICK: found, PRECISE: extractors.precise(self._whole), READABILITY: third}
        filled = {name: some for name, some in candidates.items() if some}
        if not filled:
            return Body(paragraphs=(), steps=steps)
        name = medoid(filled)
        return self._chosen(filled[name], name, "most like the others", steps)

    def _chosen(
        self, found: Sequence[Paragraph], name: str, rule: str, steps: Sequence[Step]
    ) -> Body:
        self.extractor = name
        self.agreement = Witness.joined(found).likeness(self.second)
        step = Step(stage=Stage.BODY, change=Change.CHOSEN, rule=rule, text=name)
        return Body(paragraphs=tuple(found), steps=(*steps, step))

    @cached_property
    def _whole(self) -> HtmlElement:
        """The page as it was, without what no article needs."""
        tree = parse_html(self._markup)
        assert tree is not None, "it was parsed before"
        prune(tree, (*self._prunings, *ALWAYS))
        return tree

    def agree(self, found: Sequence[Paragraph], stated: str) -> Body:
        """Drop what the publisher does not state and what no other extractor saw."""
        publisher = Witness.of(stated)
        before = as_stated(found, publisher)
        witnesses = [witness for witness in (self.second, publisher) if witness.words]
        doubtful = unsupported(before.paragraphs, witnesses)
        if not self.second.words or len(joined(doubtful)) < _WORTH_A_LOOK:
            return before
        third = Witness.joined(self.readable)
        after = without_unsupported(before.paragraphs, (*witnesses, third))
        return Body(paragraphs=after.paragraphs, steps=(*before.steps, *after.steps))
