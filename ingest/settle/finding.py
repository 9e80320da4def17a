"""What became of an entry's page before anything is decided: a closed union of findings."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.types import Extracted
from storage.model import Outcome, Reason
from storage.sites import Sighting
from storage.takedown import Takedown


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A text was extracted. ``urls`` are the addresses by which the article was reached.

    ``residue`` are the passages of it that its site prints under other headlines as well.
    ``sighting`` is what its page taught of its site. ``origin`` says where the text came from, if
    it was not fetched for this: the account of its outcome begins with it.
    """

    extracted: Extracted
    url: str
    urls: tuple[str, ...]
    fetched_at: datetime
    note: str | None = None
    residue: tuple[str, ...] = ()
    sighting: Sighting | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The entry links to an article that is stored already; its page was not fetched again.

    ``urls`` are the addresses by which the entry led to it.
    """

    article_id: str
    url: str
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """There is no article to be had, for good: ``outcome`` is skipped or failed."""

    outcome: Outcome
    reason: Reason
    detail: str
    sighting: Sighting | None = None


def taken_down(takedown: Takedown) -> Refused:
    """Return the finding that what an entry leads to was taken down."""
    detail = f"taken down on {takedown.taken_at:%Y-%m-%d}: it is not stored again"
    return Refused(outcome=Outcome.SKIPPED, reason=Reason.TAKEN_DOWN, detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """It did not work this time and is worth another try after ``wait``."""

    reason: Reason
    detail: str
    wait: timedelta


Finding = Found | Known | Refused | Postponed
