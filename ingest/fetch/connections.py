"""Connections, each used by one request at a time, and kept for the next to the same origin.

httpcore makes them and speaks over them; its pool's bookkeeping is not used. That looks at every
connection it has, and asks the system about every idle one, whenever a request begins or ends:
with 64 kept idle for 64 hosts it costs several times what the request does.
"""

import time
from collections.abc import AsyncIterable, AsyncIterator

import httpcore
import httpx

_MOST_IDLE = 64
IDLE_SECONDS = 5.0
"""A connection that nobody used for so long is not used again."""

# RFC 9112 section 9.3.1: a server may close an idle connection just as it is used again, and a
# request without effects may then be repeated by itself.
_BROKEN = (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError)


class Connections:
    """Sends requests; keeps at most 64 idle connections, those used last.

    ``maker`` makes them; nothing is sent through it.
    """

    def __init__(self, maker: httpcore.AsyncConnectionPool) -> None:
        self._maker = maker
        # In the order they became idle, with their origin and the time of that (monotonic).
        self._idle: dict[httpcore.AsyncConnectionInterface, tuple[str, float]] = {}

    async def send(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request that has no effects. The connection is free once the answer is closed.

        Raises:
            httpcore.ConnectError: The connection cannot be made; so also httpcore's other errors.
        """
        await self._let_go()
        kept = self._kept(str(request.url.origin))
        if kept is not None:
            try:
                return await self._send(kept, request)
            except _BROKEN:
                pass
        return await self._send(self._maker.create_connection(request.url.origin), request)

    async def aclose(self) -> None:
        """Close the idle connections; others close with their answers."""
        idle, self._idle = self._idle, {}
        for connection in idle:
            await connection.aclose()

    async def free(self, connection: httpcore.AsyncConnectionInterface, origin: str) -> None:
        """Keep a connection whose answer was read to its end; close any other."""
        if connection.is_idle():
            self._idle[connection] = (origin, time.monotonic())
        else:
            await connection.aclose()

    async def _send(
        self, connection: httpcore.AsyncConnectionInterface, request: httpcore.Request
    ) -> httpcore.Response:
        try:
            answer = await connection.handle_async_request(request)
        except BaseException:
            await connection.aclose()
            raise
        body = _Body(answer, connection, str(request.url.origin), self)
        return httpcore.Response(
            answer.status, headers=answer.headers, content=body, extensions=answer.extensions
        )

    def _kept(self, origin: str) -> httpcore.AsyncConnectionInterface | None:
        """Take out the connection to an origin that became idle last, if it still works."""
        for connection in reversed(tuple(self._idle)):
            if self._idle[connection][0] == origin and not connection.has_expired():
                del self._idle[connection]
                return connection
        return None

    async def _let_go(self) -> None:
        """Close what was idle for too long, or is too much."""
        since = time.monotonic() - IDLE_SECONDS
        while self._idle:
            connection = next(iter(self._idle))
            if self._idle[connection][1] > since and len(self._idle) < _MOST_IDLE:
                return
            del self._idle[connection]
            await connection.aclose()


class _Body(httpx.AsyncByteStream):
    """An answer's body, which gives its connection back when it is closed."""

    def __init__(
        self,
        answer: httpcore.Response,
        connection: httpcore.AsyncConnectionInterface,
        origin: str,
        connections: Connections,
    ) -> None:
        self._answer = answer
        self._connection = connection
        self._origin = origin
        self._connections = connections
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._answer.stream, AsyncIterable)
        async for chunk in self._answer.stream:
            yield chunk

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            try:
                await self._answer.aclose()
            finally:
                await self._connections.free(self._connection, self._origin)
