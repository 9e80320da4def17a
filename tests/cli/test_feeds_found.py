"""Feeds that are looked for, that have gone, and that are given another address."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import storage
from ingest.clock import system_clock
from ingest.config import load
from storage.ledger.sqlite import SqliteLedger
from tests.app.web import Web, open_web
from tests.cli.runner import Ran, newsfold

LINK = '<link rel="alternate" type="application/rss+xml" title="{}" href="{}">'


@pytest.fixture
def web() -> Iterator[Web]:
    with open_web() as opened:
        opened.feed("/new.xml", opened.item("1", "/one"), opened.item("2", "/two"))
        for name in ("one", "two"):
            opened.page(f"/{name}", f"The {name} story is told in so many words. " * 30)
        yield opened


def page(*links: str) -> str:
    return f"<!doctype html><html><head>{''.join(links)}</head><body>Hello</body></html>"


def news(web: Web, *paths: str) -> str:
    listed = "".join(
        f"<url><loc>{web.base}{path}</loc><n:news xmlns:n='n'><n:title>T</n:title>"
        "<n:publication><n:name>The Daily</n:name></n:publication>"
        "<n:publication_date>2026-11-20</n:publication_date></n:news></url>"
        for path in paths
    )
    return f'<?xml version="1.0"?><urlset>{listed}</urlset>'


def run(web: Web, folder: Path, *args: str, feeds: tuple[str, ...] = ()) -> Ran:
    if not (folder / "feeds.yml").exists():
        web.config(folder, *feeds)
    return newsfold("--config", folder / "feeds.yml", *args)


def test_what_a_page_announces_is_listed_and_no_place_is_guessed(web: Web, tmp_path: Path) -> None:
    web.pages["/news/"] = page(LINK.format("All", "/new.xml"), LINK.format("Sport", "/sport.xml"))
    ran = run(web, tmp_path, "--json", "feeds", "discover", f"{web.base}/news/")
    assert ran.code == 0
    assert ran.json == [
        {"url": f"{web.base}/new.xml", "kind": "rss", "title": "All", "source": "page"},
        {"url": f"{web.base}/sport.xml", "kind": "rss", "title": "Sport", "source": "page"},
    ]
    assert web.asked == ["/news/", "/robots.txt"]


def test_where_nothing_is_announced_the_usual_places_are_looked_at(
    web: Web, tmp_path: Path
) -> None:
    web.pages["/"] = page()
    web.pages["/feed.xml"] = web.pages["/new.xml"]
    ran = run(web, tmp_path, "--json", "feeds", "discover", f"{web.base}/")
    assert ran.json == [
        {"url": f"{web.base}/feed.xml", "kind": "rss20", "title": "F", "source": "guess"}
    ]
    assert web.asked == ["/", "/feed", "/rss.xml", "/feed.xml", "/robots.txt"]


def test_news_sitemaps_that_robots_txt_names_are_listed(web: Web, tmp_path: Path) -> None:
    web.pages["/"] = page(LINK.format("All", "/new.xml"))
    web.pages["/robots.txt"] = (
        "User-agent: *\nDisallow: /private\nSitemap: /pages.xml\nSitemap: /sitemap-news.xml\n"
        f"Sitemap: {web.base}/index.xml\nSitemap: javascript:x\n"
    )
    web.pages["/sitemap-news.xml"] = news(web, "/one")
    web.pages["/inner-news.xml"] = news(web, "/two")
    web.pages["/pages.xml"] = '<?xml version="1.0"?><urlset><url><loc>/x</loc></url></urlset>'
    web.pages["/index.xml"] = (
        '<?xml version="1.0"?><sitemapindex><sitemap><loc>/inner-news.xml</loc></sitemap>'
        "<sitemap><loc>/old.xml</loc></sitemap></sitemapindex>"
    )
    ran = run(web, tmp_path, "--json", "feeds", "discover", web.base)
    assert [(each["url"].removeprefix(web.base), each["source"]) for each in ran.json] == [
        ("/new.xml", "page"),
        ("/sitemap-news.xml", "robots.txt"),
        ("/inner-news.xml", "robots.txt"),
    ]
    assert ran.json[1]["title"] == "The Daily"
    assert "/old.xml" not in web.asked
    shown = run(web, tmp_path, "feeds", "discover", web.base)
    assert "sitemap-news" in shown.out
    assert "3 feeds" in shown.err


def test_a_feed_itself_is_found(web: Web, tmp_path: Path) -> None:
    ran = run(web, tmp_path, "--json", "feeds", "discover", f"{web.base}/new.xml")
    assert [each["source"] for each in ran.json] == ["itself"]


def test_a_site_without_feeds_is_told(web: Web, tmp_path: Path) -> None:
    web.pages["/"] = page()
    ran = run(web, tmp_path, "feeds", "discover", f"{web.base}/")
    assert (ran.code, ran.out) == (1, "")
    assert "no feed was found: not_a_feed: an HTML page" in ran.err
    added = run(web, tmp_path, "feeds", "add", f"{web.base}/")
    assert f"`newsfold feeds discover {web.base}/` looks further" in added.err


def test_a_news_sitemap_and_an_index_can_be_added(web: Web, tmp_path: Path) -> None:
    web.pages["/news.xml"] = news(web, "/one", "/two")
    web.pages["/index.xml"] = (
        '<?xml version="1.0"?><sitemapindex><sitemap><loc>/news.xml</loc></sitemap></sitemapindex>'
    )
    ran = run(web, tmp_path, "--json", "feeds", "add", f"{web.base}/index.xml")
    assert ran.code == 0
    assert (ran.json["format"], ran.json["entries"]) == ("sitemap-index", 2)
    assert ran.json["name"] == "The Daily"


def test_the_new_address_of_a_feed_that_is_gone_is_offered_and_taken(
    web: Web, tmp_path: Path
) -> None:
    web.pages["/old.xml"] = web.pages["/new.xml"]
    assert run(web, tmp_path, "crawl", feeds=("/old.xml",)).code == 0
    del web.pages["/old.xml"]
    web.pages["/"] = page(
        LINK.format("Dead", "/dead.xml"),
        LINK.format("Old", "/old.xml"),
        LINK.format("New", "/new.xml"),
    )
    ran = run(web, tmp_path, "feeds", "check")
    assert ran.code == 1
    assert f"its site announces {web.base}/new.xml" in ran.out
    command = f"newsfold feeds move f0 {web.base}/new.xml"
    assert f"f0 answers 404; {web.base}/ announces {web.base}/new.xml: `{command}`" in ran.err
    told = run(web, tmp_path, "--json", "feeds", "check").json[0]
    assert (told["offered"], told["offered_by"]) == (f"{web.base}/new.xml", f"{web.base}/")

    moved = run(web, tmp_path, "--json", *command.split()[1:])
    assert (moved.code, moved.json["id"], moved.json["url"]) == (0, "f0", f"{web.base}/new.xml")
    assert [feed.url for feed in load(tmp_path / "feeds.yml").feeds] == [f"{web.base}/new.xml"]
    assert run(web, tmp_path, "crawl").code == 0
    with storage.open(tmp_path / "data") as store:
        [row] = store.sql("SELECT count(*) AS n FROM outcomes WHERE outcome = 'new'").to_pylist()
    assert row["n"] == 2, "its entries are known"


def test_a_host_that_asked_to_be_left_alone_is_not_checked(web: Web, tmp_path: Path) -> None:
    assert run(web, tmp_path, "crawl", feeds=("/new.xml",)).code == 0
    now = system_clock()
    ledger = SqliteLedger(tmp_path / "data" / "state" / "ledger.db")
    ledger.hold_host(web.base.removeprefix("http://"), now + timedelta(hours=1), at=now)
    ledger.close()
    asked = len(web.asked)
    for command in (("check",), ("discover", web.base), ("add", web.base)):
        ran = run(web, tmp_path, "feeds", *command)
        assert (ran.code, len(web.asked)) == (1, asked)
        assert "on_hold" in ran.out + ran.err


@pytest.mark.parametrize("front", [None, page(), page(LINK.format("Dead", "/dead.xml"))])
def test_nothing_is_offered_where_nothing_is(web: Web, tmp_path: Path, front: str | None) -> None:
    if front is not None:
        web.pages["/"] = front
    ran = run(web, tmp_path, "--json", "feeds", "check", feeds=("/old.xml",))
    assert (ran.code, ran.json[0]["offered"]) == (1, None)


def test_a_feed_is_not_moved_to_what_is_no_feed(web: Web, tmp_path: Path) -> None:
    ran = run(web, tmp_path, "feeds", "move", "f0", f"{web.base}/one", feeds=("/old.xml",))
    assert ran.code == 1
    assert "nothing was changed" in ran.err
    assert run(web, tmp_path, "feeds", "move", "f9", f"{web.base}/new.xml").code == 2
    assert load(tmp_path / "feeds.yml").feeds[0].url == f"{web.base}/old.xml"
