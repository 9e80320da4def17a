"""A feed's server on loopback that notes all it is asked, and when in virtual time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

START = datetime(2026, 11, 2, 6, tzinfo=UTC)  # a Monday
MOST_ASKS = 5_000


class VirtualClock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def http_date(moment: datetime) -> str:
    """Return a time as HTTP writes it (RFC 9110 section 5.6.7)."""
    return format_datetime(moment, usegmt=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request. ``headers`` by lower-case name, latin-1, so that every byte is kept."""

    at: datetime
    instant: float
    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def conditional(self) -> bool:
        return "if-none-match" in self.headers or "if-modified-since" in self.headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a request is answered. ``cut`` leaves off the end of the body, ``after`` is slow."""

    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    date: datetime | None = None
    cut: int = 0
    after: float = 0.0


Script = Callable[[Ask, int], Reply]
"""Given a request and how many came before it to its target, the reply."""


@dataclass(slots=True)
class Judge:
    """A running server. What a script is not written for is answered with 404, and noted."""

    clock: VirtualClock
    port: int = 0
    scripts: dict[str, Script] = field(default_factory=dict)
    asks: list[Ask] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    def url(self, target: str) -> str:
        return f"http://127.0.0.1:{self.port}{target}"

    def asked(self, target: str) -> list[Ask]:
        return [ask for ask in self.asks if ask.target == target]

    def gaps(self, target: str) -> list[timedelta]:
        """Return the times between the requests for a target."""
        times = [ask.at for ask in self.asked(target)]
        return [later - earlier for earlier, later in pairwise(times)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._answer(await reader.readuntil(b"\r\n\r\n"), writer):
                pass
        writer.close()

    async def _answer(self, head: bytes, writer: asyncio.StreamWriter) -> bool:
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip(" ") for name, _, value in pairs}
        ask = Ask(
            at=self.clock(),
            instant=time.monotonic(),
            method=method,
            target=target,
            headers=headers,
        )
        before = len(self.asked(target))
        assert len(self.asks) < MOST_ASKS, f"{target}: asked without end"
        self.asks.append(ask)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            reply = self.scripts.get(target, _not_found)(ask, before)
            await asyncio.sleep(reply.after)
            writer.write(_written(reply, self.clock()))
            await writer.drain()
        finally:
            self.under_way -= 1
        return not reply.cut


def _not_found(ask: Ask, before: int) -> Reply:
    del ask, before
    return Reply(status=404)


def _written(reply: Reply, now: datetime) -> bytes:
    length = [] if reply.status == 304 else [("Content-Length", str(len(reply.body)))]
    fields = [("Date", http_date(reply.date or now)), *length, *reply.headers]
    lines = [f"HTTP/1.1 {reply.status} So", *(f"{name}: {value}" for name, value in fields)]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head + reply.body[: len(reply.body) - reply.cut]


@asynccontextmanager
async def judge(clock: VirtualClock) -> AsyncIterator[Judge]:
    """Run a server on a port of its own, which is a host of its own to whoever paces requests."""
    running = Judge(clock)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await running.serve(reader, writer)
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        left = list(tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
