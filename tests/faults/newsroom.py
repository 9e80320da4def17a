"""A newsroom in memory, and a crawl of it through the real ledger, fold's index and lake."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from storage.fs import OnStep, no_hook
from storage.lake.lake import Lake
from storage.ledger.base import LedgerWriter
from storage.ledger.fold.index import Sizes
from storage.ledger.sqlite import SqliteLedger
from storage.model import EntryCommit, EntryState
from tests.ledger.values import copy, entry, new, poll, stored

# So few that a handful of articles brings new segments, and merges of them.
TINY = Sizes(young=2, tail=4)

COPIES = 3
GROUP = 3
FLUSH_ROWS = 20
LONG_AGO = timedelta(days=3 * 365)

Tell = Callable[[Iterable[str]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsroom:
    """Serves ``items`` in two feeds; ``COPIES`` of them in a row tell one story."""

    items: int

    @property
    def guids(self) -> list[str]:
        return [f"item-{number:06}" for number in range(self.items)]

    def feeds(self) -> dict[str, list[str]]:
        """Return each feed's items; a story's copies are spread over both."""
        return {"f": self.guids[0::2], "g": self.guids[1::2]}


def story_of(guid: str) -> int:
    return int(guid.removeprefix("item-")) // COPIES


def bands_of(guid: str) -> tuple[int, ...]:
    """Return the bands of an item: the first is its story's, the others its own."""
    number = int(guid.removeprefix("item-"))
    return (story_of(guid) + 1, *((number + 1) * 1_000_003 + band for band in range(11)))


def open_ledger(root: Path, on_step: OnStep = no_hook) -> SqliteLedger:
    path = root / "state" / "ledger.db"
    return SqliteLedger(path, retention=None, fold_sizes=TINY, on_step=on_step)


def crawl(
    root: Path,
    newsroom: Newsroom,
    *,
    at: datetime,
    on_step: OnStep = no_hook,
    tell: Tell = lambda _: None,
) -> None:
    """Store what the newsroom serves and the store does not have; ``tell`` what is committed."""
    ledger = open_ledger(root, on_step)
    try:
        _crawl(ledger, Lake(root, ledger, rows=FLUSH_ROWS, on_step=on_step), newsroom, at, tell)
    finally:
        ledger.close()


def _crawl(ledger: SqliteLedger, lake: Lake, newsroom: Newsroom, at: datetime, tell: Tell) -> None:
    run = ledger.begin_run(kind="crawl", at=at)
    feeds = newsroom.feeds()
    ledger.register_feeds([(f, f"https://{f}.example/feed", f) for f in feeds], at=at)
    for feed, guids in feeds.items():
        known = ledger.known_entries(feed)
        fresh = [entry(guid, feed=feed, at=at) for guid in guids if guid not in known]
        ledger.commit_poll(poll(*fresh, feed=feed, at=at, run=run))
    ledger.bring_forward(at=at)
    while claimed := ledger.claim_pending(run, now=at, limit=GROUP):
        with ledger.writing() as writer:
            for each in claimed:
                writer.commit(_settled(writer, each, at))
        tell(each.guid for each in claimed)
        if lake.should_flush(now=at):
            lake.flush(at=at)
    lake.flush(at=at, wait=True)
    ledger.maintain(at=at)
    ledger.end_run(run, at=at)


def _settled(writer: LedgerWriter, of: EntryState, at: datetime) -> EntryCommit:
    """Decide as the product does: a copy of what the index knows of its story, or an original."""
    mine = stored(of.guid, bands=bands_of(of.guid), at=at)
    found = writer.articles_near(mine.fingerprint, since=at - LONG_AGO, limit=1, floor=0)
    if not found:
        return new(of, mine)
    (first,) = found
    return copy(of, replace(mine, story_id=first.story_id, duplicate_of=first.article_id))
