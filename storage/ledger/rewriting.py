"""Exchanges of a day's parts for others, as the ledger knows them while they are under way."""

from datetime import datetime
from typing import Protocol

from storage.ledger.parts import Rewrite


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
