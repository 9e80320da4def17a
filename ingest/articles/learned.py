"""A page's body read with what is known of its site: rules of people, and what its pages repeat.

Both take effect before any extractor looks. What the site is known to repeat is never taken for
residue where it is most of the article: then the memory is wrong, or the page a copy of others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from lxml.html import HtmlElement

from ingest.articles import rules
from ingest.articles.account import Body, Change, Stage, Step
from ingest.articles.agreement import Witness
from ingest.articles.body import Hints, Reading, read_body
from ingest.articles.document import parse_html
from ingest.articles.extractors import plain_text
from ingest.articles.paragraphs import joined, length, paragraphs
from ingest.articles.pruning import ALWAYS, Pruning, machinery, prune
from ingest.articles.repeats import blocks, remove, repeated
from ingest.articles.residue import drop_residue
from ingest.dedup.passages import quotes
from ingest.types import Lesson, Site, SiteRules

_MOST: Final = 0.5
_QUOTED: Final = 5
_NONE: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was read of a page, and what it teaches of its site.

    ``left_out`` is the text that is not in the reading since the site's pages repeat it.
    """

    reading: Reading
    lesson: Lesson
    left_out: str


def read_learned(
    tree: HtmlElement, markup: bytes, hints: Hints, site: Site, unmatched: Sequence[str] = ()
) -> Learned:
    """Read the body of a page by what is known of its site.

    Args:
        tree: The page's root element; it is used up.
        markup: The page's source in UTF-8.
        hints: What the page's metadata tell.
        site: What is known of the site.
        unmatched: The rules that matched nothing so far.
    """
    found = blocks(tree)
    gone = repeated(found, site.repeated, hints.descriptions)
    beside = [block for block in gone if block.beside]
    amid = [block for block in gone if not block.beside]
    taken = sum(block.count for block in amid)
    left_out = "\n\n".join(joined(paragraphs(block.element)) for block in amid)
    # What is furniture anyway is no loss, and not worth telling.
    remove(beside)
    steps = remove(amid)
    reading, missed = _read(tree, markup, hints, site)
    kept = False
    if taken >= _words(reading):
        whole, missed_there = _read(_parsed(markup), markup, hints, replace(site, repeated=_NONE))
        kept = _words(reading) < _MOST * _words(whole)
        if kept:
            reading, missed = whole, missed_there
    names = (*unmatched, *missed)
    return Learned(
        reading=_before(rules.missed(names), _after(steps, reading, kept=kept)),
        lesson=Lesson(
            blocks=tuple(dict.fromkeys(block.key for block in found)),
            removed=len(steps),
            quotations=tuple(quotes((step.text for step in steps), most=_QUOTED)),
            kept=kept,
            agreement=round(reading.agreement, 3),
            links=link_share(reading.body),
            unmatched=names,
            page_words=_words(reading),
        ),
        left_out="" if kept else left_out,
    )


def link_share(body: Body) -> float:
    """Return the share of a body's characters that are links, 0 to 1."""
    letters = sum(len(paragraph.text) for paragraph in body.paragraphs)
    linked = sum(len(paragraph.text) * paragraph.links for paragraph in body.paragraphs)
    return round(linked / letters, 3) if letters else 0.0


def _read(
    tree: HtmlElement, markup: bytes, hints: Hints, site: Site
) -> tuple[Reading, tuple[str, ...]]:
    """Read a tree that has lost its repeats; the second value names rules that matched nothing."""
    own = site.rules
    if own is None:
        return read_body(tree, markup, hints, _again(hints, site)), ()
    unmatched = []
    steps = rules.remove(tree, own)
    if own.remove is not None and not steps:
        unmatched.append("remove")
    if own.body is not None:
        by_rule = _by_rule(tree, hints, own)
        if by_rule is not None:
            return _before(steps, by_rule), tuple(unmatched)
        unmatched.append("body")
        tree = _parsed(markup)
        prune(tree, _again(hints, site))
    reading = read_body(tree, markup, hints, _again(hints, site))
    return _before(steps, reading), tuple(unmatched)


def _by_rule(tree: HtmlElement, hints: Hints, own: SiteRules) -> Reading | None:
    prune(tree, (machinery, *ALWAYS))
    found = rules.body(tree, own)
    if found is None:
        return None
    text = drop_residue(found.paragraphs, hints.titles, hints.authors)
    return Reading(
        body=Body(paragraphs=text.paragraphs, steps=(*found.steps, *text.steps)),
        agreement=Witness.joined(text.paragraphs).likeness(Witness.of(plain_text(tree))),
        extractor=rules.SOURCE,
    )


def _again(hints: Hints, site: Site) -> tuple[Pruning, ...]:
    """Return what removes the same from the page as it was."""

    def forget(tree: HtmlElement) -> tuple[Step, ...]:
        if not site.repeated:
            return ()
        return remove(repeated(blocks(tree), site.repeated, hints.descriptions))

    def obey(tree: HtmlElement) -> tuple[Step, ...]:
        return () if site.rules is None else rules.remove(tree, site.rules)

    return (forget, obey)


def _parsed(markup: bytes) -> HtmlElement:
    tree = parse_html(markup)
    assert tree is not None, "it was parsed before"
    return tree


def _words(reading: Reading) -> int:
    return length(reading.body.paragraphs)


def _before(steps: Sequence[Step], reading: Reading) -> Reading:
    body = replace(reading.body, steps=(*steps, *reading.body.steps))
    return replace(reading, body=body)


def _after(steps: Sequence[Step], reading: Reading, *, kept: bool) -> Reading:
    if not kept:
        return _before(steps, reading)
    told = Step(
        stage=Stage.PRUNE,
        change=Change.CHOSEN,
        rule="repeats are most of the text",
        text=f"the page as it is, with {len(steps)} blocks that the site repeats",
    )
    return _before((told,), reading)
