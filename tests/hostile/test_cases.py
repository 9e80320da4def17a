"""The hand-made documents: what is wrong with each, and that what must come out does."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from ingest.articles.extract import extract_page
from ingest.config import WorkerSettings
from ingest.feeds.parse import parse_feed
from ingest.types import Fault, Page, ParsedFeed
from ingest.workers.pool import Workers
from tests.app.test_identity import prose
from tests.app.test_review import RSS, article, configure, crawled, in_web, rss, view
from tests.feeds.documents import NOW, URL
from tests.fetch.server import Site, answer
from tests.hostile import pages
from tests.hostile.case import Case
from tests.hostile.cases import BROKEN, HEAVY, MENDED
from tests.hostile.suites import nasty
from tests.hostile.way import KILLED, Way

T = TypeVar("T")
HASTY = WorkerSettings(count=1, timeout=timedelta(seconds=4))


def test_there_are_enough_cases_each_with_a_name() -> None:
    names = [case.name for case in (*MENDED, *BROKEN, *HEAVY)]
    assert len(MENDED) >= 150
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", MENDED, ids=lambda case: case.name)
def test_a_hand_made_document_gives_what_it_must(case: Case) -> None:
    result = parse_feed(case.body, url=URL, content_type=case.kind, now=NOW)
    if isinstance(result, ParsedFeed):
        assert len(result.entries) == case.entries, f"wanted {case.wanted}"
        assert len({entry.guid for entry in result.entries}) == len(result.entries)
    else:
        assert case.entries is None, f"wanted {case.wanted}, got {result.detail}"
        assert case.fault in result.detail
        assert result.reason == "not_a_feed"


def way(folder: Path, test: Callable[[Way], Awaitable[T]]) -> T:
    async def run() -> T:
        with Workers(HASTY) as workers:
            return await test(Way(workers, HASTY, folder))

    return asyncio.run(run())


@pytest.mark.parametrize(
    "name", ["100 kB of newlines before the root", "a style attribute of 64 kB"]
)
def test_what_once_cost_many_seconds_costs_none(name: str) -> None:
    [case] = [case for case in HEAVY if case.name == name]
    result = parse_feed(case.body, url=URL, content_type=case.kind, now=NOW)
    assert isinstance(result, ParsedFeed)
    assert len(result.entries) == case.entries


def test_what_costs_a_worker_costs_nobody_else_anything(tmp_path: Path) -> None:
    names = {"an author that no pattern ends on", "100,000 attributes", "accents without order"}
    heavy = [case for case in HEAVY if case.name in names]

    async def test(way: Way) -> None:
        score = await way.feeds("heavy", [*heavy, *MENDED[:5]], killing=True)
        assert (score.killed, score.read) == (3, 5)
        assert not score.faults
        assert score.lost == 0
        assert not way.settle().faults

    way(tmp_path, test)


def test_every_string_goes_all_the_way_into_parquet(tmp_path: Path) -> None:
    strings = ["\ud800\0\x1b[31m\u202e", "]]>&<'\"\\", "'; DROP TABLE entries; --"]
    documents = [case for n, string in enumerate(strings) for case in nasty(n, string)]

    async def test(way: Way) -> None:
        score = await way.feeds("strings", documents)
        assert score.entries == 3 * 3 + 3 * 2
        assert not score.faults
        assert not way.settle().faults

    way(tmp_path, test)


@pytest.mark.parametrize("name", pages.QUICK)
def test_a_hand_made_page_raises_nothing(name: str) -> None:
    page = Page(url=URL, body=pages.QUICK[name], content_type="text/html")
    assert extract_page(page, None) is not None


def test_a_page_that_costs_a_worker_is_recorded_and_the_rest_goes_on(tmp_path: Path) -> None:
    async def test(web: Site) -> None:
        web.pages |= {
            "/feed": answer(rss(web, evil="/evil", good="/good", better="/better"), RSS),
            "/evil": answer(pages.HEAVY["5 MB of <p>"], "Content-Type: text/html"),
            "/good": article("Good", prose("lantern")),
            "/better": article("Better", prose("granite")),
        }
        config = configure(tmp_path, web, "/feed")
        tally = await crawled(config)
        assert (tally.entries["new"], tally.entries["failed"]) == (2, 1)
        [failed] = view(config, "SELECT reason FROM outcomes WHERE outcome = 'failed'")
        assert failed["reason"] in KILLED

    in_web(test)


def test_bytes_that_look_like_a_path_open_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "feed.xml"
    secret.write_bytes(MENDED[0].body)
    for body in (str(secret).encode(), secret.as_uri().encode()):
        result = parse_feed(body, url=URL, content_type="", now=NOW)
        assert isinstance(result, Fault)
