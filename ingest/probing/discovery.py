"""Which feeds a site has: what a page announces, else the usual places, and news sitemaps."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ingest.feeds.reading import absolute
from ingest.feeds.sitemaps import NEWS, NEWS_PROMISE, promise
from ingest.probing.probe import Probe, Prober
from ingest.types import ParsedFeed

# Where most publishing systems put their feed. Tried in turn until one is there.
_USUAL: Final = ("/feed", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml")
_MOST_SITEMAPS: Final = 3  # of those that robots.txt names, and of those that an index lists


class Source(StrEnum):
    """How a feed was found."""

    ITSELF = "itself"
    PAGE = "page"
    GUESS = "guess"
    ROBOTS = "robots.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """A feed of a site. ``kind`` is rss, atom, json or rdf if announced, else the very format."""

    url: str
    kind: str
    title: str | None
    source: Source


async def discover_feeds(prober: Prober, url: str) -> tuple[Probe, list[Discovered]]:
    """Look for the feeds of a site.

    At most eleven requests beside robots.txt: the page; where it announces nothing, five usual
    places; three sitemaps that robots.txt names, and news sitemaps that an index among them lists.

    Args:
        prober: What fetches and reads.
        url: A page of the site, or a feed.

    Returns:
        What the address itself gave, and what was found, each feed once.
    """
    here = await prober.probe(url, follow=False)
    found: dict[str, Discovered] = {}
    if isinstance(here.document, ParsedFeed):
        found[here.lasting_url] = _as_discovered(here, here.document, Source.ITSELF)
    for said in here.announced:
        found[said.url] = Discovered(
            url=said.url, kind=said.kind, title=said.title, source=Source.PAGE
        )
    if here.status is None:  # the host does not answer
        return here, []
    if not found:
        async for each in _guessed(prober, url):
            found.setdefault(each.url, each)
    async for each in _news_sitemaps(prober, url):
        found.setdefault(each.url, each)
    return here, list(found.values())


async def _guessed(prober: Prober, url: str) -> AsyncIterator[Discovered]:
    for path in _USUAL:
        probe = await prober.probe(absolute(path, url) or url, follow=False)
        if isinstance(probe.document, ParsedFeed):
            yield _as_discovered(probe, probe.document, Source.GUESS)
            return


async def _news_sitemaps(prober: Prober, url: str) -> AsyncIterator[Discovered]:
    listed: list[str] = []
    for address in (await prober.named_by_robots(url))[:_MOST_SITEMAPS]:
        probe = await prober.probe(address, follow=False)
        if isinstance(probe.document, ParsedFeed):
            if probe.document.format == NEWS:
                yield _as_discovered(probe, probe.document, Source.ROBOTS)
            children = (sitemap.url for sitemap in probe.document.sitemaps)
            listed += [child for child in children if promise(child) == NEWS_PROMISE]
    for address in list(dict.fromkeys(listed))[:_MOST_SITEMAPS]:
        probe = await prober.probe(address, follow=False)
        if isinstance(probe.document, ParsedFeed) and probe.document.format == NEWS:
            yield _as_discovered(probe, probe.document, Source.ROBOTS)


def _as_discovered(probe: Probe, document: ParsedFeed, source: Source) -> Discovered:
    return Discovered(
        url=probe.lasting_url, kind=document.format, title=document.title, source=source
    )
