"""The callback server: a hub's requests, bounded in every way, handed to the subscriber.

What is wanted of a hub is little: a GET that is answered at once, a POST of a feed. Whoever
knows no token gets a 404 and costs a look into the ledger.
"""

import asyncio
import contextlib
import logging
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from ingest.errors import NewsfoldError
from ingest.websub.subscriber import Subscriber

PATIENCE: Final = 30.0
"""Seconds that a request has in all, from its connection (or the request before it) on."""

MOST_CONNECTIONS: Final = 256
MOST_REQUESTS: Final = 16
"""Requests with a body that are read at once; one more is asked to come again."""

_IDLE: Final = 5
_LEAVE: Final = 5
_LONGEST_HEAD: Final = 16 * 1024
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{20,100}", re.ASCII)
# Section 8.2: of a type that no browser runs, and that none may guess anew.
_SAFE: Final = {"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff"}


def listening(listen: tuple[str, int]) -> socket.socket:
    """Return a socket that listens at an address and a port; port 0 stands for any that is free.

    Raises:
        NewsfoldError: it cannot be had.
    """
    host, port = listen
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=MOST_CONNECTIONS)
    except OSError as error:
        raise NewsfoldError(
            f"websub.listen: {host} port {port} cannot be listened at: {error.strerror}"
        ) from None


@asynccontextmanager
async def serving(
    subscriber: Subscriber, listener: socket.socket, *, base: str, limit: int
) -> AsyncIterator[None]:
    """Answer hubs as long as the context lasts.

    Args:
        subscriber: Who answers.
        listener: Where they are heard, from ``listening``.
        base: The public address; its path is the one that is served.
        limit: The most bytes that a push may have.
    """
    server = _Server(
        uvicorn.Config(
            _Callbacks(subscriber, limit=limit).app(urlsplit(base).path),
            http=_Bounded,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level=logging.ERROR,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=_IDLE,
            timeout_graceful_shutdown=_LEAVE,
            h11_max_incomplete_event_size=_LONGEST_HEAD,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="callback server")
    try:
        yield
    finally:
        server.should_exit = True
        await serving


class _Callbacks:
    """The two requests of a hub."""

    def __init__(self, subscriber: Subscriber, *, limit: int) -> None:
        self._subscriber = subscriber
        self._limit = limit
        self._reading = 0

    def app(self, path: str) -> Starlette:
        callback = Route(f"{path}/{{token}}", self._answer, methods=["GET", "POST"])
        app = Starlette(routes=[callback])
        app.router.redirect_slashes = False
        return app

    async def _answer(self, request: Request) -> Response:
        token = request.path_params["token"]
        if not _TOKEN.fullmatch(token):
            return _refusal(404)
        if request.method == "POST":
            return await self._push(request, token)
        if request.method != "GET":  # Starlette lets HEAD through where GET may
            return _refusal(405)
        said = await self._subscriber.verify(token, request.url.query)
        if said is None:
            return _refusal(404)
        return Response(said, headers=_SAFE)

    async def _push(self, request: Request, token: str) -> Response:
        known = await self._subscriber.knows(token)
        if not known:
            # Section 7: 410 has the hub forget a subscription.
            return _refusal(404 if known is None else 410)
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            return _refusal(415)
        if self._reading >= MOST_REQUESTS or not self._subscriber.has_room:
            return _refusal(503)
        self._reading += 1
        try:
            body = await _body(request, self._limit)
        except ClientDisconnect:
            return _refusal(400)
        finally:
            self._reading -= 1
        if body is None:
            return _refusal(413)
        await self._subscriber.receive(
            token,
            body,
            content_type=request.headers.get("content-type", ""),
            signature=request.headers.get("x-hub-signature"),
        )
        # The same answer whether the signature was right or wrong, so that nobody learns by trying.
        return Response(status_code=202)


def _refusal(status: int) -> Response:
    """An answer after which the connection ends, so that what is left of a body is not read."""
    again = {"Retry-After": "60"} if status == 503 else {}  # noqa: PLR2004 - the one that passes
    return Response(status_code=status, headers={"Connection": "close"} | again)


async def _body(request: Request, limit: int) -> bytes | None:
    """Read a body of at most ``limit`` bytes; ``None`` if it has more."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced[:20]) > limit:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the daemon's own are to stay."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class _Bounded(H11Protocol):
    """uvicorn's protocol with a bound on what slow clients take: it has none for head and body."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._wait()
        super().on_response_complete()

    def _wait(self) -> None:
        self._stop_waiting()
        self._limit = self.loop.call_later(PATIENCE, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
