"""What strangers send to the callback server, byte by byte."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ingest.errors import NewsfoldError
from ingest.websub import server, subscriber
from tests.app.web import open_web
from tests.websub.house import Daemon, House, until
from tests.websub.hub import open_hub, signature

Case = Callable[[Daemon], Awaitable[None]]
LIMIT = 100_000


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_web() as web, open_hub() as hub:
        web.feed("/feed")
        yield House(web, hub, tmp_path, fetch=f"max_bytes: {LIMIT}")


def run(house: House, case: Case) -> None:
    async def opened() -> None:
        async with house.daemon() as daemon:
            await case(daemon)

    asyncio.run(opened())


@asynccontextmanager
async def line(
    house: House,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def said(house: House, request: bytes, *, leaves: bool = False) -> bytes:
    """Send bytes and return all that comes back until the server ends the connection.

    One that ends while more is being sent may take its answer with it.
    """
    async with line(house) as (reader, writer):
        writer.write(request)
        if leaves:
            writer.write_eof()
        try:
            async with asyncio.timeout(30):
                return await reader.read()
        except ConnectionError:
            return b""


async def status(house: House, head: str, body: bytes = b"") -> int:
    """Send a request that is well formed and return the status it is answered with, 0 for none."""
    request = f"{head}\r\nHost: news.example\r\nConnection: close\r\n"
    if "ontent-Length" not in head and "Transfer" not in head:
        request += f"Content-Length: {len(body)}\r\n"
    answer = await said(house, request.encode("latin-1") + b"\r\n" + body)
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0


UNKNOWN = "A" * 43


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/websub",
        "/websub/",
        "/favicon.ico",
        f"/{UNKNOWN}",
        f"/websub/{UNKNOWN}",
        f"/websub/{UNKNOWN}/",
        f"/websub/{UNKNOWN}/more",
        f"/websub//{UNKNOWN}",
        f"/WEBSUB/{UNKNOWN}",
        "/websub/short",
        "/websub/" + "A" * 5000,
        "/websub/..%2f..%2fetc%2fpasswd",
        "/websub/../../etc/passwd",
        "/websub/%00" + UNKNOWN,
        "/websub/" + UNKNOWN + "%0d%0aX:%20y",
        "/websub/' OR 1=1 --".replace(" ", "%20"),
        f"/websub/{UNKNOWN}?hub.mode=subscribe&hub.challenge=x",
    ],
)
def test_who_knows_no_token_gets_a_404(house: House, target: str) -> None:
    async def case(_daemon: Daemon) -> None:
        assert await status(house, f"GET {target} HTTP/1.1") == 404
        assert await status(house, f"POST {target} HTTP/1.1", b"<rss/>") == 404

    run(house, case)


def test_the_token_of_another_feed_s_push_is_of_no_use_without_its_secret(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        first, second = await both(daemon)
        secrets = {token.rpartition("/")[2]: secret for (_, token), secret in keys(house)}
        body = document(house, "/second", "stolen")
        forged = signature(body, secrets[first])
        head = f"POST /websub/{second} HTTP/1.1\r\nX-Hub-Signature: {forged}"
        assert await status(house, head, body) == 202
        assert all(poll.reason != "pushed" for poll in await daemon.polls())
        forged = signature(body, secrets[second])
        head = f"POST /websub/{second} HTTP/1.1\r\nX-Hub-Signature: {forged}"
        assert await status(house, head, body) == 202
        (row,) = [poll for poll in await daemon.polls() if poll.reason == "pushed"]
        assert row.feed_id == "f1"

    async def both(daemon: Daemon) -> tuple[str, str]:
        await daemon.tick()
        await until(lambda: len(house.hub.subscriptions) == 2, "both are verified")
        found = {s.feed_id: s.token for s in await daemon.subscriptions()}
        return found["f0"], found["f1"]

    house.web.feed("/second")
    house.names_hub("/second")

    async def opened() -> None:
        async with house.daemon("/feed", "/second") as daemon:
            await case(daemon)

    asyncio.run(opened())


def keys(house: House) -> list[tuple[tuple[str, str], str]]:
    return list(house.hub.subscriptions.items())


def document(house: House, path: str, guid: str) -> bytes:
    kept = house.web.pages[path]
    house.web.feed(path, house.web.item(guid, f"/{guid}"))
    made, house.web.pages[path] = house.web.pages[path].encode(), kept
    return made


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW"])
def test_other_methods_are_not_allowed_and_confirm_nothing(house: House, method: str) -> None:
    async def case(daemon: Daemon) -> None:
        house.hub.verifies = False
        await daemon.tick()
        await until(lambda: bool(house.hub.asked), "the hub was asked")
        found = await daemon.subscription()
        query = f"hub.mode=subscribe&hub.challenge=x&hub.topic={house.topic}&hub.lease_seconds=9"
        head = f"{method} /websub/{found.token}?{query} HTTP/1.1"
        assert await status(house, head) == 405
        assert (await daemon.subscription()).verified_at is None

    run(house, case)


def test_a_body_over_the_limit_is_not_read(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        found = await daemon.subscribed()
        post = f"POST /websub/{found.token} HTTP/1.1"
        for length in (str(LIMIT + 1), "9" * 30):
            head = f"{post}\r\nContent-Length: {length}"
            assert await status(house, head) in {400, 413}
        chunks = b"".join(b"4e20\r\n" + b"x" * 20_000 + b"\r\n" for _ in range(6))
        head = f"{post}\r\nTransfer-Encoding: chunked"
        assert await status(house, head, chunks) in {413, 0}
        head = f"{post}\r\nContent-Encoding: gzip"
        assert await status(house, head, b"x") == 415
        assert await status(house, post, b"x" * LIMIT) == 202
        assert (await daemon.subscription()).ignored == 1

    run(house, case)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00" * 100_000,
    ],
)
def test_what_is_no_request_ends_its_connection_and_no_other(house: House, raw: bytes) -> None:
    async def case(daemon: Daemon) -> None:
        await daemon.subscribed()
        answer = await said(house, raw, leaves=True)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
        assert await daemon.publish("ferry") == [202]

    run(house, case)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"POST /websub/TOKEN HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n",
        b"POST /websub/TOKEN HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
@pytest.mark.parametrize("drip", [b"", b"1"])
def test_a_slow_client_is_cut_off(
    house: House, start: bytes, drip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PATIENCE", 1.0)

    async def case(daemon: Daemon) -> None:
        found = await daemon.subscribed()
        began = time.monotonic()
        async with line(house) as (reader, writer):
            writer.write(start.replace(b"TOKEN", found.token.encode()))
            reading = asyncio.create_task(reader.read())
            while not reading.done():
                assert time.monotonic() - began < 20
                if drip and not writer.is_closing():
                    writer.write(drip)
                await asyncio.sleep(0.05)
            await asyncio.gather(reading, return_exceptions=True)
        assert await daemon.publish("ferry") == [202]

    run(house, case)


def test_more_pushes_than_fit_are_asked_to_come_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_REQUESTS", 3)

    async def case(daemon: Daemon) -> None:
        found = await daemon.subscribed()
        head = f"POST /websub/{found.token} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
        lines = [await asyncio.open_connection("127.0.0.1", house.port) for _ in range(3)]
        for _, writer in lines:
            writer.write(head.encode())
        answers: list[int] = []
        while 503 not in answers:
            assert len(answers) < 1000
            answers.append(await status(house, f"POST /websub/{found.token} HTTP/1.1", b"x"))
        for _, writer in lines:
            writer.write(b"<rss/>   ")
        for reader, writer in lines:
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 202 ")
            writer.close()
        assert await status(house, f"POST /websub/{found.token} HTTP/1.1", b"x") == 202

    run(house, case)


def test_while_pushes_pile_up_the_hub_is_asked_to_come_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "MOST_PUSHES", 0)

    async def case(daemon: Daemon) -> None:
        await daemon.subscribed()
        assert await daemon.publish("ferry") == [503]

    run(house, case)


def test_a_client_that_leaves_in_the_middle_of_a_body_is_not_heard(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        found = await daemon.subscribed()
        head = f"POST /websub/{found.token} HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n<rss/>"
        for _ in range(20):
            async with line(house) as (_, writer):
                writer.write(head.encode())
                await writer.drain()
        assert await daemon.publish("ferry") == [202]
        found = await daemon.subscription()
        assert (found.ignored, found.pushes) == (0, 1)

    run(house, case)


def test_an_address_that_is_taken_is_told_in_one_line() -> None:
    with server.listening(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(NewsfoldError, match=f"^websub.listen: 127.0.0.1 port {port} cannot"):
            server.listening(("127.0.0.1", port))
