"""What of a ledger has a face of its own."""

from typing import Protocol

from storage.ledger.rewriting import Rewrites
from storage.regroup import StoryReader
from storage.sites import Sites
from storage.subscription import Subscriptions
from storage.takedown import TakedownReader


class People(Protocol):
    """What people decided, which no row of the lake tells."""

    def lines(self) -> list[str]:
        """Return all of it: what was taken down, by hashes alone, and what was said of stories."""


class Rooms(Protocol):
    """The faces, each of which reads and writes by itself."""

    @property
    def stories(self) -> StoryReader:
        """The stories, and what was said of them."""

    @property
    def subscriptions(self) -> Subscriptions:
        """The feeds' subscriptions to hubs."""

    @property
    def sites(self) -> Sites:
        """What is remembered of sites."""

    @property
    def takedowns(self) -> TakedownReader:
        """What was taken down."""

    @property
    def people(self) -> People:
        """What people decided, to be kept beside the ledger."""

    @property
    def rewrites(self) -> Rewrites:
        """The exchanges of parts that are under way."""
