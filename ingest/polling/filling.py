"""What a feed has missed is taken from its site's news sitemaps."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from ingest.articles.urls import canonical_url
from ingest.clock import Clock
from ingest.committing.commits import Commits
from ingest.feeds.cadence.words import length
from ingest.feeds.children import MOST_CHILDREN, Child, chosen
from ingest.feeds.fills import EVERY, Fill, last_fill, with_fill
from ingest.feeds.missed import Missed, home_of, missed
from ingest.feeds.reading import MOST_ENTRIES
from ingest.feeds.sitemaps import INDEX, NEWS, NEWS_PROMISE, promise
from ingest.polling.sitemaps import Sitemaps
from ingest.settle.verdict import internal_error
from ingest.types import Fault, ParsedEntry, ParsedFeed
from storage.ledger.base import Ledger
from storage.model import FeedState

log = logging.getLogger(__name__)

# No further sitemap is asked for after so long: the feed's own entries wait meanwhile.
LONGEST: Final = timedelta(minutes=1)

_MOST_NAMED: Final = 3  # of those that are not called news: one may be an index
_MOST_FAULTS: Final = 2
_MOST_LOOKED_UP: Final = 100  # of a document's entries, whether they were known by their links
_TOO_EARLY: Final = (
    f"its site was asked within {length(EVERY)}: what is missing is looked for at the next gap"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Entries to be taken for the feed's own, its ``extra`` from now on, and what to tell."""

    extra: str
    entries: tuple[ParsedEntry, ...] = ()
    event: str | None = None


class Filling:
    """Fills gaps: at most one a feed in six hours, from at most ten sitemaps."""

    def __init__(self, *, commits: Commits, sitemaps: Sitemaps, clock: Clock) -> None:
        self._commits = commits
        self._sitemaps = sitemaps
        self._clock = clock

    async def fill(self, state: FeedState, document: ParsedFeed, *, at: datetime) -> Filled:
        """Look for what a feed has missed.

        Args:
            state: The feed before the poll that showed the gap.
            document: What that poll read.
            at: The time of the poll.
        """
        if document.format.startswith("sitemap"):
            return Filled(extra=state.extra)
        try:
            return await self._fill(state, document, at)
        except Exception as error:
            # A bug, but this gap's alone: what the feed says is taken in.
            log.exception("%s: its gap could not be filled", state.feed_id)
            fault = internal_error(error)
            return Filled(extra=state.extra, event=f"it could not be filled: {fault.detail}")

    async def _fill(self, state: FeedState, document: ParsedFeed, at: datetime) -> Filled:
        before = last_fill(state.extra)
        since = before.missing_since(state, now=at)
        if before.is_recent(at):
            later = with_fill(state.extra, replace(before, since=since))
            return Filled(extra=later, event=_TOO_EARLY)
        home = home_of(document)
        if home is None:
            return Filled(extra=state.extra, event="its entries lead to no one site")
        first = document.entries[:_MOST_LOOKED_UP]
        if len(await self._known(state.feed_id, first)) > len(first) / 2:
            return Filled(extra=state.extra, event="its entries were known under other GUIDs")
        search = _Search(self._sitemaps, before, clock=self._clock)
        await search.through(home)
        # A long feed takes a while; a thread lets others go on meanwhile.
        found = await asyncio.to_thread(missed, document, search.entries, since=since, now=at)
        known = await self._known(state.feed_id, found.entries)
        found = replace(found, entries=tuple(e for e in found.entries if e.guid not in known))
        after = Fill(
            at=at,
            taken=len(found.entries),
            since=None if search.is_whole else since,
            named=tuple(search.named),
            listed=tuple(search.listed),
        )
        return Filled(
            extra=with_fill(state.extra, after),
            entries=found.entries,
            event=_told(search, found),
        )

    async def _known(self, feed_id: str, entries: Sequence[ParsedEntry]) -> set[str]:
        """The GUIDs of the entries whose pages the feed has led to before."""
        links = {entry.guid: entry.link for entry in entries if entry.link}

        def ask(ledger: Ledger) -> set[str]:
            return {
                guid
                for guid, link in links.items()
                for url in {link, canonical_url(link)}
                if any(e.feed_id == feed_id for e in ledger.entries_matching(url=url))
            }

        return await self._commits.read(ask)


