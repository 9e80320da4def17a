"""Exchanges of a day's parts for others, as the ledger knows them while they are under way."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from storage.ledger.base import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """An exchange of all parts of one table and day, the paths ``old``, for ``parts``.

    While it is open either may stand: the folder in place tells which. Ids sort by time.
    """

    rewrite_id: str
    table: str
    day: str
    old: tuple[str, ...]
    parts: "tuple[Part, ...]"


class Rewrites(Protocol):
    """The rewrites that are open; each call is one transaction of the ledger."""

    def every(self) -> list[Rewrite]:
        """Return them, oldest first."""

    def prune(self, before: datetime) -> None:
        """Write down that rows from before then may be gone, for they are too old."""

    def begin(self, rewrite: Rewrite) -> None:
        """Write down which parts are about to be exchanged for which.

        Raises:
            ValueError: ``old`` are not all parts of the table and day.
        """

    def end(self, rewrite_id: str, *, done: bool) -> None:
        """Put the new parts in the place of the old ones, or leave these if it was not ``done``.

        Raises:
            LookupError: there is no such open rewrite.
        """
