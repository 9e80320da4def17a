"""From a page's tree to the paragraphs of its article, stage by stage.

prune, look quickly, compare with a second extractor, look again where they differ, drop what only
one of them saw, drop residue, put the standfirst before it. Each stage is a function of values;
what each did is in the steps.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
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
from ingest.articles.paragraphs import Paragraph, joined
from ingest.articles.pruning import ALWAYS, THIN, Pruning, prune
from ingest.articles.residue import drop_residue
from ingest.articles.standfirst import find_standfirst, with_standfirst

QUICK: Final = "trafilatura, quick"
PRECISE: Final = "trafilatura, precise"
READABILITY: Final = "readability"

_SHORT: Final = 300
_SHORTER: Final = 0.7
_ALIKE: Final = 0.8


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
    tree: HtmlElement, markup: str, hints: Hints, prunings: Sequence[Pruning] = ()
) -> Reading:
    """Read the body of a page.

    Args:
        tree: The page's root element; comment forms and what ``prunings`` name go from it.
        markup: The page's decoded source, for the extractor that parses it itself.
        hints: What the page's metadata tell.
        prunings: What else to remove before any extractor looks, as what a site is known to
            repeat on its pages.
    """
    steps = prune(tree, (*ALWAYS, *prunings))
    standfirst = find_standfirst(tree, hints.descriptions)
    second = Witness(extractors.plain_text(markup))
    name, found, chosen = _look(tree, second)
    agreement = Witness(joined(found)).likeness(second)
    stages = [chosen, _agreed(found, tree, second, hints)]
    stages.append(drop_residue(stages[-1].paragraphs, hints.titles, hints.authors))
    stages.append(with_standfirst(stages[-1].paragraphs, standfirst, hints.titles))
    return Reading(
        body=Body(
            paragraphs=stages[-1].paragraphs,
            steps=(*steps, *(step for stage in stages for step in stage.steps)),
        ),
        agreement=agreement,
        extractor=name,
    )


def _look(tree: HtmlElement, second: Witness) -> tuple[str, tuple[Paragraph, ...], Body]:
    """Return the extractor that is believed, what it found, and what was pruned for it."""
    thin = deepcopy(tree)
    pruned = prune(thin, THIN)
    found = extractors.quick(thin)
    if _is_sure(found, second):
        return QUICK, found, Body(paragraphs=found, steps=pruned)
    # The whole tree: what was short for the pruning is long in it.
    candidates = {
        QUICK: found,
        PRECISE: extractors.precise(tree),
        READABILITY: extractors.readability(deepcopy(tree)),
    }
    filled = {name: some for name, some in candidates.items() if some}
    if not filled:
        return QUICK, (), Body(paragraphs=(), steps=pruned)
    name = medoid(filled)
    step = Step(stage=Stage.BODY, change=Change.CHOSEN, rule="most like the others", text=name)
    return name, filled[name], Body(paragraphs=filled[name], steps=(*pruned, step))


def _is_sure(found: Sequence[Paragraph], second: Witness) -> bool:
    text = joined(found)
    if len(text) < _SHORT:
        return False
    own = Witness(text)
    return own.words >= _SHORTER * second.words and own.likeness(second) >= _ALIKE


def _agreed(found: Sequence[Paragraph], tree: HtmlElement, second: Witness, hints: Hints) -> Body:
    witnesses = [second]
    stated = Witness(hints.stated)
    before = as_stated(found, stated)
    if stated.words:
        witnesses.append(stated)
    if second.words and unsupported(before.paragraphs, witnesses):
        third = Witness(joined(extractors.readability(deepcopy(tree))))
        after = without_unsupported(before.paragraphs, (*witnesses, third))
        return Body(paragraphs=after.paragraphs, steps=(*before.steps, *after.steps))
    return before
