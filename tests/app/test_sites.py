"""What a site's pages teach, through the real parts: loopback server, workers, ledger, store."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import storage
from ingest.app import ingest_pages
from ingest.config import Config
from ingest.observe import Tally
from storage.ledger.sqlite import SqliteLedger
from tests.app.many_pages import FORM, RESIDUE, SHORT, Story, page, story
from tests.app.web import Web, open_web
from tests.cli.runner import newsfold

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class House:
    """A site, and a crawler that reads its pages one after the other."""

    web: Web
    config: Config
    now: datetime = START
    read: list[str] = field(default_factory=list)

    def ingest(self, *paths: str) -> None:
        """Read pages in this order, one run for each."""
        for path in paths:
            self.now += timedelta(minutes=1)
            asyncio.run(
                ingest_pages(
                    self.config,
                    [self.web.base + path],
                    clock=lambda: self.now,
                    observer=Tally(),
                )
            )

    def ingest_all(self, paths: list[str]) -> None:
        """Read pages in one run, in whatever order."""
        self.now += timedelta(minutes=1)
        urls = [self.web.base + path for path in paths]
        asyncio.run(ingest_pages(self.config, urls, clock=lambda: self.now, observer=Tally()))

    def tell(self, number: int, told: Story | None = None, path: str = "") -> str:
        """Serve an article; return its path."""
        path = path or f"/news/{number}"
        self.web.pages[path] = page(told or story(number))
        return path

    def row(self, path: str) -> dict[str, Any]:
        """Return the newest row of the article at a path."""
        with storage.open(self.config.data) as store:
            found: list[dict[str, Any]] = store.sql(
                "FROM articles WHERE url = $1", [self.web.base + path]
            ).to_pylist()
        assert len(found) == 1
        return found[0]

    def text(self, path: str) -> str:
        return str(self.row(path)["text"])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    # One page at a time, so that each is read by what those before it taught.
    with open_web() as web:
        yield House(web, web.config(tmp_path, "/feed", fetch="concurrency: 1"))


def residue_of(text: str) -> list[str]:
    return [sentence for sentence in (*RESIDUE, *SHORT, *FORM, "Tides.") if sentence in text]


def test_a_sites_residue_is_gone_by_its_third_page_and_no_sentence_with_it(house: House) -> None:
    paths = [house.tell(number) for number in range(1, 7)]
    house.ingest(*paths)
    left = [residue_of(house.text(path)) for path in paths]
    assert {*RESIDUE, *SHORT} <= set(left[0])
    assert {*RESIDUE, *SHORT} <= set(left[1])
    assert left[2:] == [[], [], [], []]
    for number, path in enumerate(paths, start=1):
        text = house.text(path)
        for paragraph in story(number).paragraphs:
            assert paragraph in text


def test_residue_is_learned_in_whatever_markup_it_stands(house: House) -> None:
    paths = [f"/news/{number}" for number in range(1, 6)]
    for number, path in enumerate(paths, start=1):
        notes = (
            f'<div class="promo promo-{number}"><p><b>{{}}</b></p></div>',
            "<ul><li>{}</li><li>Ask us.</li></ul>",
            f'<table id="part-{number}"><tr><td>Tides</td><td>{{}}</td></tr></table>',
        )
        house.web.pages[path] = page(story(number), notes=notes)
    house.ingest_all(paths)
    clean = [path for path in paths if not residue_of(house.text(path))]
    assert len(clean) == 3
    for number, path in enumerate(paths, start=1):
        assert set(story(number).paragraphs) <= set(house.text(path).split("\n\n"))
        if path in clean:
            assert house.text(path) == "\n\n".join(story(number).paragraphs)


def test_the_fold_signs_what_the_text_says(house: House) -> None:
    # Its own memory of paragraphs finds nothing left to leave out of a text that is clean.
    paths = {house.tell(number): number for number in range(1, 6)}
    house.ingest_all([*paths])
    last = next(path for path in paths if not residue_of(house.text(path)))
    clean = story(paths[last]).paragraphs
    with closing(SqliteLedger(house.config.data / "state" / "ledger.db")) as ledger:
        found = ledger.article(house.row(last)["article_id"])
    assert found is not None
    assert len(found.fingerprint.passages) == len(clean)
    assert house.text(last) == "\n\n".join(clean)


def test_why_says_what_was_left_out_and_by_which_rule(house: House) -> None:
    paths = [house.tell(number) for number in range(1, 4)]
    house.ingest(*paths)
    arguments = ("--config", str(house.config.path), "why", house.web.base + paths[2])
    told = newsfold(*arguments)
    assert told.code == 0
    assert "left out of the text: 8 blocks repeated on the site's pages" in told.out
    assert RESIDUE[0][:40] in told.out
    (settled,) = [
        change
        for change in json.loads(newsfold("--json", *arguments).out)["history"]
        if change["outcome"] == "new"
    ]
    assert settled["extra"]["repeats"]["blocks"] == 8


def test_a_page_read_again_and_a_story_carried_twice_teach_nothing(house: House) -> None:
    told = story(1)
    twice = replace(told, title="The same told under another headline")
    first, second = house.tell(1), house.tell(2, twice, "/wire/2")
    house.ingest(first, first, second, second)
    third = house.tell(3, replace(told, title="And told a third time"), "/late/3")
    house.ingest(third)
    with storage.open(house.config.data) as store:
        copies = store.sql("SELECT text, word_count FROM duplicates ORDER BY url").to_pylist()
    words = house.row(first)["word_count"]
    assert [copy["word_count"] for copy in copies] == [words, words]


def test_an_early_page_that_is_read_again_keeps_its_text_until_its_news_change(
    house: House,
) -> None:
    paths = {number: house.tell(number) for number in range(1, 4)}
    house.ingest_all([*paths.values()])
    number, early = next(each for each in paths.items() if residue_of(house.text(each[1])))
    before = house.row(early)
    house.ingest(early)
    again = house.row(early)
    assert (again["revision"], again["text"]) == (0, before["text"])
    paragraphs = (*story(number).paragraphs, "It rained on the day after that.")
    house.tell(number, replace(story(number), paragraphs=paragraphs))
    house.ingest(early)
    revised = house.row(early)
    assert (revised["revision"], residue_of(revised["text"])) == (1, [])


def test_what_most_of_a_page_is_made_of_stays_though_others_have_it(house: House) -> None:
    # Without the fold nothing tells that these are one story.
    path = house.config.path
    assert path is not None
    told = story(1)
    copies = [
        house.tell(n, replace(told, title=f"Headline number {n} of many"), f"/copy/{n}")
        for n in range(4)
    ]
    house.config = replace(house.config, dedup=replace(house.config.dedup, enabled=False))
    house.ingest(*copies)
    for copy in copies:
        for paragraph in told.paragraphs:
            assert paragraph in house.text(copy)
    shown = newsfold("--config", str(path), "why", house.web.base + copies[3]).out
    assert "most of the text" in shown


def test_a_sentence_that_others_tease_stays_in_its_own_article(house: House) -> None:
    lead = story(9).paragraphs[0]
    for number in (1, 2):
        told = page(story(number)).replace(
            "</article>", f'<ul><li><a href="/news/9">{lead}</a></li></ul></article>'
        )
        house.web.pages[f"/news/{number}"] = told
    house.ingest("/news/1", "/news/2", house.tell(9))
    assert lead in house.text("/news/9")


def test_what_was_learned_is_forgotten_after_a_month_without_sight(house: House) -> None:
    house.ingest(house.tell(1), house.tell(2))
    house.now += timedelta(days=32)
    house.ingest(house.tell(3))
    assert set(RESIDUE) <= set(residue_of(house.text("/news/3")))
    house.ingest(house.tell(4), house.tell(5))
    assert residue_of(house.text("/news/5")) == []


def test_a_site_that_puts_up_a_wall_drifts_and_recovers_by_itself(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.ingest_all([house.tell(number) for number in range(14)])
    assert drifts(house) == []
    walled = [f"/wall/{number}" for number in range(8)]
    for number, path in enumerate(walled):
        short = replace(story(100 + number), paragraphs=story(100 + number).paragraphs[:1])
        house.web.pages[path] = page(short, residue=())
    house.ingest_all(walled)
    (drift,) = drifts(house)
    assert drift["what"].startswith("texts are much shorter")
    assert drift["example"].startswith(house.web.base + "/wall/")
    (told,) = [line for line in caplog.messages if "extraction has changed" in line]
    assert "texts are much shorter" in told
    assert "look at http" in told
    caplog.clear()
    # The first page of the next run says so again; the eighth that is as before ends it.
    house.ingest_all([house.tell(number) for number in range(30, 38)])
    assert "extraction has changed: texts are much shorter" in caplog.text
    assert "extraction is steady again" in caplog.text
    assert drifts(house) == []


def drifts(house: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = newsfold(
        "--json", "--config", str(house.config.path), "status"
    ).json["drifts"]
    return found
