"""Whole crawls where processes, pages and clocks get in each other's way."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

import storage
from ingest.app import crawl, ingest_pages, open_run
from ingest.clock import system_clock
from ingest.config import Config, FetchSettings, WorkerSettings
from ingest.config.settings import PerHost
from ingest.errors import UsageError
from ingest.observe import Tally
from ingest.types import Feed
from storage.ledger.sqlite import SqliteLedger
from storage.model import Outcome, Poll, PollCommit, Reason
from tests.app.desk import NEAR, NOON, RUN, TEXT, Desk, id_of
from tests.app.test_identity import prose
from tests.fetch.server import Behaviour, Call, Site, answer, response, site

HTML = "Content-Type: text/html; charset=utf-8"
RSS = "Content-Type: application/rss+xml"


def article(name: str, text: str, *, head: str = "") -> Behaviour:
    paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n"))
    html = (
        f"<!doctype html><html><head><title>{name}</title>{head}</head><body>"
        f"<main><article><h1>{name}</h1>{paragraphs}</article></main></body></html>"
    )
    return answer(html.encode(), HTML)


def rss(web: Site, **links: str) -> bytes:
    """A feed of entries: GUID → title and path."""
    items = "".join(
        f'<item><guid isPermaLink="false">{guid}</guid><title>{guid}: {path}</title>'
        f"<link>{web.url(path)}</link></item>"
        for guid, path in links.items()
    )
    return f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode()


def configure(folder: Path, web: Site, *paths: str, deadline: float = 20.0) -> Config:
    return Config(
        data=folder / "data",
        fetch=FetchSettings(
            allow_networks=(IPv4Network("127.0.0.0/8"),),
            per_host=PerHost(concurrency=8, delay=timedelta()),
            deadline=timedelta(seconds=deadline),
        ),
        workers=WorkerSettings(count=1, timeout=timedelta(seconds=2)),
        feeds=tuple(Feed(id=path.strip("/"), url=web.url(path), name=path) for path in paths),
    )


async def crawled(config: Config) -> Tally:
    tally = Tally()
    await crawl(config, config.feeds, clock=system_clock, observer=tally)
    return tally


async def by_hand(config: Config, *urls: str) -> Tally:
    tally = Tally()
    await ingest_pages(config, urls, clock=system_clock, observer=tally)
    return tally


def view(config: Config, query: str) -> list[dict[str, Any]]:
    with storage.open(config.data) as store:
        rows: list[dict[str, Any]] = store.sql(query).to_pylist()
    return rows


def in_web(test: Callable[[Site], Awaitable[None]]) -> None:
    async def run() -> None:
        async with site() as web:
            await test(web)

    asyncio.run(run())


def test_a_feed_too_slow_to_compare_is_killed_and_the_one_beside_it_is_fetched(
    tmp_path: Path,
) -> None:
    hostile = "a" + "&#769;" * 40_000 + "&#820;" * 40_000
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"id": "1", "title": "t", "content_html": hostile}],
    }

    async def test(web: Site) -> None:
        sent = asyncio.Event()

        async def evil(call: Call) -> None:
            await answer(json.dumps(document).encode(), "Content-Type: application/json")(call)
            sent.set()

        async def good(call: Call) -> None:
            # Under way while the other is worked on: a loop that stands still is past the deadline.
            await sent.wait()
            await asyncio.sleep(1)
            await answer(rss(web, x="/a"), RSS)(call)

        web.pages |= {"/evil": evil, "/good": good, "/a": article("A", prose("lantern"))}
        config = configure(tmp_path, web, "/evil", "/good", deadline=3)
        tally = await crawled(config)
        assert tally.feeds == {"ok": 1, "failed": 1}
        assert tally.entries["new"] == 1
        assert view(config, "SELECT feed_id, reason FROM polls ORDER BY feed_id") == [
            {"feed_id": "evil", "reason": "worker_timeout"},
            {"feed_id": "good", "reason": "fetched"},
        ]

    in_web(test)


def test_a_change_that_a_poll_had_to_leave_out_is_read_by_a_later_crawl(tmp_path: Path) -> None:
    async def test(web: Site) -> None:
        version, texts = 1, ["lantern", "granite"]
        asked, go_on = asyncio.Event(), asyncio.Event()

        async def feed(call: Call) -> None:
            etag = f'"{version}"'
            if call.headers.get("if-none-match") == etag:
                await call.send(response(status="304 Not Modified"))
            else:
                await call.send(response(rss(web, g=f"/a?v={version}"), RSS, f"ETag: {etag}"))

        async def slow(call: Call) -> None:
            asked.set()
            await go_on.wait()
            await article("A", prose(texts[0]))(call)

        web.pages |= {
            "/f": feed,
            "/a?v=1": slow,
            "/a?v=2": article("A", prose(texts[1])),
        }
        config = configure(tmp_path, web, "/f")
        first = asyncio.create_task(crawled(config))
        await asked.wait()
        version = 2
        await crawled(config)
        assert not web.asked("/a?v=2")
        go_on.set()
        await first
        await crawled(config)
        assert web.asked("/a?v=2")
        rows = view(config, "SELECT text FROM articles")
        assert any("granite" in row["text"] for row in rows)
        # Nothing is left out any more: from now on an unchanged feed costs a 304.
        assert (await crawled(config)).feeds == {"not_modified": 1}

    in_web(test)


@pytest.mark.parametrize(
    "first",
    ["a", "b"],
)
def test_the_text_at_an_address_is_its_own_page_s_whichever_page_is_read_first(
    tmp_path: Path, first: str
) -> None:
    async def test(web: Site) -> None:
        claim = f'<link rel="canonical" href="{web.url("/a")}">'
        web.pages["/a"] = article("A", prose("lantern"))
        web.pages["/b"] = article("B", prose("granite"), head=claim)
        for name in "ab":
            web.pages[f"/feed-{name}"] = answer(rss(web, **{name: f"/{name}"}), RSS)
        config = configure(tmp_path, web, "/feed-a", "/feed-b")
        # One after the other, so that the second finds the first stored; and from feeds of their
        # own, since entries of one feed read each other's pages in any case.
        for feed in config.feeds if first == "a" else reversed(config.feeds):
            await crawl(config, [feed], clock=system_clock, observer=Tally())
        assert len(web.asked("/a")) == len(web.asked("/b")) == 1
        query = f"SELECT text FROM articles WHERE canonical_url = '{web.url('/a')}'"
        assert [row["text"].split()[1] for row in view(config, query)] == ["lantern"]
        # The claimant's entry changes: that it led to the article once is no more of a right.
        web.pages["/b?v=2"] = article("B", prose("orchard"), head=claim)
        web.pages["/feed-b"] = answer(rss(web, b="/b?v=2"), RSS)
        await crawl(config, config.feeds[1:], clock=system_clock, observer=Tally())
        assert web.asked("/b?v=2")
        assert [row["text"].split()[1] for row in view(config, query)] == ["lantern"]

    in_web(test)


@pytest.mark.parametrize("announced", [False, True], ids=["by hand", "by a feed"])
def test_a_page_given_by_hand_that_was_postponed_is_tried_again_at_once(
    tmp_path: Path, announced: bool
) -> None:
    async def test(web: Site) -> None:
        web.pages |= {
            "/f": answer(rss(web, x="/a"), RSS),
            "/a": answer(status="503 Service Unavailable"),
        }
        config = configure(tmp_path, web, "/f")
        tally = await (crawled(config) if announced else by_hand(config, web.url("/a")))
        assert tally.entries["pending"] == 1
        before = len(web.asked("/a"))
        web.pages["/a"] = article("A", prose("lantern"))
        tally = await by_hand(config, web.url("/a"))
        assert len(web.asked("/a")) == before + 1
        assert (tally.entries["seen"], tally.entries["new"]) == (1, 1)

    in_web(test)


def test_a_page_given_by_hand_is_fetched_again_each_time(tmp_path: Path) -> None:
    async def test(web: Site) -> None:
        web.pages |= {"/f": answer(rss(web, x="/a"), RSS), "/a": article("A", prose("lantern"))}
        config = configure(tmp_path, web, "/f")
        await crawled(config)
        for number in (2, 3):
            tally = await by_hand(config, web.url("/a"))
            assert len(web.asked("/a")) == number
            assert tally.entries["unchanged"] == 1

    in_web(test)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a", "urn:a", "/a", "http://", "http://[/a", ""])
def test_one_page_that_is_no_web_address_stops_the_run_before_any_request(
    tmp_path: Path, url: str
) -> None:
    async def test(web: Site) -> None:
        config = configure(tmp_path, web)
        with pytest.raises(UsageError):
            await by_hand(config, web.url("/a"), url)
        assert web.seen == []

    in_web(test)


def test_a_former_first_whose_entry_is_unchanged_by_now_is_told_as_demoted(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.find("second", NEAR, published=NOON)
    same = desk.find("second", NEAR, version=1, published=NOON)
    assert same.outcome is Outcome.UNCHANGED
    desk.find("first", TEXT, published=NOON - timedelta(hours=1))
    entry = desk.entry("second")
    assert (entry.outcome, entry.reason) == (Outcome.DUPLICATE, Reason.BETTER_ORIGINAL)
    assert desk.article("second").duplicate_of == id_of("first")
    told = desk.view("SELECT entry_id FROM outcomes WHERE reason = 'better_original'")
    assert told == [{"entry_id": entry.entry_id}]
    desk.ledger.close()


def test_all_that_was_handed_in_is_flushed_when_a_run_is_cancelled(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data")
    states = [desk.announce(f"e{n}") for n in range(150)]
    findings = [desk.found(f"e{n}", prose(f"word{n}", 4)) for n in range(150)]
    desk.ledger.close()
    config = Config(data=tmp_path / "data", workers=WorkerSettings(count=1))

    async def test() -> None:
        async with open_run(config, kind="crawl", clock=system_clock, observer=Tally()) as run:
            commits = [
                asyncio.create_task(run.commits.entry(state, finding, at=NOON))
                for state, finding in zip(states, findings, strict=True)
            ]
            # The first group is written, the others wait.
            await asyncio.wait(commits, return_when=asyncio.FIRST_COMPLETED)
            assert not all(commit.done() for commit in commits)
            me = asyncio.current_task()
            assert me is not None
            for task in (*commits, me):
                task.cancel()
            await asyncio.gather(*commits)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(test())
    ledger = SqliteLedger(config.data / "state" / "ledger.db")
    assert ledger.count_outcomes()[Outcome.NEW] == 150
    assert {table: rows for table, rows in ledger.snapshot().rows.items() if rows} == {}
    ledger.close()
    assert view(config, "SELECT count(*) AS n FROM articles") == [{"n": 150}]


@pytest.mark.parametrize("field", ["held_until", "next_due_at"])
def test_a_crawl_asks_a_feed_that_a_wrong_clock_put_off_for_years(
    tmp_path: Path, field: str
) -> None:
    async def test(web: Site) -> None:
        web.pages["/f"] = answer(rss(web), RSS)
        config = configure(tmp_path, web, "/f")
        await crawled(config)
        ledger = SqliteLedger(config.data / "state" / "ledger.db")
        state, now = ledger.feed("f"), system_clock()
        assert state is not None
        poll = Poll(
            feed_id="f",
            url=state.url,
            polled_at=now,
            run_id=RUN.run_id,
            ok=True,
            reason=Reason.FETCHED,
        )
        far = now + timedelta(days=3650)
        put_off = (
            replace(state, next_due_at=now, held_until=far)
            if field == "held_until"
            else replace(state, next_due_at=far)
        )
        ledger.commit_poll(PollCommit(state=put_off, poll=poll))
        ledger.close()
        before = len(web.asked("/f"))
        await crawl(config, config.feeds, clock=system_clock, observer=Tally(), only_due=True)
        assert len(web.asked("/f")) == before + 1

    in_web(test)