@dataclass(slots=True)
class _Search:
    """One look through a site's news sitemaps.

    ``named`` and ``listed`` become what is known of them; ``sources`` are those with ``entries``.
    """

    sitemaps: Sitemaps
    before: Fill
    clock: Clock = field(kw_only=True)
    named: list[Child] = field(default_factory=list)
    listed: list[Child] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    entries: list[ParsedEntry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    asked: int = 0
    unchanged: int = 0
    is_late: bool = False

    async def through(self, home: str) -> None:
        """Read the sitemaps that robots.txt names, then the news sitemaps an index lists."""
        until = self.clock() + LONGEST
        urls = _hopeful(await self.sitemaps.of_site(home))
        listed: dict[str, Child] = {}
        for child in _remembered(urls, self.before.named):
            said, after = await self._read(child, until)
            self.named.append(after)
            if said is None:
                listed |= {each.url: each for each in self.before.listed}
            elif said.format == INDEX:
                children = chosen(said, self.before.listed, url=child.url)
                listed |= {c.url: c for c in children if promise(c.url) == NEWS_PROMISE}
        for child in [*listed.values()][:MOST_CHILDREN]:
            _, after = await self._read(child, until)
            self.listed.append(after)

    async def _read(self, child: Child, until: datetime) -> tuple[ParsedFeed | None, Child]:
        """Read a sitemap, unless enough was read; ``None`` if it says nothing new."""
        self.is_late = self.clock() >= until
        if child.is_current or self._is_over or self.is_late:
            return None, child
        self.asked += 1
        said, after = await self.sitemaps.read(child)
        if isinstance(said, Fault):
            self.faults.append(replace(said, url=said.url or child.url))
            return None, child
        if said is None:
            self.unchanged += 1
        elif said.format == NEWS:
            self.sources.append(child.url)
            self.entries += said.entries
        return said, after

    @property
    def is_whole(self) -> bool:
        """Whether all was read that there is, so that nothing more is to be looked for."""
        found = bool(self.sources or self.unchanged)
        return found and not self.faults and not self.is_late

    @property
    def _is_over(self) -> bool:
        return (
            self.asked >= MOST_CHILDREN
            or len(self.faults) >= _MOST_FAULTS
            or len(self.entries) >= MOST_ENTRIES
        )


def _hopeful(urls: Sequence[str]) -> list[str]:
    """Of a site's sitemaps, best first, those called news; else the first few."""
    called = [url for url in urls if promise(url) == NEWS_PROMISE]
    return called[:MOST_CHILDREN] or [*urls[:_MOST_NAMED]]


def _remembered(urls: Iterable[str], known: Iterable[Child]) -> list[Child]:
    before = {child.url: child for child in known}
    return [before.get(url) or Child(url=url) for url in urls]


def _told(search: _Search, found: Missed) -> str:
    """What a look came to."""
    if search.sources:
        first, *more = search.sources
        source = f"{first} and {len(more)} more" if more else first
        number = len(found.entries)
        entries = "1 missed entry was" if number == 1 else f"{number} missed entries were"
        return ", ".join((f"{entries} taken from {source}", *_left_out(found.left_out)))
    if search.faults:
        fault = search.faults[0]
        return f"its news sitemap could not be read: {fault.url}: {fault.detail}"
    if search.unchanged:
        return "its site's sitemaps say nothing new"
    return "its site names no news sitemap"


def _left_out(counts: Mapping[str, int]) -> list[str]:
    return [f"{number} {why} left out" for why, number in sorted(counts.items())]
