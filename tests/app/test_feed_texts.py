"""Feed or page, through the real parts: which text is stored, and what it says of itself."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import storage
from ingest.app import crawl
from ingest.config import Config
from ingest.observe import Tally
from tests.app.many_pages import page, story
from tests.app.web import Web, open_web

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class House:
    web: Web
    config: Config

    def serve(self, number: int, fed: str, *, shown: int = 5) -> str:
        """Serve the first paragraphs of an article, if any; return its item with ``fed``."""
        told = story(number)
        if shown:
            markup = page(told, residue=())
            for paragraph in told.paragraphs[shown:]:
                markup = markup.replace(f"<p>{paragraph}</p>", "")
            self.web.pages[f"/{number}"] = markup
        return self.web.item(str(number), f"/{number}", f"<![CDATA[{fed}]]>")

    def crawl(self, *items: str) -> None:
        self.web.feed("/feed", *items)
        asyncio.run(crawl(self.config, self.config.feeds, clock=lambda: NOON, observer=Tally()))

    def rows(self) -> dict[str, dict[str, Any]]:
        with storage.open(self.config.data) as store:
            rows = store.sql("FROM articles").to_pylist()
        return {row["guid"]: row for row in rows}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_web() as web:
        yield House(web, web.config(tmp_path, "/feed"))


def full(number: int) -> str:
    return "".join(f"<p>{paragraph}</p>" for paragraph in story(number).paragraphs)


def test_a_page_that_shows_the_beginning_alone_yields_to_a_feed_that_has_all(house: House) -> None:
    house.crawl(house.serve(1, full(1), shown=1), house.serve(2, full(2)))
    rows = house.rows()
    assert (rows["1"]["text_source"], rows["2"]["text_source"]) == ("feed", "page")
    assert rows["1"]["text"] == "\n\n".join(story(1).paragraphs)
    assert json.loads(rows["1"]["extra"])["text"]["rule"] == "page cut short"
    assert rows["1"]["title"] == story(1).title


def test_a_short_text_of_a_feed_that_gives_all_stands_in_for_a_page_that_is_gone(
    house: House,
) -> None:
    short = f"<p>{story(9).paragraphs[0]}</p>"
    assert 20 < len(short.split()) < 100
    house.crawl(house.serve(9, short, shown=0))
    assert house.rows() == {}
    house.crawl(*(house.serve(number, full(number)) for number in range(1, 5)))
    again = f"<p>{story(8).paragraphs[0]}</p>"
    house.crawl(house.serve(8, again, shown=0))
    row = house.rows()["8"]
    assert (row["text_source"], row["text"]) == ("feed", story(8).paragraphs[0])


def test_a_long_teaser_is_no_article_where_the_feed_is_known_for_teasers(house: House) -> None:
    def teaser(number: int) -> str:
        return " ".join(story(number + 100).paragraphs[:3])

    assert len(teaser(9).split()) > 100
    house.crawl(*(house.serve(number, teaser(number)) for number in range(1, 6)))
    house.crawl(house.serve(9, teaser(9), shown=0))
    rows = house.rows()
    assert sorted(rows) == ["1", "2", "3", "4", "5"]
    assert {row["text_source"] for row in rows.values()} == {"page"}
