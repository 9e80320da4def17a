"""Addresses that are none, hosts that cannot be asked, and that they hold up no other."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest

from ingest.fetch import transport
from ingest.types import Fault, Fetched, Validators
from storage.model import Reason
from tests.fetch.server import (
    answer,
    raw,
    site,
)
from tests.fetch.support import fetcher, offline, run

BAD_URLS = [
    "",
    " ",
    "example",
    "/feed.xml",
    "//example.org/feed",
    "http:",
    "http://",
    "http:///feed",
    "http://.",
    "http://:80/",
    "http://user@/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:70/_x",
    "javascript:alert(1)",
    "data:,x",
    "mailto:a@example.org",
    "http://[::1",
    "http://[not-an-address]/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:65536/",
    "http://127.0.0.1:port/",
    "http://127.0.0.1:-1/",
    "http://exa\nmple.org/",
    "http://example.org/\r\nX-Evil: 1",
    "http://example.org/\0",
    "http://\ud800.example/",
    "http://example.org/\udfff",
    "http://ex\u200bample\u00ad..org/",
    "http://xn--\u00fc.example/",
    "http://256.256.256.256/",
    "http://example.org/" + "a" * 70_000,
    "http://example.org/" + "a" * 5_000,
]


@pytest.mark.parametrize("url", BAD_URLS, ids=lambda url: repr(url[:30]))
def test_a_url_that_is_none_is_a_fault(url: str) -> None:
    async def case() -> tuple[Fetched | Fault, Fetched | Fault]:
        async with fetcher(robots_for_pages=True) as client:
            return await client.get_feed(url, Validators()), await client.get_page(url)

    for result in run(case()):
        assert isinstance(result, Fault), result
        assert result.reason is Reason.BAD_URL, result
        assert result.detail.isprintable()


@pytest.mark.parametrize(
    "host",
    [
        "a" * 64 + ".invalid",
        ".".join(["a" * 60] * 6) + ".invalid",
        "no such host.invalid",
        "-.invalid",
        "%00.invalid",
        "xn--a.invalid",
        "b\u00fccher.invalid",
        "\u4f8b\u3048.invalid",
        "127.0.0.1.invalid",
        "..invalid",
    ],
)
def test_a_host_that_does_not_exist_is_a_fault(host: str) -> None:
    async def case() -> Fetched | Fault:
        async with fetcher(resolve=offline) as client:
            return await client.get_page(f"http://{host}/")

    result = run(case())
    assert isinstance(result, Fault), result
    assert result.reason in {Reason.DNS_FAILED, Reason.BAD_URL}, result


def test_a_closed_port_is_a_fault_that_says_so() -> None:
    async def case() -> Fetched | Fault:
        async with site() as server:
            url = server.url()
        async with fetcher() as client:
            return await client.get_feed(url, Validators())

    result = run(case())
    assert isinstance(result, Fault)
    assert result.reason is Reason.CONNECT_FAILED
    assert "Connection refused" in result.detail


def test_a_server_without_tls_is_a_tls_fault() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async def case() -> Fetched | Fault:
        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, fetcher() as client:
            return await client.get_feed(f"https://127.0.0.1:{port}/", Validators())

    result = run(case())
    assert isinstance(result, Fault)
    assert result.reason is Reason.TLS_FAILED, result
    assert result.detail == "no TLS with 127.0.0.1: wrong version number"


def test_hung_hosts_delay_no_other_host() -> None:
    async def case() -> float:
        async with (
            site({"/": raw(hang=True)}, host="127.0.0.2") as hung,
            site({"/": answer(b"fine")}) as good,
            fetcher(concurrency=4, deadline=timedelta(seconds=60)) as client,
        ):
            hanging = [asyncio.create_task(client.get_page(hung.url())) for _ in range(50)]
            await asyncio.sleep(0.05)
            started = time.monotonic()
            for _ in range(20):
                assert isinstance(await client.get_page(good.url()), Fetched)
            seconds = time.monotonic() - started
            for task in hanging:
                task.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)
            return seconds

    assert run(case()) < 20


def test_names_that_never_resolve_hold_up_no_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    look_up = transport.look_up

    def hanging(host: str, port: int, flags: int = 0) -> tuple[str, ...]:
        if not flags and host.endswith(".hangs.invalid"):
            over.wait(60)
            return ()
        return look_up(host, port, flags)

    async def case() -> Fetched | Fault:
        async with site({"/": answer(b"fine")}) as good, fetcher(concurrency=2) as client:
            names = [f"http://{n}.hangs.invalid/" for n in range(6)]
            pages = [asyncio.create_task(client.get_page(name)) for name in names]
            await asyncio.sleep(0.05)
            try:
                return await client.get_feed(good.url(), Validators())
            finally:
                over.set()
                await asyncio.gather(*pages)

    monkeypatch.setattr(transport, "look_up", hanging)
    result = run(case())
    assert isinstance(result, Fetched), result
