"""The corpus of real pages and feeds as a small web on loopback, each host on its own address.

Pages keep their path and query; a feed of each site's pages stands beside them. Real feeds are
served byte for byte but for the hosts in their links, each of which leads to an address here
that knows no such page: whatever is asked for, nothing goes out to the internet.
"""

import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from ingest.demo.server import Answer, Question, Server, listen
from tests.articles import pages as templates
from tests.corpus.scoring import Labelled

SITE_FEED = "/corpus/feed.xml"
REAL_FEED = "/feed"
SEED_PATH = "/2022/07/sanctions-working-for-our-progress/"
SEED_TITLE = "Sanctions are working for our progress"
# One page has the form where themes put it; the other has, as text, what a scraper left of one.
SEED_HOSTS = ("seed-form.example", "seed-residue.example")

_ATOM = "http://www.w3.org/2005/Atom"
_CHANGED = "Mon, 23 Nov 2026 09:00:00 GMT"
# Names of XML namespaces look like links and are none.
_LINK_HOST = re.compile(
    rb"""(?P<namespace>xmlns(?::[\w.-]+)?\s*=\s*["'])?https?://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d+)?""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is served at one path. ``validator`` is the header it is revalidated by."""

    body: bytes
    content_type: str
    coding: str | None = None
    validator: str | None = None

    @property
    def etag(self) -> str:
        """A strong entity tag (RFC 9110 section 8.8.3)."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedFeed:
    """A feed served here, with the number of items that stand in its document."""

    id: str
    url: str
    entries: int
    real: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came in and the status it was answered with."""

    url: str
    conditional: bool
    status: int


class Replay:
    """Serves pages, feeds and the seed article while its context is open.

    Raises:
        OSError: this machine has not all of 127.0.0.0/8.
    """

    def __init__(
        self, pages: Sequence[Labelled], *, feeds: Sequence[Path], seed: Sequence[str]
    ) -> None:
        self.asked: list[Asked] = []
        self.feeds: list[ReplayedFeed] = []
        self._documents: dict[tuple[str, str], Document] = {}
        real = {path.stem: path.read_bytes() for path in feeds}
        linked = (host for body in real.values() for host in _hosts(body))
        hosts = dict.fromkeys(
            [*(_host(page.url) for page in pages), *SEED_HOSTS, *map(_feed_host, real), *linked]
        )
        self._addresses = dict(zip(hosts, _addresses(), strict=False))
        sockets = listen(list(self._addresses.values()))
        self._port = sockets[0].getsockname()[1]
        self._server = Server(
            {sock.getsockname()[0]: sock for sock in sockets}, handler=self._answer
        )
        self._add_sites(pages)
        for name, body in real.items():
            self._add_real_feed(name, body)
        for host, residue in zip(SEED_HOSTS, (False, True), strict=True):
            self._add_seed(host, seed, residue=residue)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()

    def here(self, url: str) -> str:
        """Return where a URL of the internet is replayed."""
        parts = urlsplit(url)
        return parts._replace(scheme="http", netloc=self._authority(_host(url))).geturl()

    def _authority(self, host: str) -> str:
        return f"{self._addresses[host]}:{self._port}"

    def _answer(self, address: str, question: Question) -> Answer:
        document = self._documents.get((address, question.target))
        answer = _not_found() if document is None else _found(document, question.headers)
        conditional = bool({"if-none-match", "if-modified-since"} & question.headers.keys())
        url = f"http://{address}:{self._port}{question.target}"
        self.asked.append(Asked(url=url, conditional=conditional, status=answer.status.value))
        return answer

    def _serve(self, url: str, document: Document) -> None:
        parts = urlsplit(self.here(url))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        assert parts.hostname is not None
        self._documents[parts.hostname, target] = document

    def _serve_feed(
        self, host: str, path: str, body: bytes, *, entries: int, real: bool = False
    ) -> None:
        url = f"http://{host}{path}"
        # Both kinds of validator, by turns.
        validator = ("ETag", "Last-Modified")[len(self.feeds) % 2]
        self._serve(url, Document(body=body, content_type="text/xml", validator=validator))
        feed_id = re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")
        self.feeds.append(ReplayedFeed(id=feed_id, url=self.here(url), entries=entries, real=real))

    def _add_sites(self, pages: Sequence[Labelled]) -> None:
        sites: dict[str, list[Labelled]] = {}
        for page in pages:
            sites.setdefault(_host(page.url), []).append(page)
            stored = page.path.read_bytes()
            self._serve(page.url, Document(body=stored, content_type="text/html", coding="gzip"))
        for host, its_pages in sites.items():
            links = [self.here(page.url) for page in its_pages]
            self._serve_feed(
                host, SITE_FEED, _site_feed(host, its_pages, links), entries=len(links)
            )

    def _add_real_feed(self, name: str, body: bytes) -> None:
        def moved(found: re.Match[bytes]) -> bytes:
            if found["namespace"]:
                return found[0]
            return f"http://{self._authority(found['host'].decode().lower())}".encode()

        served = _LINK_HOST.sub(moved, body)
        entries = len(re.findall(rb"<(?:item|entry)[ >]", body))
        self._serve_feed(_feed_host(name), REAL_FEED, served, entries=entries, real=True)

    def _add_seed(self, host: str, lines: Sequence[str], *, residue: bool) -> None:
        url = f"http://{host}{SEED_PATH}"
        body = templates.paragraphs_html(lines if residue else lines[:-2])
        content = templates.form_inside_article(body, templates.RESPOND)
        html = templates.page(content, title=SEED_TITLE)
        self._serve(url, Document(body=html, content_type="text/html"))
        feed = _rss(host, [(SEED_TITLE, self.here(url), None)])
        self._serve_feed(host, SITE_FEED, feed, entries=1)


def _host(url: str) -> str:
    host = urlsplit(url).hostname
    assert host is not None
    return host


def _feed_host(name: str) -> str:
    return f"real-{name.lower()}"


def _hosts(body: bytes) -> Iterator[str]:
    for found in _LINK_HOST.finditer(body):
        if not found["namespace"]:
            yield found["host"].decode().lower()


def _addresses() -> Iterator[str]:
    return (f"127.91.{block}.{last}" for block in range(256) for last in range(1, 255))


def _not_found() -> Answer:
    headers = {"Content-Type": "text/html"}
    body = b"<!DOCTYPE html><title>Not found</title><p>There is no such page."
    return Answer(status=HTTPStatus.NOT_FOUND, headers=headers, body=body)


def _found(document: Document, asked: Mapping[str, str]) -> Answer:
    headers = {}
    if document.validator == "ETag":
        headers["ETag"] = document.etag
    elif document.validator == "Last-Modified":
        headers["Last-Modified"] = _CHANGED
    known = {asked.get("if-none-match"), asked.get("if-modified-since")}
    if not known.isdisjoint(headers.values()):
        return Answer(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["Content-Type"] = document.content_type
    if document.coding is not None:
        headers["Content-Encoding"] = document.coding
    return Answer(status=HTTPStatus.OK, headers=headers, body=document.body)


def _site_feed(host: str, pages: Sequence[Labelled], links: Sequence[str]) -> bytes:
    """Return a feed of labelled pages: Atom where it can be valid, else RSS."""
    items = [
        (page.title, link, _utc(page.published)) for page, link in zip(pages, links, strict=True)
    ]
    dated = [(title, link, at) for title, link, at in items if title and at]
    return _atom(host, dated) if len(dated) == len(items) else _rss(host, items)


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def _rss(host: str, items: Sequence[tuple[str | None, str, datetime | None]]) -> bytes:
    rss = ET.Element("rss", version="2.0")
    channel = ET.SubElement(rss, "channel")
    _text(channel, "title", host)
    for title, link, published in items:
        item = ET.SubElement(channel, "item")
        if title:
            _text(item, "title", title)
        _text(item, "link", link)
        if published:
            _text(item, "pubDate", format_datetime(published))
    return _document(rss)


def _atom(host: str, items: Sequence[tuple[str, str, datetime]]) -> bytes:
    feed = ET.Element("feed", xmlns=_ATOM)
    _text(feed, "id", f"urn:corpus:{host}")
    _text(feed, "title", host)
    _text(feed, "updated", max(at for *_, at in items).isoformat())
    for title, link, published in items:
        entry = ET.SubElement(feed, "entry")
        _text(entry, "id", f"urn:corpus:{hashlib.sha256(link.encode()).hexdigest()}")
        _text(entry, "title", title)
        ET.SubElement(entry, "link", href=link)
        _text(entry, "published", published.isoformat())
        _text(entry, "updated", published.isoformat())
    return _document(feed)


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text


def _document(root: ET.Element) -> bytes:
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document
