"""A feed that is an index of sitemaps, polled with the real parts from a server on loopback."""

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import storage
from ingest.app import crawl
from ingest.clock import system_clock
from ingest.config import load
from ingest.observe import Tally
from storage.ledger.sqlite import SqliteLedger
from storage.model import FeedState
from tests.fetch.server import Behaviour, Call, Site, response, site

STORY = "The ferry to the northern islands sails again after two winters of repairs. " * 12


@dataclass
class Outlet:
    """A site with an index, sitemaps and stories; each document has an ETag."""

    documents: dict[str, bytes] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    def index(self, *sitemaps: tuple[str, str]) -> None:
        """List sitemaps (path, lastmod or nothing)."""
        listed = "".join(
            f"<sitemap><loc>{path}</loc>{f'<lastmod>{told}</lastmod>' if told else ''}</sitemap>"
            for path, told in sitemaps
        )
        self.documents["/sitemap.xml"] = f"<sitemapindex>{listed}</sitemapindex>".encode()

    def sitemap(self, path: str, *numbers: int) -> None:
        """List stories in a sitemap; a path that ends so is compressed."""
        listed = "".join(
            f"<url><loc>/story-{n}</loc><n:news xmlns:n='x'><n:title>Story {n}</n:title>"
            f"<n:publication_date>2026-11-20T{n:02}:00:00Z</n:publication_date></n:news></url>"
            for n in numbers
        )
        body = f"<urlset>{listed}</urlset>".encode()
        self.documents[path] = gzip.compress(body, mtime=0) if path.endswith(".gz") else body

    async def serve(self, call: Call) -> None:
        if call.path in self.broken:
            await call.send(response(b"", status="500 Internal Server Error"))
            return
        body = self.documents.get(call.path)
        if body is None:
            words = f"{STORY}<p>{call.path} {STORY[::-1]}</p>"
            page = f"<html><title>{call.path}</title><article><p>{words}</p></article></html>"
            await call.send(response(page.encode(), "Content-Type: text/html"))
            return
        etag = f'"{sha256(body).hexdigest()[:8]}"'
        if call.headers.get("if-none-match") == etag:
            await call.send(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode())
        else:
            await call.send(response(body, f"ETag: {etag}"))


def polled(folder: Path, outlet: Outlet, *changes: Callable[[], None]) -> list[list[str]]:
    """Crawl, then again after each change; return what was asked of sitemaps each time.

    A plus after a path says that the request was conditional.
    """

    async def case() -> list[list[str]]:
        async with site() as server:
            server.pages = Everything(outlet.serve)
            config = folder / "feeds.yml"
            config.write_text(
                "fetch: {allow_networks: [127.0.0.0/8], per_host: {delay: 0s}}\n"
                f"feeds: [{{id: f, url: '{server.url('/sitemap.xml')}'}}]\n"
            )
            rounds = []
            for change in (lambda: None, *changes):
                change()
                server.seen.clear()
                loaded = load(config)
                await crawl(loaded, loaded.feeds, clock=system_clock, observer=Tally())
                rounds.append(asked(server, outlet))
            return rounds

    return asyncio.run(case())


class Everything(dict[str, Behaviour]):
    """One behaviour for any path."""

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__()
        self.behaviour = behaviour

    def get(self, key: str, default: object = None) -> Behaviour:
        del key, default
        return self.behaviour


def asked(server: Site, outlet: Outlet) -> list[str]:
    return [
        seen.path + ("+" if "if-none-match" in seen.headers else "")
        for seen in server.seen
        if seen.path in outlet.documents
    ]


def state(folder: Path) -> FeedState:
    ledger = SqliteLedger(folder / "data" / "state" / "ledger.db")
    try:
        found = ledger.feed("f")
    finally:
        ledger.close()
    assert found is not None
    return found


def titles(folder: Path) -> list[str]:
    with storage.open(folder / "data") as store:
        rows = store.sql("SELECT title FROM outcomes GROUP BY title ORDER BY title").to_pylist()
    return [row["title"] for row in rows]


def reasons(folder: Path) -> list[tuple[str, int]]:
    with storage.open(folder / "data") as store:
        rows = store.sql("SELECT reason, new FROM polls ORDER BY polled_at").to_pylist()
    return [(row["reason"], row["new"]) for row in rows]


