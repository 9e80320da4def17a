"""What is written for one poll, or one entry, whole or not at all."""

from dataclasses import dataclass, field
from datetime import datetime

from storage.model.rows import Article, Duplicate, OutcomeChange, Poll
from storage.model.state import EntryState, FeedState, Related, StoredArticle
from storage.sites import Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A pending entry that is to be tried again."""

    attempts: int
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCommit:
    """All that is written for one entry, whole or not at all.

    ``stored``: the article's new place in the index. ``rows``: article and duplicate rows for
    the journal. ``aliases``: URLs by which the article may be asked for. ``demoted``: an earlier
    first copy which this commit folds into the new article; its rows still in the journal are
    replaced by the given duplicate row. ``gathered``: articles alone in their stories that join the
    new one's in the same way. ``retry``: set exactly when the outcome is pending.
    ``version`` is what names the text among those of its article, by which it is counted;
    ``related`` the links that take the place of those found for it before, ``None`` to leave them.
    ``sighting``: what its page adds to what is known of its site.
    """

    change: OutcomeChange
    stored: StoredArticle | None = None
    rows: tuple[Article | Duplicate, ...] = ()
    aliases: tuple[str, ...] = ()
    demoted: tuple[StoredArticle, Duplicate, OutcomeChange] | None = None
    gathered: tuple[tuple[StoredArticle, Duplicate, OutcomeChange], ...] = ()
    retry: Retry | None = None
    version: str | None = None
    related: tuple[Related, ...] | None = None
    sighting: Sighting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollCommit:
    """All that one poll writes: the feed's state, its poll row, and entries new or changed.

    ``seen`` holds the ids of the entries that stood in the feed unchanged.
    """

    state: FeedState
    poll: Poll
    pending: tuple[EntryState, ...] = field(default=())
    seen: tuple[str, ...] = field(default=())
