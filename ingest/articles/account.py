"""The account of an extraction: what each stage took away or added, and by which rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ingest.articles.paragraphs import Paragraph


class Stage(StrEnum):
    """The stages that change the text, in their order, after those that settle the fields."""

    FIELDS = "fields"
    PRUNE = "prune"
    BODY = "body"
    AGREE = "agree"
    RESIDUE = "residue"
    DOUBT = "doubt"
    STANDFIRST = "standfirst"


class Change(StrEnum):
    """What was done to a piece of text; what a rule missed, nothing was done to."""

    REMOVED = "removed"
    ADDED = "added"
    CHOSEN = "chosen"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing a stage did: a piece of text, and the name of the rule by which it was done."""

    stage: Stage
    change: Change
    rule: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """An article's paragraphs as they stand after a stage, with the steps that led there."""

    paragraphs: tuple[Paragraph, ...]
    steps: tuple[Step, ...] = ()


def removed(stage: Stage, rule: str, gone: Iterable[Paragraph]) -> tuple[Step, ...]:
    """Return the steps that say that a rule of a stage took these paragraphs away."""
    return tuple(
        Step(stage=stage, change=Change.REMOVED, rule=rule, text=paragraph.text)
        for paragraph in gone
    )
