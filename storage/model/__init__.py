"""The words both packages share: outcomes, reasons, rows, and what is remembered.

All are frozen values. All times are timezone-aware UTC.
"""

from storage.model.commits import EntryCommit, PollCommit, Retry
from storage.model.rows import Article, Duplicate, OutcomeChange, Poll, Row
from storage.model.state import (
    FAR,
    LONGEST_REST,
    EntryState,
    FeedState,
    Fingerprint,
    Related,
    StoredArticle,
)
from storage.model.words import Match, Outcome, Reason, TextSource

__all__ = [
    "FAR",
    "LONGEST_REST",
    "Article",
    "Duplicate",
    "EntryCommit",
    "EntryState",
    "FeedState",
    "Fingerprint",
    "Match",
    "Outcome",
    "OutcomeChange",
    "Poll",
    "PollCommit",
    "Reason",
    "Related",
    "Retry",
    "Row",
    "StoredArticle",
    "TextSource",
]
