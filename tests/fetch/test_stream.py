"""The stream under httpcore: what httpcore is promised of it, on real sockets."""

import asyncio
import logging
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpcore
import pytest
import trustme

from ingest.fetch.faults import TroubleError
from ingest.fetch.stream import Stream
from storage.model import Reason
from tests.fetch.support import run

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
MUCH = 32 * 1024 * 1024


@asynccontextmanager
async def connected(
    serve: Serve, *, context: ssl.SSLContext | None = None
) -> AsyncIterator[Stream]:
    """Connect to a server that does this with every connection."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        stream = await Stream.connect("127.0.0.1", server.sockets[0].getsockname()[1], seconds=5)
        try:
            yield stream
        finally:
            await stream.aclose()


def silent_until(done: asyncio.Event) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        await done.wait()
        writer.close()

    return serve


def saying(data: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        writer.write(data)
        writer.close()

    return serve


async def all_of(stream: Stream, max_bytes: int = 65_536) -> bytes:
    pieces = []
    while piece := await stream.read(max_bytes, 5):
        assert len(piece) <= max_bytes
        pieces.append(piece)
    return b"".join(pieces)


def reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.mark.parametrize("max_bytes", [1, 3, 65_536])
def test_what_came_is_read_in_order_and_then_the_end(max_bytes: int) -> None:
    async def case() -> None:
        async with connected(saying(b"0123456789")) as stream:
            assert await all_of(stream, max_bytes) == b"0123456789"
            assert stream.ended
            assert await stream.read(1) == b""

    run(case())


def test_reading_and_writing_have_their_time() -> None:
    async def case() -> None:
        done = asyncio.Event()
        async with connected(silent_until(done)) as stream:
            with pytest.raises(httpcore.ReadTimeout):
                await stream.read(1, 0.01)
            with pytest.raises(httpcore.WriteTimeout):
                await stream.write(bytes(MUCH), 0.01)
            done.set()

    run(case())


def test_a_connection_that_is_reset_is_an_error_of_reading_and_of_writing() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"half")
        await writer.drain()
        await reader.read(1)
        reset(writer)

    async def case() -> None:
        async with connected(serve) as stream:
            await stream.write(b"a")
            assert await stream.read(100, 5) == b"half"
            await stream.write(b"b")
            with pytest.raises(httpcore.ReadError):
                await stream.read(100, 5)
            assert not stream.ended
            with pytest.raises(httpcore.WriteError):
                await stream.write(b"c")

    run(case())


def test_after_the_end_nothing_can_be_written() -> None:
    async def case() -> None:
        async with connected(saying(b"503")) as stream:
            assert await stream.read(1, 5) == b"5"
            await all_of(stream)
            with pytest.raises(httpcore.WriteError):
                await stream.write(b"request")

    run(case())


def test_who_sends_faster_than_is_read_is_made_to_wait() -> None:
    async def case() -> None:
        sent = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            del reader
            writer.write(bytes(MUCH))
            await writer.drain()
            sent.set()
            writer.close()

        async with connected(serve) as stream:
            first = await stream.read(65_536, 5)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(sent.wait(), 0.2)
            assert len(stream._unread) < 1_000_000
            assert len(first) + len(await all_of(stream)) == MUCH
            assert sent.is_set()

    run(case())


def test_a_reading_that_was_given_up_loses_nothing() -> None:
    async def case() -> None:
        asked = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            del reader
            await asked.wait()
            writer.write(b"late")
            writer.close()

        async with connected(serve) as stream:
            reading = asyncio.create_task(stream.read(100))
            await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            asked.set()
            assert await all_of(stream) == b"late"

    run(case())


def test_an_idle_connection_is_readable_once_it_ends() -> None:
    async def case() -> None:
        done = asyncio.Event()
        async with connected(silent_until(done)) as stream:
            assert not stream.get_extra_info("is_readable")
            done.set()
            assert await stream.read(1, 5) == b""
            assert stream.get_extra_info("is_readable")

    run(case())


def test_the_socket_and_its_addresses_are_known() -> None:
    async def case() -> None:
        done = asyncio.Event()
        async with connected(silent_until(done)) as stream:
            here = stream.get_extra_info("client_addr")
            assert stream.get_extra_info("socket").getsockname() == here
            assert stream.get_extra_info("server_addr")[0] == "127.0.0.1"
            assert stream.get_extra_info("ssl_object") is None
            assert stream.get_extra_info("unheard-of") is None
            done.set()

    run(case())


def test_nothing_said_before_the_handshake_passes_for_encrypted() -> None:
    async def case() -> None:
        async with connected(saying(b"HTTP/1.1 200 OK\r\n\r\n")) as stream:
            assert await stream.read(1, 5) == b"H"
            with pytest.raises(TroubleError, match="did not wait") as caught:
                await stream.start_tls(ssl.create_default_context(), "news.example", 5)
            assert caught.value.reason is Reason.TLS_FAILED

    run(case())


def test_a_handshake_has_its_time() -> None:
    async def case() -> None:
        done = asyncio.Event()
        async with connected(silent_until(done)) as stream:
            with pytest.raises(httpcore.ConnectTimeout):
                await stream.start_tls(ssl.create_default_context(), "news.example", 0.01)
            done.set()

    run(case())


def test_a_name_that_tls_cannot_carry_is_trouble_and_no_bug(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def case() -> None:
        done = asyncio.Event()
        async with connected(silent_until(done)) as stream:
            with pytest.raises(TroubleError) as caught:
                await stream.start_tls(ssl.create_default_context(), f"{'a' * 64}.example", 5)
            assert caught.value.reason is Reason.TLS_FAILED
            assert await stream.read(1, 5) == b"", "it is closed"
            done.set()

    with caplog.at_level(logging.WARNING):
        run(case())
    assert not caplog.records


def test_a_long_answer_over_tls_is_whole_although_the_connection_ends_behind_it() -> None:
    ca = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.configure_trust(ours)
    ca.issue_cert("news.example").configure_cert(theirs)
    data = bytes(range(256)) * 4096

    async def case() -> None:
        async with connected(saying(data), context=theirs) as stream:
            await stream.start_tls(ours, "news.example", 5)
            assert stream.get_extra_info("ssl_object") is not None
            got = bytearray()
            while piece := await stream.read(10_000, 5):
                got += piece
                await asyncio.sleep(0.001)
            assert got == data

    run(case())
