"""A small web server that does exactly what a test tells it, byte by byte if need be."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as the server saw it. ``at`` is monotonic."""

    at: float
    path: str
    headers: Mapping[str, str]


@dataclass(slots=True)
class Call:
    """One request that a behaviour is to answer."""

    path: str
    headers: Mapping[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    keep: bool = False

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


Behaviour = Callable[[Call], Awaitable[None]]


@dataclass(slots=True)
class Site:
    """A running server: its address, what it was asked, and how many are asking now."""

    host: str
    port: int = 0
    pages: dict[str, Behaviour] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    under_way: int = 0
    most_under_way: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str = "/") -> str:
        return f"http://{self.host}:{self.port}{path}"

    def asked(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._answer(reader, writer):
                    pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        path = first.split(" ")[1]
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        self.seen.append(Seen(at=time.monotonic(), path=path, headers=headers))
        call = Call(path, headers, reader, writer)
        self.arrived.set()
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.pages.get(path, not_found)(call)
        finally:
            self.under_way -= 1
        return call.keep


@asynccontextmanager
async def site(
    pages: Mapping[str, Behaviour] | None = None, *, host: str = "127.0.0.1"
) -> AsyncIterator[Site]:
    running = Site(host, pages=dict(pages or {}))
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await running.handle(reader, writer)
        tasks.discard(task)

    server = await asyncio.start_server(handle, host, 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        pending = list(tasks)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


def answer(
    body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None
) -> Behaviour:
    """Answer in the plain way, and keep the connection."""

    async def behave(call: Call) -> None:
        await call.send(response(body, *headers, status=status, length=length))
        call.keep = True

    return behave


def response(
    body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None
) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body


def raw(*pieces: bytes, every: float = 0.0, hang: bool = False) -> Behaviour:
    """Send these bytes, then close or hang."""

    async def behave(call: Call) -> None:
        for piece in pieces:
            await call.send(piece)
            if every:
                await asyncio.sleep(every)
        if hang:
            await asyncio.sleep(3600)

    return behave


def endless(start: bytes, piece: bytes, *, every: float = 0.0) -> Behaviour:
    """Send ``start``, then ``piece`` for ever."""

    async def behave(call: Call) -> None:
        await call.send(start)
        while True:
            await call.send(piece)
            await asyncio.sleep(every)

    return behave


def reset(*pieces: bytes) -> Behaviour:
    """Send these bytes, then reset the connection (RST instead of FIN)."""

    async def behave(call: Call) -> None:
        for piece in pieces:
            await call.send(piece)
        await asyncio.sleep(0.05)
        sock = call.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        call.writer.transport.abort()

    return behave


def redirect(target: str, status: str = "302 Found", body: bytes = b"") -> Behaviour:
    return answer(body, f"Location: {target}", status=status)


not_found = answer(b"nothing here", status="404 Not Found")
