"""The laws, on the real newsroom with the real parts, in this process."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import storage
from ingest.app import crawl
from ingest.clock import system_clock
from ingest.config import Config, load
from ingest.demo.newsroom import EDITIONS, Newsroom
from ingest.demo.play import read_back
from ingest.observe import Tally
from ingest.types import Feed
from storage.ledger.sqlite import SqliteLedger
from storage.model import Outcome, Reason
from tests.app.support import differences, essence, flaws, write_config

HOPELESS = "evening-post"  # an error page where the feed should be


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(now=system_clock()) as opened:
        yield opened


def configure(newsroom: Newsroom, folder: Path) -> Config:
    return load(write_config(newsroom, folder))


def run(config: Config, feeds: Sequence[Feed] | None = None) -> Tally:
    tally = Tally()
    chosen = config.feeds if feeds is None else feeds
    asyncio.run(crawl(config, chosen, clock=system_clock, observer=tally))
    return tally


def counted(data: Path) -> dict[str, int]:
    """Return the ledger's entries by outcome."""
    ledger = SqliteLedger(data / "state" / "ledger.db")
    try:
        return {outcome.value: n for outcome, n in ledger.count_outcomes().items()}
    finally:
        ledger.close()


def rows(data: Path) -> dict[str, int]:
    with storage.open(data) as store:
        return {
            table: store.sql(f"SELECT count(*) AS n FROM {table}").to_pylist()[0]["n"]
            for table in ("revisions", "duplicates", "outcomes", "polls")
        }


@pytest.fixture(scope="module")
def crawled(
    newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Config, list[Tally]]:
    """Both editions, crawled one after the other into one store."""
    config = configure(newsroom, tmp_path_factory.mktemp("crawled"))
    tallies = []
    for edition in EDITIONS:
        newsroom.publish(edition)
        tallies.append(run(config))
    return config, tallies


def test_what_is_stored_is_exactly_what_is_true(
    newsroom: Newsroom, crawled: tuple[Config, list[Tally]]
) -> None:
    config, _ = crawled
    assert differences(newsroom.truths(2), read_back(config.data)) == []
    assert flaws(config.data) == []


def test_conservation_every_entry_has_exactly_one_outcome_with_a_reason(
    newsroom: Newsroom, crawled: tuple[Config, list[Tally]]
) -> None:
    config, tallies = crawled
    for edition, tally in zip(EDITIONS, tallies, strict=True):
        counts = tally.entries
        assert sum(counts.values()) - counts["seen"] == counts["seen"]
        published = len(newsroom.truths(edition).entries)
        assert counts["seen"] <= published
        assert tally.feeds["failed"] == 1
    assert tallies[0].entries["seen"] == len(newsroom.truths(1).entries)

    in_ledger = counted(config.data)
    entries = read_back(config.data).entries
    assert sum(in_ledger.values()) == len(entries) == len(newsroom.truths(2).entries)
    assert len({(entry["feed_id"], entry["guid"]) for entry in entries}) == len(entries)
    assert all(entry["reason"] in set(Reason) for entry in entries)


def test_conservation_a_first_crawls_summary_is_what_its_ledger_says(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.publish(2)
    config = configure(newsroom, tmp_path)
    counts = run(config).entries
    seen = counts.pop("seen")
    assert counts == counted(config.data)
    assert seen == len(newsroom.truths(2).entries)


def test_the_last_change_of_outcome_told_of_an_entry_is_what_it_is(
    crawled: tuple[Config, list[Tally]],
) -> None:
    config, _ = crawled
    stored = read_back(config.data)
    with storage.open(config.data) as store:
        told = store.sql(
            """SELECT feed_id, guid, outcome FROM outcomes
               QUALIFY row_number() OVER (
                   PARTITION BY entry_id
                   ORDER BY changed_at DESC, outcome = 'pending', reason <> 'better_original'
               ) = 1"""
        ).to_pylist()
    assert Counter((row["feed_id"], row["guid"], row["outcome"]) for row in told) == Counter(
        (entry["feed_id"], entry["guid"], entry["outcome"]) for entry in stored.entries
    )


def test_idempotence_an_unchanged_world_costs_one_conditional_request_a_feed_and_adds_no_row(
    newsroom: Newsroom, crawled: tuple[Config, list[Tally]]
) -> None:
    config, _ = crawled
    newsroom.publish(2)
    before = rows(config.data)
    for _ in range(2):
        newsroom.clear_requests()
        tally = run(config)
        asked = newsroom.requests
        assert sorted(request.outlet_id for request in asked) == sorted(
            feed.id for feed in config.feeds
        )
        paths = {
            feed.id: feed.url.removeprefix(newsroom.base_url(feed.id)) for feed in config.feeds
        }
        for request in asked:
            assert (request.method, request.path) == ("GET", paths[request.outlet_id])
            conditional = request.headers.keys() & {"if-none-match", "if-modified-since"}
            # Validators are kept from answers that were feeds.
            assert bool(conditional) == (request.outlet_id != HOPELESS), request
            assert request.status == (200 if request.outlet_id == HOPELESS else 304)
        polls = len(config.feeds)
        assert tally.feeds == {"not_modified": polls - 1, "failed": 1}
        assert tally.entries["seen"] == 0
        before["polls"] += polls
        assert rows(config.data) == before
        assert flaws(config.data) == []


@pytest.mark.parametrize(("concurrency", "seed"), [(1, None), (4, 1), (32, 2), (32, 3), (1, 4)])
def test_order_does_not_matter(
    newsroom: Newsroom,
    tmp_path: Path,
    crawled_at_once: object,
    concurrency: int,
    seed: int | None,
) -> None:
    newsroom.publish(2)
    config = configure(newsroom, tmp_path)
    config = replace(config, fetch=replace(config.fetch, concurrency=concurrency))
    feeds = list(reversed(config.feeds))
    if seed is not None:
        random.Random(seed).shuffle(feeds)
    run(config, feeds)
    assert essence(config.data) == crawled_at_once
    assert flaws(config.data) == []


@pytest.fixture(scope="module")
def crawled_at_once(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> object:
    """The second edition, crawled into an empty store in the configuration's own order."""
    newsroom.publish(2)
    config = configure(newsroom, tmp_path_factory.mktemp("at-once"))
    run(config)
    return essence(config.data)


def test_feeds_crawled_in_runs_of_their_own_come_to_the_same_stories(
    newsroom: Newsroom, tmp_path: Path, crawled_at_once: object
) -> None:
    newsroom.publish(2)
    config = configure(newsroom, tmp_path)
    feeds = list(config.feeds)
    random.Random(5).shuffle(feeds)
    for part in (feeds[0:1], feeds[1:5], feeds[5:]):
        run(config, part)
    assert essence(config.data) == crawled_at_once
    assert flaws(config.data) == []


def test_with_the_fold_off_the_check_finds_what_is_not_folded(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.publish(1)
    config = configure(newsroom, tmp_path)
    run(replace(config, dedup=replace(config.dedup, enabled=False)))
    found = differences(newsroom.truths(1), read_back(config.data))
    copies = sum(len(story.copies) for story in newsroom.truths(1).stories)
    assert copies
    assert sum(line.startswith("duplicate") and "is missing" in line for line in found) == copies
    assert counted(config.data)[Outcome.DUPLICATE] == 0
