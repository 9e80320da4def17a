"""The one narrow door to the network: an address in, a whole answer or a fault out."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self, assert_never

import httpx

from ingest.clock import Clock
from ingest.config import FetchSettings
from ingest.fetch import robots
from ingest.fetch.exchange import Answer, Errand, Exchange, Onward
from ingest.fetch.faults import TROUBLES, TroubleError, fault_from
from ingest.fetch.links import links_of
from ingest.fetch.pacing import OnSlow, Pacing
from ingest.fetch.redirects import parse_url, server_of
from ingest.fetch.transport import GuardedTransport, Resolve, SystemResolver
from ingest.types import Fault, Fetched, Validators
from storage.model import Reason

_FEED_TYPES = (
    b"application/atom+xml, application/rss+xml, application/feed+json, "
    b"application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, "
    b"application/json;q=0.7, */*;q=0.1"
)
_PAGE_TYPES = b"text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
_NO_VALIDATORS = Validators()
_FORM_ANSWER = 1024


OnHold = Callable[[str, datetime], Awaitable[None]]


class Fetcher:
    """Fetches feeds and pages; an async context manager.

    Whatever a server does, the answer is a value. ``resolve`` replaces the system's resolver:
    it is given a host and a port and returns the host's addresses. ``on_hold`` is told of each
    host that wants to be left alone, and until when; ``on_slow`` of one whose robots.txt makes
    requests wait, and how long, once.

    Raises:
        ConfigError: ``settings.proxy`` is not an http or https URL.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        clock: Clock,
        version: str,
        resolve: Resolve | None = None,
        on_hold: OnHold | None = None,
        on_slow: OnSlow | None = None,
    ) -> None:
        self._on_hold = on_hold or _tell_nobody
        self._settings = settings
        self._clock = clock
        # For feeds and for pages, so that names which never resolve hold up no poll.
        self._resolver = SystemResolver(threads=2 * settings.concurrency)
        self._transport = GuardedTransport(
            allowed=settings.allow_networks,
            resolve=resolve or self._resolver,
            proxy=settings.proxy,
        )
        self._exchange = Exchange(
            self._transport, clock=clock, connect_timeout=settings.connect_timeout
        )
        self._pacing = Pacing(
            concurrency=settings.concurrency,
            per_host=settings.per_host.concurrency,
            delay=settings.per_host.delay,
            clock=clock,
            on_slow=on_slow,
        )
        self._robots = robots.Robots(self._get_robots, clock=clock)
        headers = (
            (b"User-Agent", user_agent(version, settings.contact)),
            (b"Accept-Encoding", b"gzip"),
        )
        self._feed = Errand(
            # RFC 3229: a feed may send only its new entries, with status 226.
            headers=(*headers, (b"Accept", _FEED_TYPES), (b"A-IM", b"feed")),
            wanted=frozenset({200, 203, 226}),
            limit=settings.max_bytes,
            max_redirects=settings.max_redirects,
            opens_gzip=True,
            obeys_robots=settings.robots_for_feeds,
        )
        self._sitemap = replace(
            self._feed,
            headers=(*headers, (b"Accept", _FEED_TYPES)),
            wanted=frozenset({200, 203}),
            obeys_robots=settings.robots_for_pages,
        )
        self._page = Errand(
            headers=(*headers, (b"Accept", _PAGE_TYPES)),
            wanted=frozenset({200, 203}),
            limit=settings.max_bytes,
            max_redirects=settings.max_redirects,
            obeys_robots=settings.robots_for_pages,
        )
        self._form = Errand(
            headers=(
                *headers,
                (b"Accept", b"text/plain, */*;q=0.1"),
                (b"Content-Type", b"application/x-www-form-urlencoded"),
            ),
            wanted=frozenset({200, 201, 202, 204}),
            limit=_FORM_ANSWER,
            max_redirects=settings.max_redirects,
            cut=True,
        )
        self._robots_txt = Errand(
            headers=(*headers, (b"Accept", b"text/plain, */*;q=0.1")),
            wanted=frozenset({200, 203}),
            limit=robots.LIMIT,
            max_redirects=robots.MAX_REDIRECTS,
            cut=True,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._robots.aclose()
        await self._transport.aclose()
        self._resolver.close()

    def keep_holds(self, holds: Mapping[str, datetime]) -> None:
        """Leave hosts alone that asked another process for it, each until its time."""
        for host, until in holds.items():
            self._pacing.hold_until(host, until)

    async def get_feed(self, url: str, validators: Validators) -> Fetched | Fault:
        """Fetch a feed, conditionally if there are validators.

        Args:
            url: The feed's address.
            validators: What came with the last answer, for the address that gave it alone.

        Returns:
            The whole document (200, 203 or 226), a 304 with an empty body, or a fault.
        """
        return await self._journey(self._feed, url, validators)

    async def get_sitemap(self, url: str, validators: Validators) -> Fetched | Fault:
        """Fetch a sitemap that nobody subscribed to: as ``get_feed``, in its turn among pages.

        Args:
            url: The sitemap's address.
            validators: What came with the last answer, for the address that gave it alone.

        Returns:
            The whole document (200 or 203), a 304 with an empty body, or a fault.
        """
        return await self._journey(self._sitemap, url, validators)

    async def get_page(self, url: str) -> Fetched | Fault:
        """Fetch a page, if its robots.txt allows it.

        Args:
            url: The page's address.

        Returns:
            The whole document (200 or 203), or a fault.
        """
        return await self._journey(self._page, url, _NO_VALIDATORS)

    async def get_sitemaps(self, url: str) -> tuple[str, ...]:
        """Return what the ``Sitemap`` lines of a host's robots.txt name, as they name it.

        Args:
            url: Any address of the host.
        """
        try:
            return await self._robots.sitemaps(parse_url(url))
        except TroubleError:
            return ()

    async def post_form(self, url: str, form: bytes) -> Fetched | Fault:
        """Send a form, as a request to a hub; it may arrive twice (RFC 9112 section 9.3.1).

        Args:
            url: Where it is sent; on only from 307 and 308.
            form: The fields, ``application/x-www-form-urlencoded``.

        Returns:
            The answer (200, 201, 202 or 204) with the beginning of its body, or a fault.
        """
        return await self._journey(replace(self._form, form=form), url, _NO_VALIDATORS)

    async def _get_robots(self, url: str) -> Fetched | Fault:
        return await self._journey(self._robots_txt, url, _NO_VALIDATORS)

    async def _journey(self, errand: Errand, url: str, validators: Validators) -> Fetched | Fault:
        """Follow an address through its redirects, each hop in its own host's turn."""
        budget = _Budget(self._settings.deadline)
        redirects: list[tuple[int, str]] = []
        try:
            here = parse_url(url)
        except TroubleError as trouble:
            return replace(fault_from(trouble), url=url)
        seen = {here}
        known_to = validators.url or str(here)
        while True:
            told = validators if str(here) == known_to else _NO_VALIDATORS
            match await self._hop(errand, here, told, budget):
                case Fault() as fault:
                    return replace(
                        _placed(fault, here) if redirects else fault,
                        url=str(here),
                        seconds=budget.spent,
                        redirects=tuple(redirects),
                    )
                case Answer() as answer:
                    return Fetched(
                        requested_url=url,
                        url=str(here),
                        status=answer.status,
                        headers=answer.headers,
                        body=answer.body,
                        redirects=tuple(redirects),
                        links=links_of(answer.headers),
                        conditional=answer.conditional,
                        sent=answer.sent,
                        seconds=budget.spent,
                        wire_bytes=answer.wire_bytes,
                    )
                case Onward(status=status, url=target):
                    redirects.append((status, str(target)))
                    if target in seen or len(redirects) > errand.max_redirects:
                        return _lost(redirects, here, budget.spent, looped=target in seen)
                    seen.add(target)
                    here = target
                case never:
                    assert_never(never)

    async def _hop(
        self, errand: Errand, url: httpx.URL, validators: Validators, budget: "_Budget"
    ) -> Answer | Onward | Fault:
        host = server_of(url)
        if (fault := self._pacing.held(host)) is not None:
            return fault
        if errand.obeys_robots and (fault := await self._robots.check(url)) is not None:
            return fault
        turn = self._pacing.turn(host, delay=self._robots.delay(url), feed=errand is self._feed)
        async with turn as held:
            if held is not None:
                return held
            try:
                async with budget.spend():
                    result = await self._exchange(errand, url, validators)
            except TimeoutError:
                return Fault(reason=Reason.DEADLINE, detail=f"not done within {budget.total:g} s")
            except TROUBLES as trouble:
                return fault_from(trouble)
            # RFC 6585 section 4. A 503's wish concerns one address, a 429's the whole host.
            if (
                isinstance(result, Fault)
                and result.reason is Reason.HTTP_TOO_MANY_REQUESTS
                and result.retry_after is not None
            ):
                until = self._pacing.hold(host, result.retry_after)
                await self._on_hold(host, until)
            return result


class _Budget:
    """The total time of one get, DNS to last byte; waiting for a turn does not count."""

    def __init__(self, total: timedelta) -> None:
        self.total = total.total_seconds()
        self.spent = 0.0

    @asynccontextmanager
    async def spend(self) -> AsyncIterator[None]:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.total - self.spent):
                yield
        finally:
            self.spent += time.monotonic() - started


async def _tell_nobody(host: str, until: datetime) -> None:
    del host, until


def user_agent(version: str, contact: str | None) -> bytes:
    """Return the User-Agent header: product, version and whom to write to."""
    text = f"{robots.PRODUCT}/{version}" + (f" (+{contact})" if contact else "")
    return re.sub(r"[^\x20-\x7e]+", "", text).strip().encode("ascii")


def _placed(fault: Fault, url: httpx.URL) -> Fault:
    """Say where redirects had led when an answer was a fault: it may be another host's."""
    if fault.status is None:
        return fault
    return replace(fault, detail=f"{fault.detail}, at {url}"[:300])


def _lost(
    redirects: list[tuple[int, str]], url: httpx.URL, seconds: float, *, looped: bool
) -> Fault:
    status, target = redirects[-1]
    detail = f"redirects in a loop, back to {target}" if looped else f"{len(redirects)} redirects"
    return Fault(
        reason=Reason.TOO_MANY_REDIRECTS,
        detail=detail[:300],
        status=status,
        url=str(url),
        seconds=seconds,
    )
