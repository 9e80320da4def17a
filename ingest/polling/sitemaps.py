"""A site's sitemaps: which it has, and the newest of those in an index as one document."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from ingest.clock import Clock
from ingest.feeds.cadence import body_hash
from ingest.feeds.children import Child, chosen, remembered, with_children
from ingest.feeds.parse import parse_feed
from ingest.feeds.reading import MOST_ENTRIES, absolute
from ingest.feeds.sitemaps import INDEX, ranked
from ingest.fetch.client import Fetcher
from ingest.types import Fault, Fetched, ParsedEntry, ParsedFeed, Sitemap, Validators
from ingest.workers.pool import Workers
from storage.model import Reason

# After one of these the host is not asked for the next one.
_STOP = frozenset({Reason.HTTP_TOO_MANY_REQUESTS, Reason.ON_HOLD})

_MOST_NAMED = 1_000  # lines of a robots.txt

Get = Callable[[str, Validators], Awaitable[Fetched | Fault]]


class Sitemaps:
    """Reads a site's sitemaps, one after the other, conditionally.

    ``get`` is how they are asked for: as feeds are, or as pages.
    """

    def __init__(self, *, fetcher: Fetcher, get: Get, workers: Workers, clock: Clock) -> None:
        self._fetcher = fetcher
        self._get = get
        self._workers = workers
        self._clock = clock

    async def of_site(self, url: str) -> tuple[str, ...]:
        """Return the sitemaps that the robots.txt of an address's host names, best first."""
        named = await self._fetcher.get_sitemaps(url)
        links = (absolute(each, url) for each in named[:_MOST_NAMED])
        listed = ranked([Sitemap(url=link) for link in links if link])
        return tuple(sitemap.url for sitemap in listed)

    async def follow(
        self, document: ParsedFeed | None, *, url: str, extra: str
    ) -> tuple[ParsedFeed | Fault | None, str]:
        """Go on from a feed that may be an index of sitemaps to what these say now.

        They may have changed when their index has not. Those of which it says that they did not
        change are not asked for. A feed that is no index is returned as it is.

        Args:
            document: The feed, or ``None`` if it is as it was.
            url: Where it came from.
            extra: The feed's ``extra``, in which its sitemaps are remembered.

        Returns:
            One document with the entries of the sitemaps that changed, ``None`` if none did, or a
            fault if none could be had; and ``extra`` with what is known of them now.
        """
        children = remembered(extra)
        if document is not None:
            children = chosen(document, children, url=url)
            if document.format == INDEX and not children:
                document = replace(document, flaw="no sitemap of its own site in it")
        if not children:
            return document, with_children(extra, ())
        after: list[Child] = []
        found: list[ParsedFeed | Fault | None] = []
        for child in children:
            if child.is_current:
                said, known = None, child
            elif _is_over(found):
                after.append(child)
                continue
            else:
                said, known = await self.read(child)
                if isinstance(said, ParsedFeed) and said.format == INDEX:
                    detail = "an index of sitemaps within an index"
                    said = Fault(reason=Reason.NOT_A_FEED, detail=detail, url=child.url)
                    known = child
            found.append(said)
            after.append(known)
        return _together(found), with_children(extra, after)

    async def read(self, child: Child) -> tuple[ParsedFeed | Fault | None, Child]:
        """Read a sitemap; ``None`` if it is as it was. Returns what is known of it then, too."""
        answer = await self._get(child.url, child.validators)
        if isinstance(answer, Fault):
            return answer, child
        if answer.not_modified:
            return None, child.confirmed()
        digest = body_hash(answer.body)
        after = child.read(answer.validators, digest)
        if digest == child.body_hash:
            return None, after
        document = await self._workers.run(
            parse_feed,
            answer.body,
            url=answer.url,
            content_type=answer.content_type,
            now=self._clock(),
        )
        return document, child if isinstance(document, Fault) else after


def _is_over(found: Sequence[ParsedFeed | Fault | None]) -> bool:
    """Whether no more is to be asked for: the host wants a pause, or there are entries enough."""
    entries = sum(len(each.entries) for each in found if isinstance(each, ParsedFeed))
    last = found[-1] if found else None
    return entries >= MOST_ENTRIES or (isinstance(last, Fault) and last.reason in _STOP)


def _together(found: Sequence[ParsedFeed | Fault | None]) -> ParsedFeed | Fault | None:
    """The entries of several sitemaps, newest first, as those of their index."""
    read = [each for each in found if isinstance(each, ParsedFeed)]
    faults = [each for each in found if isinstance(each, Fault)]
    if not read:
        return faults[0] if len(faults) == len(found) else None
    told = [document.flaw for document in read]
    if faults:
        number = f"{len(faults)} of {len(found)} sitemaps could not be read"
        told.append(f"{number}: {faults[0].url}: {faults[0].detail}")
    entries = [entry for document in read for entry in document.entries]
    return replace(
        read[0],
        format=INDEX,
        entries=tuple(sorted(entries, key=_newness, reverse=True)[:MOST_ENTRIES]),
        flaw="; ".join(dict.fromkeys(filter(None, told))) or None,
    )


def _newness(entry: ParsedEntry) -> float:
    moment = entry.published_at or entry.updated_at
    return moment.timestamp() if moment else 0.0
