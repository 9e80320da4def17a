"""How we ask, and how good answers come back."""

import asyncio
import gzip
import zlib
from datetime import timedelta

import pytest

from ingest.config import PerHost
from ingest.errors import ConfigError
from ingest.types import Fault, Fetched, Validators
from storage.model import Reason
from tests.fetch.server import Behaviour, Call, Site, answer, raw, redirect, response, site
from tests.fetch.support import SetClock, fault, fetched, fetcher, run

ETAG = 'W/"caf\u00e9 \u00ff, \t \'#"'
MODIFIED = "Tue,  3 Nov 2026 7:00:00 +0100"
NONE = Validators()


def test_a_feed_request_says_what_it_wants_and_who_asks() -> None:
    async def case() -> Site:
        async with (
            site({"/feed": answer(b"<rss/>")}) as server,
            fetcher(contact="https://example.org/crawler") as client,
        ):
            fetched(await client.get_feed(server.url("/feed#part"), NONE))
            return server

    headers = run(case()).asked("/feed")[0].headers
    assert headers["user-agent"] == "newsfold/1.2.3 (+https://example.org/crawler)"
    assert headers["a-im"] == "feed"
    assert headers["accept-encoding"] == "gzip"
    assert "application/atom+xml" in headers["accept"]
    assert "if-none-match" not in headers
    assert "if-modified-since" not in headers
    assert "cookie" not in headers


def test_validators_go_back_byte_for_byte_and_a_304_is_an_answer() -> None:
    async def feed(call: Call) -> None:
        same = call.headers.get("if-none-match") == ETAG
        headers = (f"ETag: {ETAG}", f"Last-Modified: {MODIFIED}", "Cache-Control: max-age=900")
        if same and call.headers.get("if-modified-since") == MODIFIED:
            await call.send(
                "\r\n".join(["HTTP/1.1 304 Not Modified", *headers, "", ""]).encode("latin-1")
            )
        else:
            await call.send(response(b"<rss/>", *headers))
        call.keep = True

    async def case() -> tuple[Fetched, Fetched, Site]:
        async with site({"/": feed}) as server, fetcher() as client:
            first = fetched(await client.get_feed(server.url(), NONE))
            again = fetched(await client.get_feed(server.url(), first.validators))
            return first, again, server

    first, again, server = run(case())
    url = server.url()
    assert first.validators == Validators(etag=ETAG, last_modified=MODIFIED, url=url)
    assert (first.conditional, again.conditional) == (False, True)
    assert again.not_modified
    assert again.body == b""
    assert again.headers["cache-control"] == "max-age=900"
    assert server.connections == 1


@pytest.mark.parametrize("bad", ["a\r\nX-Evil: 1", "\u20ac", "", "\0", " ", "a\nb"])
def test_a_validator_no_server_can_have_sent_is_left_out(bad: str) -> None:
    async def case() -> Site:
        async with site({"/": answer(b"<rss/>")}) as server, fetcher() as client:
            fetched(await client.get_feed(server.url(), Validators(etag=bad, last_modified=bad)))
            return server

    headers = run(case()).seen[0].headers
    assert "if-none-match" not in headers
    assert "if-modified-since" not in headers
    assert "x-evil" not in headers


def test_a_delta_is_an_answer_to_a_feed_but_not_to_a_page() -> None:
    async def case() -> tuple[Fetched | Fault, Fetched | Fault]:
        async with (
            site({"/": answer(b"<rss/>", "IM: feed", status="226 IM Used")}) as server,
            fetcher() as client,
        ):
            return await client.get_feed(server.url(), NONE), await client.get_page(server.url())

    feed, page = run(case())
    assert fetched(feed).status == 226
    assert fault(page).reason is Reason.HTTP_UNEXPECTED


