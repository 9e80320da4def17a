"""robots.txt by RFC 9309: what may be fetched, and how fast the host wants it."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx
from protego import Protego

from ingest.clock import Clock
from ingest.fetch.redirects import origin_of
from ingest.types import Fault, Fetched
from storage.model import Reason

PRODUCT = "newsfold"
# RFC 9309 section 2.5: at least 500 KiB are to be read.
LIMIT = 512 * 1024
# Section 2.3.1.2: at least five redirects are to be followed.
MAX_REDIRECTS = 5
# Section 2.4: not to be used for more than a day.
_FRESH = timedelta(hours=24)
_UNREACHABLE = timedelta(hours=1)
_LONGEST_DELAY = timedelta(seconds=30)
_MOST_ORIGINS = 4096
_AGENT_LINE = re.compile(
    r"\s*user(?:-|\s*)agent(?:\s*:|\s)\s*([a-z_-]+|\*\s*(?:#|$))?", re.IGNORECASE
)

Origin = tuple[str, str, int]
Fetch = Callable[[str], Awaitable[Fetched | Fault]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of an origin: its rules (``None`` allows all), or why there are none."""

    expires: datetime
    rules: Protego | None = None
    unreachable: Fault | None = None


class Robots:
    """Answers whether an address may be fetched, asking each origin at most once a day."""

    def __init__(self, fetch: Fetch, *, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._known: OrderedDict[Origin, _Known] = OrderedDict()
        self._asking: dict[Origin, asyncio.Task[_Known | Fault]] = {}

    async def check(self, url: httpx.URL) -> Fault | None:
        """Say why an address may not be fetched, or return ``None`` if it may."""
        known = await self._about(url)
        if isinstance(known, Fault):
            return known
        if known.unreachable is not None:
            return known.unreachable
        if known.rules is None or known.rules.can_fetch(str(url), PRODUCT):
            return None
        return Fault(
            reason=Reason.ROBOTS_DISALLOWED,
            detail=f"{_robots_url(url)} disallows {url.raw_path.decode('ascii')[:200]}",
        )

    async def sitemaps(self, url: httpx.URL) -> tuple[str, ...]:
        """Return the addresses that the origin's ``Sitemap`` lines name (sitemaps.org)."""
        known = await self._about(url)
        if isinstance(known, Fault) or known.rules is None:
            return ()
        return tuple(dict.fromkeys(known.rules.sitemaps))

    async def _about(self, url: httpx.URL) -> _Known | Fault:
        """What is known of an origin, asked for if need be; a fault where it was not asked.

        Requests for one origin wait for one answer, and it comes to the others even if the
        request that asked for it is cancelled.
        """
        origin = origin_of(url)
        known = self._known.get(origin)
        now = self._clock()
        # Not beyond a day: a clock may have been set back meanwhile.
        if known is not None and now < known.expires <= now + _FRESH:
            return known
        task = self._asking.get(origin)
        if task is None:
            task = asyncio.create_task(self._ask(origin, url, known))
            self._asking[origin] = task
            task.add_done_callback(lambda _: self._asking.pop(origin, None))
        return await asyncio.shield(task)

    def delay(self, url: httpx.URL) -> timedelta:
        """Return the origin's ``Crawl-delay`` as far as it is known and reasonable."""
        known = self._known.get(origin_of(url))
        if known is None or known.rules is None:
            return timedelta(0)
        seconds = known.rules.crawl_delay(PRODUCT)
        if seconds is None or not seconds > 0:
            return timedelta(0)
        return timedelta(seconds=min(seconds, _LONGEST_DELAY.total_seconds()))

    async def aclose(self) -> None:
        """Stop asking."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, origin: Origin, url: httpx.URL, last: _Known | None) -> _Known | Fault:
        answer = await self._fetch(_robots_url(url))
        if isinstance(answer, Fault) and _not_asked(answer, url):
            return answer
        known = await self._learn(answer, last)
        self._known[origin] = known
        self._known.move_to_end(origin)
        if len(self._known) > _MOST_ORIGINS:
            self._known.popitem(last=False)
        return known

    async def _learn(self, answer: Fetched | Fault, last: _Known | None) -> _Known:
        now = self._clock()
        if isinstance(answer, Fetched):
            # Half a megabyte of rules takes a while; a thread lets others go on meanwhile.
            rules = await asyncio.to_thread(parse_rules, answer.body)
            return _Known(expires=now + _FRESH, rules=rules)
        if is_unavailable(answer):
            return _Known(expires=now + _FRESH)
        if last is not None and last.unreachable is None:
            # Section 2.4: while it cannot be reached, the last known one may be used on.
            return replace(last, expires=now + _UNREACHABLE)
        fault = Fault(
            reason=Reason.ROBOTS_UNREACHABLE,
            detail=f"{answer.url or 'robots.txt'}: {answer.detail}",
        )
        return _Known(expires=now + _UNREACHABLE, unreachable=fault)


def is_unavailable(fault: Fault) -> bool:
    """Whether a fault means that there is no robots.txt, so that all may be fetched.

    RFC 9309 section 2.3.1.3 (4xx) and 2.3.1.2 (too many redirects).
    """
    if fault.reason is Reason.TOO_MANY_REDIRECTS:
        return True
    return fault.status is not None and 400 <= fault.status < 500  # noqa: PLR2004 - the class 4xx


def _not_asked(fault: Fault, url: httpx.URL) -> bool:
    """Whether the origin itself was not asked, so that nothing is known of it.

    A robots.txt that only leads to a forbidden address is one that cannot be reached.
    """
    refused = fault.reason is Reason.ADDRESS_REFUSED and fault.url == _robots_url(url)
    return refused or fault.reason is Reason.ON_HOLD


def parse_rules(body: bytes) -> Protego:
    """Parse a robots.txt, however wrong.

    Groups for other robots are all given one name first: protego copies each rule to each of
    the group's robots, and 20,000 robots with 20,000 rules would take it minutes.
    """
    lines = body.decode("utf-8-sig", "replace").splitlines()
    return Protego.parse("\n".join(map(_ours_or_other, lines)))


def _ours_or_other(line: str) -> str:
    match = _AGENT_LINE.match(line)
    if match is None:
        return line
    # Section 2.2.1: the product token alone is compared, whatever its case.
    token = (match[1] or "").lower()
    return f"User-agent: {'*' if token[:1] == '*' else token if token == PRODUCT else 'other'}"


def _robots_url(url: httpx.URL) -> str:
    return str(url.copy_with(raw_path=b"/robots.txt"))
