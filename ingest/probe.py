"""Looking at a feed without storing anything: for adding one, and for checking those there are."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ingest.clock import Clock
from ingest.feeds.discover import Announced, discover
from ingest.feeds.parse import parse_feed
from ingest.fetch.client import Fetcher
from ingest.types import Fault, Feed, Fetched, ParsedFeed, Validators
from ingest.workers import Workers

# Redirects that tell to use the new address from now on (RFC 9110 sections 15.4.2 and 15.4.9).
_PERMANENT: Final = frozenset({301, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What an address gave. ``announced``: the feeds an HTML page there announces.

    ``lasting_url`` is where the feed is to be asked for: behind redirects, if all are permanent.
    """

    url: str
    lasting_url: str
    document: ParsedFeed | Fault
    status: int | None = None
    seconds: float = 0.0
    bytes: int = 0
    announced: tuple[Announced, ...] = field(default=())

    @property
    def newest(self) -> datetime | None:
        """The newest date among the entries."""
        if isinstance(self.document, Fault):
            return None
        dates = (entry.published_at or entry.updated_at for entry in self.document.entries)
        return max((date for date in dates if date), default=None)


class Prober:
    """Fetches and parses feeds; made by ``ingest.app.open_prober``."""

    def __init__(self, fetcher: Fetcher, workers: Workers, clock: Clock) -> None:
        self._fetcher = fetcher
        self._workers = workers
        self._clock = clock

    async def probe(self, url: str) -> Probe:
        """Fetch ``url`` and read it as a feed."""
        answer = await self._fetcher.get_feed(url, Validators())
        if isinstance(answer, Fault):
            return Probe(
                url=url,
                lasting_url=url,
                document=answer,
                status=answer.status,
                seconds=answer.seconds,
            )
        read = {"url": answer.url, "content_type": answer.content_type}
        document = await self._workers.run(parse_feed, answer.body, now=self._clock(), **read)
        announced: tuple[Announced, ...] | Fault = ()
        if isinstance(document, Fault):
            announced = await self._workers.run(discover, answer.body, **read)
        return Probe(
            url=url,
            lasting_url=_lasting(answer),
            document=document,
            status=answer.status,
            seconds=answer.seconds,
            bytes=len(answer.body),
            announced=() if isinstance(announced, Fault) else announced,
        )

    async def probe_all(
        self, feeds: Sequence[Feed], *, done: Callable[[Feed], None]
    ) -> list[Probe]:
        """Probe several feeds at once; ``done`` is called as each is through."""

        async def one(feed: Feed) -> Probe:
            found = await self.probe(feed.url)
            done(feed)
            return found

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(feed)) for feed in feeds]
        return [task.result() for task in tasks]


def _lasting(answer: Fetched) -> str:
    permanent = all(status in _PERMANENT for status, _ in answer.redirects)
    return answer.url if answer.redirects and permanent else answer.requested_url
