"""Whether an article's text is taken from its page or from its feed, by rules in their order.

The page is the article: the feed's text is taken only where there are signs that the page's is
not whole, and that the feed's is. What a feed's texts are in general is told from its last
entries, each compared with its page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ingest.articles.agreement import Witness
from ingest.articles.paragraphs import Paragraph
from ingest.types import FeedText, Lesson, Site
from storage.sites import FeedSignals

ENOUGH_WORDS: Final = 100
"""From so many words on a text of a feed of which nothing is known is more than a teaser."""

LEAST_WORDS: Final = 20
"""And of a feed that is known to give its texts whole: a short notice is a text, too."""

_LEAST_ENTRIES: Final = 4
_MOST_OF: Final = 0.75
_COMPARABLE: Final = 60  # words: of a shorter page's text little can be told
_WHOLE: Final = 0.8
_SAME: Final = 0.7
_OTHER: Final = 0.1
_LONGER: Final = 1.5
_PAID_LONGER: Final = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The texts of a page and a feed in numbers, as the rules look at them.

    ``shared`` is the share of the page's pairs of words that the feed's text has, 0 to 1.
    """

    page_words: int
    feed_words: int
    shared: float
    paywalled: bool
    feed_text: FeedText


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When the feed's text is taken instead of the page's, and why."""

    name: str
    reason: str
    holds: Callable[[Texts], bool]


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="paywall",
        reason="a page that says that it is for those who pay shows its beginning alone",
        holds=lambda t: (
            t.paywalled and stands_alone(t) and t.feed_words >= _PAID_LONGER * t.page_words
        ),
    ),
    Rule(
        name="page cut short",
        reason="the feed has nearly all that the page has, and half as much again",
        holds=lambda t: (
            stands_alone(t) and t.shared >= _SAME and t.feed_words >= _LONGER * t.page_words
        ),
    ),
    Rule(
        name="page tells something else",
        reason="a feed that gives its texts whole tells another text: a wall, or a wrong page",
        holds=lambda t: t.feed_text is FeedText.FULL and stands_alone(t) and t.shared <= _OTHER,
    ),
)


def stands_alone(texts: Texts) -> bool:
    """Whether the feed's text can be an article's."""
    return is_article(texts.feed_words, texts.feed_text)


def is_article(words: int, feed_text: FeedText) -> bool:
    """Whether a feed's text of so many words can stand in for a page that cannot be had.

    A teaser cannot, however long: an article is not to be stored as if it ended there.
    """
    if feed_text is FeedText.TEASER:
        return False
    return words >= (LEAST_WORDS if feed_text is FeedText.FULL else ENOUGH_WORDS)


def choose(texts: Texts) -> Rule | None:
    """Return the rule by which the feed's text is taken, ``None`` where it is the page's."""
    return next((rule for rule in RULES if rule.holds(texts)), None)


def compared(
    page: Sequence[Paragraph],
    feed: Sequence[Paragraph],
    lesson: Lesson,
    site: Site,
    *,
    paywalled: bool,
) -> tuple[Lesson, Rule | None]:
    """Compare a page's text with its feed's; return the lesson with that, and the rule that holds.

    Args:
        page: The page's paragraphs.
        feed: The feed's, none where it has no text of its own.
        lesson: What the page teaches so far.
        site: What is known of the feed.
        paywalled: Whether the page says that its text is for those who pay.
    """
    if not feed:
        return lesson, None
    here, there = Witness.joined(page), Witness.joined(feed)
    total = here.pairs.total()
    shared = here.common(there) / total if total else 0.0
    lesson = replace(lesson, feed_words=there.words, shared=round(shared, 3))
    if not here.words:
        return lesson, None
    texts = Texts(
        page_words=here.words,
        feed_words=there.words,
        shared=shared,
        paywalled=paywalled,
        feed_text=site.feed_text,
    )
    return lesson, choose(texts)


def feed_text(last: Sequence[FeedSignals]) -> FeedText:
    """Return what a feed's texts are, by how its last ones compare with their pages'."""
    telling = [each for each in last if each.page_words >= _COMPARABLE]
    if len(telling) < _LEAST_ENTRIES:
        return FeedText.UNKNOWN
    whole = sum(
        each.feed_words >= _WHOLE * each.page_words and each.shared >= _SAME for each in telling
    )
    if whole >= _MOST_OF * len(telling):
        return FeedText.FULL
    return FeedText.TEASER if whole <= (1 - _MOST_OF) * len(telling) else FeedText.UNKNOWN
