"""Whether a short text is the page's article at all.

A page whose article is missing (behind a wall, in a picture, loaded later) still has words: labels
of forms, teasers, notes on cookies. Extractors return what they find of these, and each finds
others, while a short article is found by all of them.
"""

from collections.abc import Sequence
from typing import Final

from ingest.articles.account import Body, Stage, removed
from ingest.articles.paragraphs import Paragraph, length

_SHORT: Final = 150
_AGREED: Final = 0.6


def without_doubtful(found: Sequence[Paragraph], agreement: float) -> Body:
    """Return a text, or nothing where it is short and a second extractor found another.

    Args:
        found: The text's paragraphs.
        agreement: Likeness of what the extractor found to the second extractor's text, 0 to 1.
    """
    words = length(found)
    if words >= _SHORT or (words and agreement >= _AGREED):
        return Body(paragraphs=tuple(found))
    rule = "short, and extractors differ" if words else "no words"
    return Body(paragraphs=(), steps=removed(Stage.DOUBT, rule, found))