def test_an_index_is_followed_and_an_unchanged_one_still_is(tmp_path: Path) -> None:
    outlet = Outlet()
    outlet.index(("/news.xml", ""), ("/posts.xml", ""))
    outlet.sitemap("/news.xml", 1, 2)
    outlet.sitemap("/posts.xml", 7)
    rounds = polled(
        tmp_path,
        outlet,
        lambda: None,
        lambda: outlet.sitemap("/news.xml", 1, 2, 3),
    )
    assert rounds == [
        ["/sitemap.xml", "/news.xml"],
        ["/sitemap.xml+", "/news.xml+"],
        ["/sitemap.xml+", "/news.xml+"],
    ]
    assert titles(tmp_path) == ["Story 1", "Story 2", "Story 3"]
    assert reasons(tmp_path) == [("fetched", 2), ("not_modified", 0), ("fetched", 1)]


def test_sitemaps_that_did_not_change_by_their_index_are_not_asked_for(tmp_path: Path) -> None:
    outlet = Outlet()
    early, late = "2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z"
    outlet.index(("/a.xml.gz", early), ("/b.xml", early))
    outlet.sitemap("/a.xml.gz", 1)
    outlet.sitemap("/b.xml", 2)

    def change() -> None:
        outlet.index(("/a.xml.gz", late), ("/b.xml", early))
        outlet.sitemap("/a.xml.gz", 1, 3)

    rounds = polled(tmp_path, outlet, lambda: None, change)
    assert sorted(rounds[0]) == ["/a.xml.gz", "/b.xml", "/sitemap.xml"]
    assert rounds[1:] == [["/sitemap.xml+"], ["/sitemap.xml+", "/a.xml.gz+"]]
    assert titles(tmp_path) == ["Story 1", "Story 2", "Story 3"]


def test_at_most_ten_sitemaps_are_asked_for_at_a_poll(tmp_path: Path) -> None:
    outlet = Outlet()
    paths = [f"/posts-{n:02}.xml" for n in range(14)]
    outlet.index(*((path, "") for path in paths))
    for n, path in enumerate(paths):
        outlet.sitemap(path, n)
    (first,) = polled(tmp_path, outlet)
    assert first == ["/sitemap.xml", *reversed(paths[4:])]


def test_a_broken_sitemap_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    outlet = Outlet(broken={"/b.xml"})
    outlet.index(("/a.xml", ""), ("/b.xml", ""))
    outlet.sitemap("/a.xml", 1)
    outlet.sitemap("/b.xml", 2)
    polled(tmp_path, outlet, outlet.broken.clear)
    assert titles(tmp_path) == ["Story 1", "Story 2"]


def test_where_none_can_be_had_the_feed_is_broken(tmp_path: Path) -> None:
    outlet = Outlet(broken={"/a.xml"})
    outlet.index(("/a.xml", ""))
    outlet.sitemap("/a.xml", 1)
    polled(tmp_path, outlet)
    broken = state(tmp_path)
    assert (broken.ok, broken.reason, broken.status) == (False, "http_server_error", 500)


def test_an_index_within_an_index_is_told_and_not_followed(tmp_path: Path) -> None:
    outlet = Outlet()
    outlet.index(("/a.xml", ""), ("/b.xml", ""))
    outlet.documents["/b.xml"] = outlet.documents["/sitemap.xml"]
    outlet.sitemap("/a.xml", 1)
    (first,) = polled(tmp_path, outlet)
    assert sorted(first) == ["/a.xml", "/b.xml", "/sitemap.xml"]
    assert "1 of 2 sitemaps could not be read" in (state(tmp_path).detail or "")
    assert titles(tmp_path) == ["Story 1"]


def test_a_feed_that_is_no_index_any_more_forgets_its_sitemaps(tmp_path: Path) -> None:
    outlet = Outlet()
    outlet.index(("/a.xml", ""))
    outlet.sitemap("/a.xml", 1)
    remembered = []

    def change() -> None:
        remembered.append(state(tmp_path).extra)
        outlet.sitemap("/sitemap.xml", 2)

    rounds = polled(tmp_path, outlet, change)
    assert "/a.xml" in remembered[0]
    assert rounds[1] == ["/sitemap.xml+"]
    assert state(tmp_path).extra == "{}"
    assert titles(tmp_path) == ["Story 1", "Story 2"]
