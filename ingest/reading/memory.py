"""What is known of a page's site, for the reading of the page; and what to say of its drift.

A page is looked for in what is known before it is read, and watched once its commit is durable:
whether extraction has changed is then told by the very page that makes it so.
"""

import logging
from collections.abc import Sequence
from typing import Final

from ingest.articles.choice import feed_text
from ingest.articles.drift import Drift, find_drift
from ingest.articles.urls import host_of
from ingest.clock import Clock
from ingest.committing.commits import Commits
from ingest.config import Config
from ingest.text import clean_line
from ingest.types import FeedText, FullText, Site, SiteRules
from storage.sites import PageSignals, Remembered, Sighting

log = logging.getLogger(__name__)

_MOST_TOLD: Final = 10_000


class Memory:
    """Asks the ledger for what earlier pages taught; tells, once a run, what is wrong on a site."""

    def __init__(self, config: Config, commits: Commits, clock: Clock) -> None:
        self._rules = config.sites
        self._commits = commits
        self._clock = clock
        self._drifting: set[str] = set()
        self._told: set[tuple[str, str]] = set()

    async def recall(self, url: str, feed_id: str, full_text: FullText) -> Site:
        """Return what is known of the site of the page at ``url``, and of the feed."""
        host = host_of(url)
        known = await self._commits.read(
            lambda ledger: ledger.sites.recall(host, feed_id, at=self._clock())
        )
        return known_site(host, known, self._rules, full_text)

    async def feed_text(self, url: str, feed_id: str) -> FeedText:
        """Return what a feed's own texts are."""
        known = await self._commits.read(
            lambda ledger: ledger.sites.recall(host_of(url), feed_id, at=self._clock())
        )
        return feed_text(known.fed)

    async def watch(self, seen: Sighting) -> None:
        """Log once what a page that was committed shows to be wrong on its site, and its end."""
        self._tell_note(seen.host, seen.signals)
        pages = await self._commits.read(lambda ledger: ledger.sites.pages_of(seen.host))
        self._tell_drift(seen.host, find_drift(seen.host, pages))

    def _tell_note(self, host: str, page: PageSignals) -> None:
        told = (host, page.note)
        if page.note and told not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(told)
            log.warning("%s: %s, as on %s", host, page.note, clean_line(page.url))

    def _tell_drift(self, host: str, drift: Drift | None) -> None:
        if drift is None:
            if host in self._drifting:
                self._drifting.discard(host)
                log.warning("%s: extraction is steady again", host)
        elif host not in self._drifting:
            self._drifting.add(host)
            log.warning(
                "%s: extraction has changed: %s; look at %s",
                host,
                drift.what,
                clean_line(drift.example),
            )


def known_site(
    host: str, known: Remembered, rules: Sequence[SiteRules], full_text: FullText
) -> Site:
    """Return what extraction is given of a site: what was learned, and the nearest host's rules."""
    of = {each.host: each for each in rules}
    return Site(
        repeated=known.repeated,
        rules=next((of[name] for name in _names(host) if name in of), None),
        # Where the text is to be the page's, no text of the feed's is preferred to it.
        feed_text=FeedText.TEASER if full_text is FullText.PAGE else feed_text(known.fed),
    )


def _names(host: str) -> list[str]:
    """Return a host and the domains above it, the nearest first; a port only with the host."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    labels = name.split(".")
    return [host, *(".".join(labels[start:]) for start in range(len(labels)))]
