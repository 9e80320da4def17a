"""A small HTTP/1.1 server (RFC 9112) for many hosts at once: one event loop in one thread.

It can do what a crawler must bear and a well-behaved server never does: drip a body slower
than anyone will wait, and send one that is far too long without saying so beforehand.
"""

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum
from http import HTTPStatus

CHUNK_BYTES = 16_384
DRIP_SECONDS = 0.4
DRIP_BYTES = 40
IDLE_SECONDS = 30.0
PORT_ATTEMPTS = 30
REQUEST_LINE_PARTS = 3


class _NotHttpError(Exception):
    """A client said something that is no request."""


class Manner(Enum):
    """How a body is sent: whole, in chunks of unknown number, or drop by drop."""

    WHOLE = "whole"
    CHUNKED = "chunked"
    DRIPPING = "dripping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request as it came in. ``target`` is path and query; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response to be sent."""

    status: HTTPStatus
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    manner: Manner = Manner.WHOLE


Handler = Callable[[str, Question], Answer]
"""Answers a question put to the host of that name. Called in the server's thread."""


class Server:
    """Serves several hosts until closed. ``hosts`` maps a name to its listening socket."""

    def __init__(self, hosts: Mapping[str, socket.socket], handler: Handler) -> None:
        self._hosts = dict(hosts)
        self._handler = handler
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="newsroom", daemon=True)

    def start(self) -> None:
        """Start the thread; returns when all hosts answer."""
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        """Break off what is under way, close every socket and end the thread."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        servers = [
            await asyncio.start_server(self._connected(name), sock=sock)
            for name, sock in self._hosts.items()
        ]
        self._ready.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for server in servers:
            await server.wait_closed()

    def _connected(self, name: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            def ended(task: asyncio.Task[None]) -> None:
                self._connections.discard(task)
                # of no effect after an orderly close; else a close that waits for no reader
                writer.transport.abort()

            task = asyncio.create_task(self._converse(name, reader, writer))
            self._connections.add(task)
            task.add_done_callback(ended)

        return connected

    async def _converse(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        # the client may leave, fall silent or talk nonsense at any point: all end the talk
        with contextlib.suppress(OSError, EOFError, TimeoutError, _NotHttpError):
            while True:
                async with asyncio.timeout(IDLE_SECONDS):
                    question = await _read(reader)
                await _send(writer, question, self._handler(name, question))
                if question.headers.get("connection", "").lower() == "close":
                    break
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def listen(addresses: Sequence[str]) -> list[socket.socket]:
    """Return a listening socket for each address, all on one port the system had free.

    Raises:
        OSError: One of the addresses is not this machine's.
    """
    for _ in range(PORT_ATTEMPTS):
        sockets: list[socket.socket] = []
        port = 0
        try:
            for address in addresses:
                sockets.append(_bound(address, port))
                port = sockets[0].getsockname()[1]
        except OSError as error:
            for sock in sockets:
                sock.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return sockets
    raise OSError(errno.EADDRINUSE, "found no port that is free on every address")


def listen_on_one(address: str, count: int) -> list[socket.socket]:
    """Return that many listening sockets on one address, each on a port of its own."""
    return [_bound(address, 0) for _ in range(count)]


def _bound(address: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(128)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


async def _read(reader: asyncio.StreamReader) -> Question:
    """Read one request head. Bodies are not expected and would end the connection.

    Raises:
        EOFError: The client closed the connection.
        _NotHttpError: What came is not HTTP.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise _NotHttpError("request head too long") from error
    first, *lines = head.decode("latin-1").strip("\r\n").split("\r\n")
    parts = first.split(" ")
    if len(parts) != REQUEST_LINE_PARTS:
        raise _NotHttpError(first)
    method, target, _ = parts
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Question(method=method, target=target, headers=headers)


async def _send(writer: asyncio.StreamWriter, question: Question, answer: Answer) -> None:
    headers = {"Date": formatdate(usegmt=True), "Server": "newsroom", **answer.headers}
    bodiless = question.method == "HEAD" or answer.status is HTTPStatus.NOT_MODIFIED
    if answer.manner is not Manner.WHOLE:
        headers["Transfer-Encoding"] = "chunked"
    elif answer.status is not HTTPStatus.NOT_MODIFIED:
        headers["Content-Length"] = str(len(answer.body))
    lines = [f"HTTP/1.1 {answer.status.value} {answer.status.phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    if not bodiless:
        if answer.manner is Manner.WHOLE:
            writer.write(answer.body)
        else:
            await _send_chunks(writer, answer)
    await writer.drain()


async def _send_chunks(writer: asyncio.StreamWriter, answer: Answer) -> None:
    dripping = answer.manner is Manner.DRIPPING
    size = DRIP_BYTES if dripping else CHUNK_BYTES
    for start in range(0, len(answer.body), size):
        piece = answer.body[start : start + size]
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await writer.drain()
        if dripping:
            await asyncio.sleep(DRIP_SECONDS)
    writer.write(b"0\r\n\r\n")
