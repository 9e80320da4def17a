"""What servers do to us, and the fault each of it is."""

import asyncio
import gzip
import time
import zlib
from datetime import timedelta

import pytest

from ingest.config import PerHost
from ingest.fetch.client import Fetcher
from ingest.types import Fault, Fetched, Validators
from storage.model import Reason
from tests.fetch.server import (
    Behaviour,
    answer,
    endless,
    raw,
    redirect,
    reset,
    response,
    site,
)
from tests.fetch.support import fetcher, run

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = "Content-Encoding: gzip"
TEXT = b"<rss>" + b"some words of a feed " * 50 + b"</rss>"
SQUEEZED = gzip.compress(TEXT)
BOMB = gzip.compress(bytes(20_000_000))


HOSTILE: dict[str, tuple[Behaviour, Reason]] = {
    "accepts and says nothing": (raw(hang=True), Reason.DEADLINE),
    "closes without an answer": (raw(), Reason.PROTOCOL_ERROR),
    "resets without an answer": (reset(), Reason.CONNECT_FAILED),
    "drips its status line": (endless(b"H", b"T", every=0.02), Reason.DEADLINE),
    "drips its headers": (endless(HEAD, b"X: y\r\n", every=0.02), Reason.DEADLINE),
    "sends headers without end": (
        endless(HEAD, b"X: " + b"y" * 900 + b"\r\n"),
        Reason.PROTOCOL_ERROR,
    ),
    "sends one header without end": (endless(HEAD + b"X: ", b"y" * 1000), Reason.PROTOCOL_ERROR),
    "sends 1xx without end": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), Reason.DEADLINE),
    "sends early hints without end": (
        endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 50),
        Reason.DEADLINE,
    ),
    "switches protocols": (
        raw(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            hang=True,
        ),
        Reason.PROTOCOL_ERROR,
    ),
    "talks something else": (raw(b"SSH-2.0-OpenSSH_9.7\r\n"), Reason.PROTOCOL_ERROR),
    "talks HTTP/0.9": (raw(b"<html>hello</html>"), Reason.PROTOCOL_ERROR),
    "talks HTTP/2": (raw(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64"), Reason.PROTOCOL_ERROR),
    "sends binary noise": (raw(bytes(range(256)) * 40), Reason.PROTOCOL_ERROR),
    "has a status that is none": (raw(b"HTTP/1.1 9999 What\r\n\r\n"), Reason.PROTOCOL_ERROR),
    "has NUL in a header": (raw(HEAD + b"X: a\0b\r\n\r\n"), Reason.PROTOCOL_ERROR),
    "has a header without a name": (raw(HEAD + b": x\r\n\r\n"), Reason.PROTOCOL_ERROR),
    "has two lengths": (
        raw(HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        Reason.PROTOCOL_ERROR,
    ),
    "has a negative length": (raw(HEAD + b"Content-Length: -1\r\n\r\n"), Reason.PROTOCOL_ERROR),
    "has a length of a thousand digits": (
        raw(HEAD + b"Content-Length: " + b"9" * 1000 + b"\r\n\r\n"),
        Reason.PROTOCOL_ERROR,
    ),
    "has an unknown transfer encoding": (
        raw(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n"),
        Reason.PROTOCOL_ERROR,
    ),
    "drips its body": (
        endless(HEAD + b"Content-Length: 9999\r\n\r\n", b"x", every=0.02),
        Reason.DEADLINE,
    ),
    "stops in its body": (
        raw(HEAD + b"Content-Length: 99\r\n\r\nhello", hang=True),
        Reason.DEADLINE,
    ),
    "sends less than its length": (answer(b"short", length=500), Reason.DEADLINE),
    "closes before its length": (raw(response(b"short", length=500)), Reason.TRUNCATED),
    "resets in its body": (reset(response(b"short", length=500)), Reason.TRUNCATED),
    "announces too much": (raw(response(b"", length=10**12), hang=True), Reason.TOO_LARGE),
    "sends too much": (endless(HEAD + b"\r\n", b"x" * 50_000), Reason.TOO_LARGE),
    "sends too many chunks": (
        endless(CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"),
        Reason.TOO_LARGE,
    ),
    "has a chunk size that is none": (raw(CHUNKED + b"zz\r\nhello\r\n"), Reason.PROTOCOL_ERROR),
    "has a chunk that is longer than said": (
        raw(CHUNKED + b"2\r\nhello\r\n0\r\n\r\n"),
        Reason.PROTOCOL_ERROR,
    ),
    "closes between chunks": (raw(CHUNKED + b"5\r\nhello\r\n"), Reason.TRUNCATED),
    "closes within a chunk": (raw(CHUNKED + b"50\r\nhello"), Reason.TRUNCATED),
    "sends a chunk extension without end": (
        endless(CHUNKED + b"5;", b"x" * 1000),
        Reason.PROTOCOL_ERROR,
    ),
    "sends trailers without end": (
        endless(CHUNKED + b"0\r\n", b"X: " + b"y" * 900 + b"\r\n"),
        Reason.PROTOCOL_ERROR,
    ),
    "sends a gzip bomb": (answer(BOMB, GZIP), Reason.TOO_LARGE),
    "sends a deflate bomb": (
        answer(zlib.compress(bytes(20_000_000)), "Content-Encoding: deflate"),
        Reason.TOO_LARGE,
    ),
    "sends empty gzip members without end": (
        endless(HEAD + GZIP.encode() + b"\r\n\r\n", gzip.compress(b"") * 500),
        Reason.BAD_ENCODING,
    ),
    "calls plain text gzip": (answer(TEXT, GZIP), Reason.BAD_ENCODING),
    "garbles its gzip": (
        answer(SQUEEZED[:10] + b"\xff" * 20, GZIP),
        Reason.BAD_ENCODING,
    ),
    "has a wrong gzip checksum": (
        answer(SQUEEZED[:-8] + b"\0" * 8, GZIP),
        Reason.BAD_ENCODING,
    ),
    "cuts its gzip short": (answer(SQUEEZED[:-20], GZIP), Reason.TRUNCATED),
    "cuts its gzip to a byte": (answer(SQUEEZED[:1], GZIP), Reason.TRUNCATED),
    "stacks gzip": (
        answer(gzip.compress(SQUEEZED), "Content-Encoding: gzip, gzip"),
        Reason.BAD_ENCODING,
    ),
    "stacks gzip in two headers": (
        answer(gzip.compress(SQUEEZED), GZIP, GZIP),
        Reason.BAD_ENCODING,
    ),
    "sends brotli unasked": (
        answer(b"\x8b\x03\x80hello\x03", "Content-Encoding: br"),
        Reason.BAD_ENCODING,
    ),
    "sends a brotli bomb": (
        # 16 MB of zeros in some bytes, had anyone asked for it or unpacked it.
        answer(b"\xcf\xff\xff\xff\xff\xff\x03" * 100, "Content-Encoding: br"),
        Reason.BAD_ENCODING,
    ),
    "stacks brotli on gzip": (answer(SQUEEZED, "Content-Encoding: gzip, br"), Reason.BAD_ENCODING),
    "sends zstd unasked": (
        answer(b"\x28\xb5\x2f\xfd", "Content-Encoding: zstd"),
        Reason.BAD_ENCODING,
    ),
    "names an encoding that is none": (
        answer(b"x", "Content-Encoding: \xff\x7f"),
        Reason.BAD_ENCODING,
    ),
    "redirects nowhere": (answer(b"", status="302 Found"), Reason.BAD_REDIRECT),
    "redirects to two places": (
        answer(b"", "Location: /a", "Location: /b", status="302 Found"),
        Reason.BAD_REDIRECT,
    ),
    "redirects to itself": (redirect("/"), Reason.TOO_MANY_REDIRECTS),
    "redirects to ftp": (redirect("ftp://127.0.0.1/feed"), Reason.BAD_REDIRECT),
    "redirects to a file": (redirect("file:///etc/passwd"), Reason.BAD_REDIRECT),
    "redirects to javascript": (redirect("javascript:alert(1)"), Reason.BAD_REDIRECT),
    "redirects to data": (redirect("data:text/xml,<rss/>"), Reason.BAD_REDIRECT),
    "redirects to no host": (redirect("http://./feed"), Reason.BAD_REDIRECT),
    "redirects to half an IPv6 address": (redirect("http://[::1"), Reason.BAD_REDIRECT),
    "redirects to a port that is none": (redirect("http://127.0.0.1:99999/"), Reason.BAD_REDIRECT),
    "redirects to a private address": (redirect("http://10.0.0.1/feed"), Reason.ADDRESS_REFUSED),
    "redirects to the metadata service": (
        redirect("http://169.254.169.254/latest"),
        Reason.ADDRESS_REFUSED,
    ),
    "redirects to IPv6 loopback": (redirect("http://[::1]/feed"), Reason.ADDRESS_REFUSED),
    "redirects to zero": (redirect("http://0/feed"), Reason.ADDRESS_REFUSED),
    "redirects with control characters": (redirect("/a\x01b"), Reason.BAD_REDIRECT),
    "redirects with a split header": (
        raw(b"HTTP/1.1 302 Found\r\nLocation: /a\rX-Evil: b\r\n\r\n"),
        Reason.PROTOCOL_ERROR,
    ),
    "redirects in bytes that are no text": (
        raw(b"HTTP/1.1 302 Found\r\nLocation: /\xff\xfe\r\n\r\n"),
        Reason.HTTP_NOT_FOUND,
    ),
    "redirects to a very long address": (redirect("/" + "a" * 9000), Reason.BAD_REDIRECT),
    "redirects with a body without end": (
        endless(b"HTTP/1.1 302 Found\r\nLocation: /gone\r\n\r\n", b"x" * 50_000),
        Reason.HTTP_NOT_FOUND,
    ),
    "redirects with a body of 2 GB": (
        endless(
            b"HTTP/1.1 302 Found\r\nLocation: /gone\r\nContent-Length: 2000000000\r\n\r\n",
            b"x" * 50_000,
        ),
        Reason.HTTP_NOT_FOUND,
    ),
    "refuses with a body without end": (
        endless(b"HTTP/1.1 500 Oh\r\n\r\n", b"x" * 50_000),
        Reason.HTTP_SERVER_ERROR,
    ),
    "says not modified unasked": (
        raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
        Reason.HTTP_UNEXPECTED,
    ),
    "sends no content": (raw(b"HTTP/1.1 204 No Content\r\n\r\n"), Reason.HTTP_UNEXPECTED),
    "sends a part": (answer(b"x", status="206 Partial Content"), Reason.HTTP_UNEXPECTED),
    "offers choices": (answer(b"x", status="300 Multiple Choices"), Reason.HTTP_UNEXPECTED),
    "has a status of its own": (answer(b"x", status="799 Odd"), Reason.HTTP_UNEXPECTED),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_a_fault_within_the_deadline(name: str) -> None:
    behaviour, reason = HOSTILE[name]
    result, seconds = run(meet(behaviour))
    assert isinstance(result, Fault), result
    assert result.reason is reason, result
    assert result.detail.isprintable()
    assert 0 < len(result.detail) <= 300
    assert result.url is not None
    assert seconds < 3


async def meet(behaviour: Behaviour) -> tuple[Fetched | Fault, float]:
    """Ask such a server for a feed; returns the result, and after how many seconds it came."""
    async with site({"/": behaviour}) as server, _hasty() as client:
        started = time.monotonic()
        result = await client.get_feed(server.url(), Validators())
        return result, time.monotonic() - started


def test_after_all_this_the_same_client_still_works() -> None:
    async def case() -> Fetched | Fault:
        pages = {f"/{number}": HOSTILE[name][0] for number, name in enumerate(HOSTILE)}
        good = {"/good": answer(SQUEEZED, GZIP)}
        async with site(pages | good) as server, _hasty() as client:
            calls = [client.get_page(server.url(path)) for path in pages]
            await asyncio.gather(*calls)
            return await client.get_page(server.url("/good"))

    result = run(case())
    assert isinstance(result, Fetched)
    assert result.body == TEXT


def _hasty() -> Fetcher:
    return fetcher(
        deadline=timedelta(seconds=0.4),
        per_host=PerHost(concurrency=100, delay=timedelta(0)),
        concurrency=100,
    )


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_an_unchanged_feed_may_promise_any_encoding(encoding: str) -> None:
    async def case() -> Fetched | Fault:
        head = f"HTTP/1.1 304 Not Modified\r\nContent-Encoding: {encoding}\r\n\r\n"
        async with site({"/": raw(head.encode())}) as server, fetcher() as client:
            return await client.get_feed(server.url(), Validators(etag='"1"'))

    result = run(case())
    assert isinstance(result, Fetched), result
    assert result.not_modified
