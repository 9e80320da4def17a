"""The server of ``bench/extract_crawl.py``: labelled pages on several loopback hosts.

``python bench/newsroom.py DIR PAGES HOSTS`` prints the port it listens on and serves until
its standard input closes. Host ``n`` is ``127.1.0.n``,
its feed ``/feed.xml``, and page ``n`` stands on host ``n % HOSTS``. Where there are more pages than
labelled ones, each further copy has its prose enciphered, so that no text is told twice.
"""

import asyncio
import re
import string
import sys
from collections.abc import Sequence
from email.utils import formatdate
from itertools import count, islice
from pathlib import Path
from typing import Final

from bench.extract_pages import read_pages
from ingest.articles.document import decode
from ingest.types import Page

HOST: Final = "127.1.0.{}"
_PROSE: Final = re.compile(r"<p\b[^>]*>.*?</p>", re.DOTALL)
_SAID: Final = re.compile(r">([^<&]+)")


def newsroom(folder: Path, pages: int, hosts: int, port: int) -> list[Page]:
    """Return the pages of the newsroom, each at its address.

    Raises:
        ValueError: The folder has no labelled pages.
    """
    labelled = [decode(page.html, "text/html") for page in read_pages(folder)]
    copies = (_enciphered(markup, shift) for shift in count() for markup in labelled)
    return [
        Page(
            url=f"http://{HOST.format(n % hosts)}:{port}/{n}.html",
            body=markup.encode("utf-8", "replace"),
            content_type="text/html; charset=utf-8",
        )
        for n, markup in enumerate(islice(copies, pages))
    ]


def _enciphered(markup: str, shift: int) -> str:
    if not shift:
        return markup
    small, capital = string.ascii_lowercase, string.ascii_uppercase
    turned = (letters[shift % 26 :] + letters[: shift % 26] for letters in (small, capital))
    cipher = str.maketrans(small + capital, "".join(turned))
    return _PROSE.sub(
        lambda prose: _SAID.sub(lambda said: said[0].translate(cipher), prose[0]), markup
    )


def feed_of(urls: Sequence[str]) -> bytes:
    """Return an RSS feed of titles and links alone."""
    items = "".join(
        f"<item><title>Story {n}</title><link>{url}</link><guid>{url}</guid>"
        f"<pubDate>{formatdate(1_790_000_000 + n, usegmt=True)}</pubDate></item>"
        for n, url in enumerate(urls)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>News</title>'
        f"<link>{urls[0] if urls else 'http://127.1.0.0/'}</link>"
        f"<description>All of it</description>{items}</channel></rss>"
    ).encode()


class Newsroom(asyncio.Protocol):
    """Answers one connection's requests from ``answers``, by host and path."""

    def __init__(self, answers: dict[str, tuple[str, bytes]]) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a peer on loopback and no other."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not transport.get_extra_info("peername")[0].startswith("127."):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._transport.write(self._answer(head.decode("latin-1")))

    def _answer(self, head: str) -> bytes:
        host = self._transport.get_extra_info("sockname")[0]
        kind, body = self._answers.get(host + head.split(" ", 2)[1], ("text/plain", b""))
        fields = (
            f"HTTP/1.1 {'200 OK' if body else '404 Not Found'}\r\nServer: bench\r\n"
            f"Date: {formatdate(usegmt=True)}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return fields.encode() + body


async def serve(folder: Path, pages: int, hosts: int) -> None:
    """Serve until standard input closes."""
    loop = asyncio.get_running_loop()
    answers: dict[str, tuple[str, bytes]] = {}
    server = await loop.create_server(lambda: Newsroom(answers), "0.0.0.0", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    made = newsroom(folder, pages, hosts, port)
    for page in made:
        answers[page.url.removeprefix("http://").replace(f":{port}", "")] = (
            page.content_type,
            page.body,
        )
    for host in range(hosts):
        feed = feed_of([page.url for page in made[host::hosts]])
        answers[f"{HOST.format(host)}/feed.xml"] = ("application/rss+xml", feed)
    print(port, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
