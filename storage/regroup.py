"""What changes the stories besides what is crawled: a person's word, and a new look at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from storage.model import (
    Article,
    Duplicate,
    EntryState,
    Fingerprint,
    Outcome,
    Reason,
    StoredArticle,
)


class Word(StrEnum):
    """What a person may say of two articles."""

    APART = "apart"
    TOGETHER = "together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A person's word on two articles: they are of one story, or never are."""

    article_id: str
    other_id: str
    word: Word
    said_at: datetime

    def other_than(self, article_id: str) -> str:
        """Return the id of the other of the two."""
        return self.other_id if article_id == self.article_id else self.article_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An article's new place among the stories.

    ``rows`` tell of it in the lake. Its entries whose outcome follows from its place get
    ``outcome`` with ``reason``, ``detail`` and ``evidence`` (a JSON object).
    """

    stored: StoredArticle
    rows: tuple[Article | Duplicate, ...] = ()
    outcome: Outcome
    reason: Reason
    detail: str
    evidence: str = "{}"


class StoryReader(Protocol):
    """The stories and what was said of them."""

    def verdicts(self, article_ids: Sequence[str] | None = None) -> list[Verdict]:
        """Return what was said of any of these articles, or of all, the latest first."""

    def in_order(self) -> list[str]:
        """Return the ids of all articles: by publication, first sight, then id."""

    def articles(self, article_ids: Sequence[str]) -> list[StoredArticle]:
        """Return the articles with these ids, in their order."""

    def members(self, story_id: str) -> list[StoredArticle]:
        """Return a story's articles: the first copy, then the others as they came out."""


class StoryWriter(StoryReader, Protocol):
    """Changes to them, inside a write transaction."""

    def say(self, verdicts: Sequence[Verdict]) -> None:
        """Write verdicts down; each takes the place of what was said of the two before."""

    def forget(self, verdicts: Sequence[Verdict]) -> None:
        """Take back what was said of these pairs."""

    def put(self, stored: StoredArticle) -> None:
        """Write an article's place, without a word of it in the lake."""

    def sign(self, article_id: str, print_: Fingerprint) -> None:
        """Give an article another fingerprint of the same text."""

    def move(self, move: Move, *, run_id: str, at: datetime) -> None:
        """Write an article's new place, and the rows that tell of it."""

    def read_again(self, entry: EntryState, *, run_id: str, at: datetime) -> None:
        """Have a settled entry taken up again with the payload, reason and detail it comes with."""
