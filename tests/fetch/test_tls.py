"""Connections over TLS, straight and through a proxy, with certificates made for the test."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import trustme

from ingest.fetch import transport
from ingest.fetch.client import Fetcher
from storage.model import Reason
from tests.fetch.support import LOOPBACK, fault, fetched, fetcher, run

HOST = "news.example"
BODY = b"<rss/>" * 20_000


@dataclass
class Tally:
    """What a server saw."""

    port: int = 0
    connections: int = 0
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that the fetcher trusts."""
    ca = trustme.CA()
    context = ssl.create_default_context()
    ca.configure_trust(context)
    monkeypatch.setattr(transport, "_tls_context", lambda: context)
    return ca


def certified(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(*names).configure_cert(context)
    return context


@asynccontextmanager
async def secure_site(context: ssl.SSLContext, *, cut: int | None = None) -> AsyncIterator[Tally]:
    """Serve ``BODY`` over TLS; ``cut`` ends each connection after so many bytes of it."""
    tally = Tally()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tally.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                tally.requests.append(head.split(b"\r\n")[0].decode())
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY))
                writer.write(BODY[:cut])
                await writer.drain()
                if cut is not None:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.transport.abort() if cut is None else writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    tally.port = server.sockets[0].getsockname()[1]
    async with server:
        yield tally


@asynccontextmanager
async def tunnel(
    to: int, *, answer: bytes = b"200 Connected", context: ssl.SSLContext | None = None
) -> AsyncIterator[Tally]:
    """Serve as a proxy that takes whoever asks for a tunnel to one port of loopback."""
    tally = Tally()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tally.connections += 1
        head = await reader.readuntil(b"\r\n\r\n")
        tally.requests.append(head.decode())
        writer.write(b"HTTP/1.1 %s\r\n\r\n" % answer)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    tally.port = server.sockets[0].getsockname()[1]
    async with server:
        yield tally


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        pass
    sink.close()


def client(**changes: Any) -> Fetcher:
    async def resolve(host: str, port: int) -> tuple[str, ...]:
        del host, port
        return ("127.0.0.1",)

    return fetcher(resolve=resolve, **changes)


def test_a_page_comes_whole_over_tls_and_the_connection_is_used_again(
    authority: trustme.CA,
) -> None:
    async def case() -> None:
        async with secure_site(certified(authority, HOST)) as site, client() as fetching:
            for path in ("a", "b"):
                page = fetched(await fetching.get_page(f"https://{HOST}:{site.port}/{path}"))
                assert page.body == BODY
            assert site.requests == ["GET /a HTTP/1.1", "GET /b HTTP/1.1"]
            assert site.connections == 1

    run(case())


@pytest.mark.parametrize("name", ["other.example", "*.example.net"])
def test_a_certificate_for_another_name_is_refused(authority: trustme.CA, name: str) -> None:
    async def case() -> None:
        async with secure_site(certified(authority, name)) as site, client() as fetching:
            result = fault(await fetching.get_page(f"https://{HOST}:{site.port}/"))
            assert result.reason is Reason.TLS_FAILED
            assert HOST in result.detail
            assert site.requests == []

    run(case())


@pytest.mark.usefixtures("authority")
def test_a_certificate_of_an_unknown_authority_is_refused() -> None:
    async def case() -> None:
        async with secure_site(certified(trustme.CA(), HOST)) as site, client() as fetching:
            result = fault(await fetching.get_page(f"https://{HOST}:{site.port}/"))
            assert result.reason is Reason.TLS_FAILED
            assert "unable to get local issuer certificate" in result.detail
            assert site.requests == []

    run(case())


def test_a_body_that_breaks_off_over_tls_is_truncated(authority: trustme.CA) -> None:
    async def case() -> None:
        context = certified(authority, HOST)
        async with secure_site(context, cut=1000) as site, client() as fetching:
            result = fault(await fetching.get_page(f"https://{HOST}:{site.port}/"))
            assert result.reason is Reason.TRUNCATED

    run(case())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_opens_a_tunnel_for_tls(authority: trustme.CA, scheme: str) -> None:
    async def case() -> None:
        context = certified(authority, "localhost") if scheme == "https" else None
        async with (
            secure_site(certified(authority, HOST)) as site,
            tunnel(site.port, context=context) as proxy,
            client(proxy=f"{scheme}://me:secret@localhost:{proxy.port}") as fetching,
        ):
            for path in ("a", "b"):
                page = fetched(await fetching.get_page(f"https://{HOST}/{path}"))
                assert page.body == BODY
            assert site.requests == ["GET /a HTTP/1.1", "GET /b HTTP/1.1"]
            (asked,) = proxy.requests
            assert asked.startswith(f"CONNECT {HOST}:443 HTTP/1.1\r\n")
            assert f"\r\nHost: {HOST}:443\r\n" in asked
            assert "\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n" in asked

    run(case())


@pytest.mark.usefixtures("authority")
def test_a_proxy_that_opens_no_tunnel_is_a_fault_that_says_so() -> None:
    async def case() -> None:
        async with (
            tunnel(9, answer=b"407 Who are you\r\nContent-Length: 0") as proxy,
            client(proxy=f"http://127.0.0.1:{proxy.port}") as fetching,
        ):
            result = fault(await fetching.get_page(f"https://{HOST}/"))
            assert result.reason is Reason.CONNECT_FAILED
            assert "407 Who are you" in result.detail

    run(case())


def test_a_proxy_may_itself_be_spoken_to_over_tls(authority: trustme.CA) -> None:
    async def case() -> None:
        async with (
            secure_site(certified(authority, "localhost")) as proxy,
            client(proxy=f"https://localhost:{proxy.port}", allow_networks=LOOPBACK) as fetching,
        ):
            page = fetched(await fetching.get_page(f"http://{HOST}/a"))
            assert page.body == BODY
            assert proxy.requests == [f"GET http://{HOST}/a HTTP/1.1"]

    run(case())
