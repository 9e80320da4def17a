"""Which article an entry leads to, where addresses, feeds and pages say different things."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import ingest.crawl
import storage
from ingest.app import crawl, ingest_pages
from ingest.clock import system_clock
from ingest.config import Config
from ingest.errors import UsageError
from ingest.observe import Tally
from ingest.types import Feed, FullText
from storage.model import EntryState
from tests.app.web import Web, open_web


@pytest.fixture
def web() -> Iterator[Web]:
    with open_web() as opened:
        yield opened


def prose(word: str, sentences: int = 14) -> str:
    """A text of its own: no two words give texts that share a run of words."""
    return "\n".join(
        f"The {word} keeper{word}{n} saw boat{word}{n} leave harbour{word}{n} by dawn{word}{n}, "
        f"said council{word}{n}, and nobody{word}{n} aboard{word}{n} was hurt{word}{n} at {word}."
        for n in range(sentences)
    )


def run(config: Config, feeds: Sequence[Feed] | None = None, tally: Tally | None = None) -> Tally:
    tally = tally or Tally()
    asyncio.run(crawl(config, feeds or config.feeds, clock=system_clock, observer=tally))
    return tally


def texts(config: Config) -> dict[str, str]:
    with storage.open(config.data) as store:
        rows = store.sql("SELECT canonical_url, text FROM articles").to_pylist()
    return {row["canonical_url"].rpartition("/")[2]: row["text"] for row in rows}


def test_an_address_behind_which_the_page_changes_is_read_for_each_new_entry(
    web: Web, tmp_path: Path
) -> None:
    config = web.config(tmp_path, "/feed")
    for day, word in enumerate(("lantern", "granite", "orchard")):
        web.page(f"/story-{day}", prose(word))
        web.pages["/today"] = f"/story-{day}"
        web.feed("/feed", web.item(f"day-{day}", "/today"))
        run(config)
    assert {name for name in texts(config) if name.startswith("story")} == {
        "story-0",
        "story-1",
        "story-2",
    }


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1))))
def test_a_teaser_never_takes_the_place_of_the_page_s_text(
    web: Web, tmp_path: Path, order: tuple[int, ...]
) -> None:
    web.page("/a", prose("lantern"))
    web.feed("/auto", web.item("x", "/a"))
    web.feed("/teaser", web.item("y", "/a", "Eight words are all this feed says."))
    config = web.config(tmp_path, "/auto", "/teaser")
    auto, teaser = config.feeds
    config = replace(config, feeds=(auto, replace(teaser, full_text=FullText.FEED)))
    for number in order:
        run(config, [config.feeds[number]])
    assert texts(config)["a"].startswith("The lantern keeperlantern0")


def test_a_page_given_by_hand_is_read_again_and_revised(web: Web, tmp_path: Path) -> None:
    web.page("/a", prose("lantern"))
    web.feed("/feed", web.item("x", "/a"))
    config = web.config(tmp_path, "/feed")
    run(config)
    web.page("/a", prose("lantern") + "\nA correction was added in the evening by the editors.")
    web.asked.clear()
    tally = Tally()
    asyncio.run(ingest_pages(config, [f"{web.base}/a"], clock=system_clock, observer=tally))
    assert "/a" in web.asked
    assert tally.entries["revised"] == 1


def test_what_is_no_web_address_is_refused(web: Web, tmp_path: Path) -> None:
    config = web.config(tmp_path, "/feed")
    with pytest.raises(UsageError, match="not an http or https URL"):
        asyncio.run(ingest_pages(config, ["gopher://x"], clock=system_clock, observer=Tally()))


def test_a_feed_made_to_be_slow_to_compare_costs_its_own_worker_alone(
    web: Web, tmp_path: Path
) -> None:
    web.page("/a", prose("lantern"))
    web.feed("/good", web.item("x", "/a"))
    marks = "a" + "&amp;#769;" * 60_000 + "&amp;#820;" * 60_000
    web.feed("/evil", web.item("y", "/b", marks))
    tally = run(web.config(tmp_path, "/good", "/evil"))
    assert tally.feeds == {"ok": 1, "failed": 1}
    assert tally.entries["new"] == 1


def test_a_long_feed_is_taken_up_in_portions(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.crawl, "PORTION", 5)
    monkeypatch.setattr(ingest.crawl, "SHARE", 5)
    web.feed("/feed", *(web.item(str(n), f"/missing-{n}") for n in range(40)))

    class Watching(Tally):
        most = 0

        def taken(self, entries: Sequence[EntryState]) -> None:
            super().taken(entries)
            under_way = self.entries["pending"]
            self.most = max(self.most, under_way)

    tally = Watching()
    run(web.config(tmp_path, "/feed"), tally=tally)
    assert tally.entries["failed"] == 40
    assert tally.most <= 10
