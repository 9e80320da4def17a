"""Connections kept for the next request, in a pool for each origin.

One pool for all would do, but httpcore's looks at every connection it has, and asks the system
about every idle one, whenever a request begins or ends: with 64 kept for 64 hosts that costs
several times what the request does.
"""

import time
from collections.abc import Callable

import httpcore

_KEEP_ORIGINS = 64
IDLE_SECONDS = 5.0
"""A connection that nobody used for so long is not used again."""


class _Pool:
    """An origin's pool and when it was last asked for (monotonic)."""

    __slots__ = ("asked_at", "pool")

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self.pool = pool
        self.asked_at = 0.0

    @property
    def idle(self) -> bool:
        return all(one.is_idle() or one.is_closed() for one in self.pool.connections)


class Pools:
    """Sends each request through its origin's pool. ``make`` makes one.

    The connections of at most 64 origins are kept while idle, those asked for last.
    """

    def __init__(self, make: Callable[[], httpcore.AsyncConnectionPool]) -> None:
        self._make = make
        # In the order of the last request.
        self._pools: dict[str, _Pool] = {}

    async def handle(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request; raises what httpcore raises."""
        for old in self._outlived():
            await old.aclose()
        # From here to its connection there is no pause in which the pool could be found idle.
        origin = str(request.url.origin)
        kept = self._pools.pop(origin, None) or _Pool(self._make())
        kept.asked_at = time.monotonic()
        self._pools[origin] = kept
        return await kept.pool.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        pools, self._pools = self._pools, {}
        for kept in pools.values():
            await kept.pool.aclose()

    def _outlived(self) -> list[httpcore.AsyncConnectionPool]:
        """Take out the pools that are too old or too many, the longest unused first."""
        since, outlived = time.monotonic() - IDLE_SECONDS, []
        for origin, kept in tuple(self._pools.items()):
            if kept.asked_at > since and len(self._pools) < _KEEP_ORIGINS:
                break
            if kept.idle:
                del self._pools[origin]
                outlived.append(kept.pool)
        return outlived
