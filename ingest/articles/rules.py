"""A site's own rules from ``feeds.yml``: where its body, title and date stand, and what to remove.

A rule that matches nothing is as good as none, and is told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from lxml import etree
from lxml.html import HtmlElement

from ingest.articles.account import Body, Change, Stage, Step
from ingest.articles.dates import PageDate, parse_date
from ingest.articles.metadata import Metadata
from ingest.articles.paragraphs import Paragraph, paragraphs
from ingest.text import clean_line
from ingest.types import SiteRules

SOURCE: Final = "site rule"

_STAGES: Final = {"body": Stage.BODY, "remove": Stage.PRUNE}
_NEVER: Final = frozenset({"html", "body"})
_TOLD: Final = 200
_MOST: Final = 1_000


def stated(
    said: Metadata, tree: HtmlElement, rules: SiteRules | None
) -> tuple[Metadata, list[str]]:
    """Return the metadata with the title and the date that the rules find.

    The second value names the rules that matched nothing.
    """
    unmatched: list[str] = []
    if rules is None:
        return said, unmatched
    if rules.title is not None:
        title = next(filter(None, map(_text, _found(tree, rules.title))), None)
        if title is None:
            unmatched.append("title")
        else:
            said = _with(said, "title", title=title, titles=(title, *said.titles))
    if rules.date is not None:
        date = next(filter(None, map(_date, _found(tree, rules.date))), None)
        if date is None:
            unmatched.append("date")
        else:
            said = _with(said, "published_at", published=date)
    return said, unmatched


def remove(tree: HtmlElement, rules: SiteRules) -> tuple[Step, ...]:
    """Remove what the rule ``remove`` matches from the tree; return what that was."""
    steps = []
    for element in _elements(tree, rules.remove):
        parent = element.getparent()
        if parent is None or element.tag in _NEVER:
            continue
        text = clean_line("".join(str(piece) for piece in element.itertext()))[:_TOLD]
        element.drop_tree()
        steps.append(Step(stage=Stage.PRUNE, change=Change.REMOVED, rule=SOURCE, text=text))
    return tuple(steps)


def body(tree: HtmlElement, rules: SiteRules) -> Body | None:
    """Return the paragraphs of the elements that the rule ``body`` matches; ``None`` if no text.

    Of elements in one another the outermost counts.
    """
    found = _elements(tree, rules.body)
    inside = set(found)
    outer = [element for element in found if inside.isdisjoint(element.iterancestors())]
    text: Sequence[Paragraph] = [each for element in outer for each in paragraphs(element)]
    if not text:
        return None
    step = Step(stage=Stage.BODY, change=Change.CHOSEN, rule=SOURCE, text=str(rules.body))
    return Body(paragraphs=tuple(text), steps=(step,))


def missed(names: Iterable[str]) -> tuple[Step, ...]:
    """Return the steps that say that rules of these names matched nothing."""
    return tuple(
        Step(
            stage=_STAGES.get(name, Stage.FIELDS),
            change=Change.MISSED,
            rule=SOURCE,
            text=f"{name} matched nothing",
        )
        for name in names
    )


def _with(said: Metadata, field: str, **values: object) -> Metadata:
    return replace(said, **values, sources=said.sources | {field: SOURCE})  # type: ignore[arg-type]


def _found(tree: HtmlElement, path: str | None) -> list[HtmlElement | str]:
    if path is None:
        return []
    try:
        result = tree.xpath(path)
    except etree.XPathError:  # as a function that is unknown, met for the first time
        return []
    return list(result)[:_MOST] if isinstance(result, list) else [str(result)]


def _elements(tree: HtmlElement, path: str | None) -> list[HtmlElement]:
    return [each for each in _found(tree, path) if isinstance(each, HtmlElement)]


def _text(found: HtmlElement | str) -> str:
    if isinstance(found, str):
        return clean_line(found)
    return clean_line(found.get("content") or found.text_content())


def _date(found: HtmlElement | str) -> PageDate | None:
    if isinstance(found, str):
        return parse_date(found)
    values = (found.get("datetime"), found.get("content"), clean_line(found.text_content()))
    return next(filter(None, map(parse_date, values)), None)
