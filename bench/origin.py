"""The server of ``bench/polling.py``: 5,000 feeds on as many loopback hosts, in its own process.

``python bench/origin.py`` prints the port it listens on and serves until its standard input
closes. It listens on every address, as 127.0.0.0/8 asks for, and answers only loopback peers.
What a feed does is in its path (``/quiet/7.xml``): see ``KINDS``.
"""

import asyncio
import gzip
import sys
from collections import Counter
from email.utils import formatdate
from typing import ClassVar, Final

KINDS: Final = ("quiet", "same", "moving")
"""``quiet`` answers 304 to its ETag; ``same`` 200 with the same body always; ``moving`` 200 with a
new entry at every request."""

ENTRIES: Final = 12
_WORDS: Final = (
    "The council has voted by a narrow margin to reopen the northern line after two years of "
    "works that cost more than was planned; trains are expected to run again from next spring."
)


def body_of(path: str, version: int) -> bytes:
    """Return a feed of 12 entries whose newest is number ``version + 11``; about 7 KB of RSS."""
    site = f"https://news.example{path}"
    items = "".join(
        f"<item><title>Story {n} of {path}</title><link>{site}/{n}</link>"
        f'<guid isPermaLink="false">{path}#{n}</guid>'
        f"<pubDate>{formatdate(1_790_000_000 + 3600 * n, usegmt=True)}</pubDate>"
        f"<dc:creator>Ann Reporter</dc:creator><category>Transport</category>"
        f"<description>{_WORDS} (No. {n})</description></item>"
        for n in range(version + ENTRIES - 1, version - 1, -1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>News of {path}</title><link>{site}</link><language>en</language>"
        f"<description>All of it</description>{items}</channel></rss>"
    ).encode()


class Origin(asyncio.Protocol):
    """Answers one connection's requests."""

    asked: ClassVar[Counter[str]] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a peer on loopback and no other."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""
        if not transport.get_extra_info("peername")[0].startswith("127."):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        path = head.split(b" ", 2)[1].decode("ascii")
        kind = path.split("/")[1]
        etag = f'"{path}-1"'
        fields = f"Server: bench\r\nDate: {formatdate(usegmt=True)}\r\nETag: {etag}\r\n"
        if kind == "quiet" and f"if-none-match: {etag}\r\n".encode() in head.lower() + b"\r\n":
            return f"HTTP/1.1 304 Not Modified\r\n{fields}\r\n".encode()
        self.asked[path] += kind == "moving"
        body = gzip.compress(body_of(path, self.asked[path]), 1)
        return (
            f"HTTP/1.1 200 OK\r\n{fields}Content-Type: application/rss+xml\r\n"
            f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


async def serve() -> None:
    """Serve until standard input closes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Origin, "0.0.0.0", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