GOOD: dict[str, tuple[Behaviour, bytes]] = {
    "with a length": (answer(b"hello"), b"hello"),
    "with an empty body": (answer(b""), b""),
    "gzip with an empty body": (answer(b"", "Content-Encoding: gzip"), b""),
    "in gzip": (answer(gzip.compress(b"hello"), "Content-Encoding: gzip"), b"hello"),
    "in deflate": (answer(zlib.compress(b"hello"), "Content-Encoding: deflate"), b"hello"),
    "in chunks": (
        raw(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        ),
        b"hello",
    ),
    "until the end": (raw(b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo"), b"hello"),
    "in HTTP/1.0": (raw(b"HTTP/1.0 200 OK\r\n\r\nhello"), b"hello"),
    "without a reason": (raw(b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello"), b"hello"),
    "after hints": (
        raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + response(b"hello")),
        b"hello",
    ),
    "from a proxy": (answer(b"hello", status="203 Non-Authoritative"), b"hello"),
    "byte by byte": (raw(*(bytes([b]) for b in response(b"hello")), every=0.001), b"hello"),
    "that is no text": (answer(bytes(range(256))), bytes(range(256))),
}


@pytest.mark.parametrize("name", GOOD)
def test_an_answer_comes_whole(name: str) -> None:
    behaviour, body = GOOD[name]

    async def case() -> Fetched:
        async with site({"/": behaviour}) as server, fetcher() as client:
            return fetched(await client.get_page(server.url()))

    result = run(case())
    assert result.body == body
    assert result.redirects == ()
    assert result.url == result.requested_url
    assert 0 < result.seconds < 2


def test_wire_bytes_are_counted_before_decoding() -> None:
    data = gzip.compress(b"x" * 10_000)

    async def case() -> Fetched:
        pages = {"/": answer(data, "Content-Encoding: gzip")}
        async with site(pages) as server, fetcher() as client:
            return fetched(await client.get_page(server.url()))

    assert run(case()).wire_bytes == len(data)


def test_repeated_list_headers_are_joined_and_single_ones_are_not() -> None:
    async def case() -> Fetched:
        pages = {"/": answer(b"x", "Link: <a>", "Link: <b>", "ETag: 1", "ETag: 2")}
        async with site(pages) as server, fetcher() as client:
            return fetched(await client.get_page(server.url()))

    headers = run(case()).headers
    assert headers["link"] == "<a>, <b>"
    assert headers["etag"] == "1"


STATUSES = {
    400: Reason.HTTP_CLIENT_ERROR,
    401: Reason.HTTP_FORBIDDEN,
    402: Reason.HTTP_FORBIDDEN,
    403: Reason.HTTP_FORBIDDEN,
    404: Reason.HTTP_NOT_FOUND,
    405: Reason.HTTP_CLIENT_ERROR,
    410: Reason.HTTP_GONE,
    418: Reason.HTTP_CLIENT_ERROR,
    429: Reason.HTTP_TOO_MANY_REQUESTS,
    451: Reason.HTTP_FORBIDDEN,
    500: Reason.HTTP_SERVER_ERROR,
    503: Reason.HTTP_SERVER_ERROR,
    599: Reason.HTTP_SERVER_ERROR,
    600: Reason.HTTP_UNEXPECTED,
    202: Reason.HTTP_UNEXPECTED,
}


@pytest.mark.parametrize(("status", "reason"), STATUSES.items())
def test_a_status_that_was_not_wanted_is_a_fault_by_its_kind(status: int, reason: Reason) -> None:
    async def case() -> Fault:
        pages = {"/": answer(b"sorry", status=f"{status} Oh")}
        async with site(pages) as server, fetcher() as client:
            return fault(await client.get_feed(server.url(), NONE))

    result = run(case())
    assert (result.reason, result.status) == (reason, status)
    assert result.retry_after is None


def test_cookies_are_neither_kept_nor_sent() -> None:
    async def case() -> Site:
        pages = {"/": answer(b"x", "Set-Cookie: a=b; Path=/"), "/r": redirect("/")}
        async with site(pages) as server, fetcher() as client:
            await client.get_page(server.url())
            await client.get_page(server.url("/r"))
            return server

    assert all("cookie" not in seen.headers for seen in run(case()).seen)


def test_user_names_and_passwords_are_neither_sent_nor_shown() -> None:
    async def case() -> tuple[Fetched, Site]:
        async with site({"/": answer(b"x")}) as server, fetcher() as client:
            url = server.url().replace("://", "://me:secret@")
            return fetched(await client.get_page(url)), server

    result, server = run(case())
    assert "authorization" not in server.seen[0].headers
    assert "secret" not in result.url


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def case() -> Fetched | Fault:
        async with site({"/": answer(b"direct")}) as server, fetcher() as client:
            return await client.get_page(server.url())

    assert fetched(run(case())).body == b"direct"


def test_a_configured_proxy_is_used_even_at_a_private_address() -> None:
    async def case() -> tuple[Fetched, Fault, Site]:
        async with site({"http://news.example/a": answer(b"by proxy")}) as proxy:
            address = proxy.url().replace("://", "://me:secret@")
            async with fetcher(proxy=address, allow_networks=()) as client:
                good = fetched(await client.get_page("http://news.example/a"))
                bad = fault(await client.get_page("http://0x7f.1/a"))
            return good, bad, proxy

    good, bad, proxy = run(case())
    assert good.body == b"by proxy"
    assert proxy.seen[0].headers["proxy-authorization"].startswith("Basic ")
    assert bad.reason is Reason.ADDRESS_REFUSED
    assert len(proxy.seen) == 1


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "nonsense", "http://", "http://a:b"])
def test_a_proxy_that_cannot_be_used_is_a_configuration_error(proxy: str) -> None:
    with pytest.raises(ConfigError, match=r"fetch\.proxy"):
        fetcher(proxy=proxy)


def test_a_connection_closed_while_idle_is_not_a_fault() -> None:
    async def once(call: Call) -> None:
        # Promises to keep the connection, then closes it at the next request.
        await call.send(response(b"x"))
        await call.reader.readexactly(10)

    async def case() -> tuple[Fetched, Site]:
        async with site({"/": once}) as server, fetcher() as client:
            fetched(await client.get_page(server.url()))
            return fetched(await client.get_page(server.url())), server

    result, server = run(case())
    assert result.body == b"x"
    assert server.connections == 2


def test_cancelling_a_get_cancels_it_and_leaves_the_client_whole() -> None:
    async def case() -> Fetched:
        pages = {"/hang": raw(hang=True), "/": answer(b"fine")}
        async with (
            site(pages) as server,
            fetcher(concurrency=1, per_host=PerHost(concurrency=1, delay=timedelta(0))) as client,
        ):
            for _ in range(3):
                server.arrived.clear()
                task = asyncio.create_task(client.get_page(server.url("/hang")))
                await server.arrived.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            return fetched(await client.get_page(server.url()))

    assert run(case()).body == b"fine"


def test_a_429_holds_the_host_for_as_long_as_it_asked() -> None:
    async def case() -> list[Fetched | Fault]:
        clock = SetClock()
        pages = {
            "/busy": answer(b"", "Retry-After: 120", status="429 Slow Down"),
            "/": answer(b"fine"),
        }
        async with (
            site(pages) as server,
            site({"/": answer(b"other")}, host="127.0.0.2") as other,
            fetcher(clock=clock) as client,
        ):
            results = [await client.get_page(server.url("/busy"))]
            results.append(await client.get_feed(server.url(), NONE))
            results.append(await client.get_page(other.url()))
            assert len(server.seen) == 1
            clock.now += timedelta(seconds=121)
            results.append(await client.get_feed(server.url(), NONE))
            return results

    busy, held, other, later = run(case())
    assert fault(busy).retry_after == timedelta(seconds=120)
    assert fault(held).reason is Reason.ON_HOLD
    assert fault(held).retry_after == timedelta(seconds=120)
    assert "127.0.0.1" in fault(held).detail
    assert fetched(other).body == b"other"
    assert fetched(later).body == b"fine"


def test_a_503_with_retry_after_concerns_its_own_address_alone() -> None:
    async def case() -> tuple[Fault, Fetched]:
        pages = {
            "/down": answer(b"", "Retry-After: 5", status="503 Down"),
            "/": answer(b"fine"),
        }
        async with site(pages) as server, fetcher() as client:
            down = fault(await client.get_feed(server.url("/down"), NONE))
            return down, fetched(await client.get_page(server.url()))

    down, fine = run(case())
    assert down.retry_after == timedelta(seconds=60)
    assert fine.body == b"fine"
