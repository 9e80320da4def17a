"""What decides two articles before their texts are asked: a person's word, or the configuration.

The same precedence as in ``ingest.settle.choice``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from storage.model import StoredArticle
from storage.regroup import StoryReader, Word

PERSON: Final = "a person's word"


class Ruling(StrEnum):
    """What is made of two articles, whatever their texts have in common."""

    JOINED = "joined"
    APART = "apart"
    UNFOLDED = "unfolded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overruled:
    """A ruling, its rule and, fit for JSON, what it rests on."""

    ruling: Ruling
    rule: str
    evidence: Mapping[str, object]


def by_word(stories: StoryReader, here: StoredArticle, there: StoredArticle) -> Overruled | None:
    """Return what a person said of an article and another, or one of that other's story.

    That they are apart comes first; of several words on joining the latest that was said.
    """
    story = {it.article_id for it in stories.members(there.story_id)} | {there.article_id}
    words = [
        it for it in stories.verdicts([here.article_id]) if it.other_than(here.article_id) in story
    ]
    for word, ruling in ((Word.APART, Ruling.APART), (Word.TOGETHER, Ruling.JOINED)):
        for verdict in words:
            if verdict.word is word:
                evidence = {
                    "said_at": verdict.said_at.isoformat(),
                    "said_of": verdict.other_than(here.article_id),
                }
                return Overruled(ruling=ruling, rule=PERSON, evidence=evidence)
    return None


def by_configuration(
    here: StoredArticle, there: StoredArticle, *, folds: bool, unfolded: Collection[str]
) -> Overruled | None:
    """Return how the configuration keeps two articles from being compared.

    Args:
        here: The one article.
        there: The other.
        folds: Whether anything is folded (``dedup.enabled``).
        unfolded: The ids of the feeds that are not (``feeds[].fold``).
    """
    if not folds:
        return Overruled(ruling=Ruling.UNFOLDED, rule="dedup.enabled is false", evidence={})
    feeds = list(dict.fromkeys(it.feed_id for it in (here, there) if it.feed_id in unfolded))
    if not feeds:
        return None
    evidence = {"feeds": feeds}
    return Overruled(ruling=Ruling.UNFOLDED, rule="fold is false for its feed", evidence=evidence)
