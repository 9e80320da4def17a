"""Articles that were taken down: removed from everything, and never to be stored again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storage.model import StoredArticle


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """That an article was taken down, and when. It is known by hashes alone.

    ``is_done`` says whether it has gone from every file.
    """

    article_id: str
    taken_at: datetime
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """By what the rows that tell of an article are found in the lake, until they are gone.

    ``urls`` are the addresses it is known by, ``entry_ids`` the entries that led to it.
    """

    article_id: str
    urls: tuple[str, ...]
    entry_ids: tuple[str, ...]


class TakedownReader(Protocol):
    """What was taken down."""

    def find(
        self,
        urls: Sequence[str],
        *,
        feed_id: str = "",
        guid: str | None = None,
        article_id: str | None = None,
    ) -> Takedown | None:
        """Return the takedown of what has one of ``urls``, a feed's ``guid`` or ``article_id``."""

    def unfinished(self) -> list[Remains]:
        """Return what is still to be removed from the lake, oldest first."""

    def forget(self, article_id: str) -> None:
        """Forget how an article was found: it is gone from the lake."""

    def finish(self, article_id: str) -> None:
        """Write down that an article is gone from everywhere."""


class TakedownWriter(TakedownReader, Protocol):
    """Takes articles down, inside a write transaction."""

    def remove(self, stored: StoredArticle, *, run_id: str, at: datetime) -> Remains:
        """Remove all that the ledger has of an article, and remember it by hashes.

        Its entries become skipped, without a title and an address. Copies of it must have got
        another first before.
        """
