"""Links that are not the article's own address lead to it all the same, and are not asked."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

import storage
from ingest.app import crawl
from ingest.clock import system_clock
from ingest.observe import Tally
from tests.app.web import Web, open_web

PATH = "/world/ferry-sails-again"
STORY = "The ferry to the northern islands sails again after two winters of repairs. " * 12


@pytest.fixture
def web() -> Iterator[Web]:
    with open_web() as opened:
        opened.page(PATH, STORY)
        yield opened


def articles(web: Web, folder: Path, link: str) -> list[dict[str, str]]:
    """Crawl a feed with this link; return its articles."""
    web.feed("/feed.xml", f"<item><guid>1</guid><title>Item</title><link>{link}</link></item>")
    config = web.config(folder, "/feed.xml")
    asyncio.run(crawl(config, config.feeds, clock=system_clock, observer=Tally()))
    with storage.open(config.data) as store:
        rows: list[dict[str, str]] = store.sql(
            "SELECT url, canonical_url, text FROM articles"
        ).to_pylist()
    return rows


def test_a_redirectors_link_is_fetched_at_its_target(web: Web, tmp_path: Path) -> None:
    target = web.base + PATH
    redirector = f"https://www.google.com/url?sa=t&amp;url={quote(target, safe='')}"
    [article] = articles(web, tmp_path, redirector)
    assert (article["url"], article["canonical_url"]) == (target, target)
    assert web.asked[-1] == PATH


def test_an_amp_page_is_left_for_its_twin(web: Web, tmp_path: Path) -> None:
    web.page(f"{PATH}/amp", STORY.replace("ferry", "short form"), canonical=PATH)
    web.pages[f"{PATH}/amp"] = web.pages[f"{PATH}/amp"].replace("<html>", "<html amp>")
    [article] = articles(web, tmp_path, f"{web.base}{PATH}/amp")
    assert article["canonical_url"] == web.base + PATH
    assert "ferry" in article["text"]
    assert web.asked[-2:] == [f"{PATH}/amp", PATH]
