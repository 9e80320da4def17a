import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.cli.output.feeds import next_of
from ingest.daemon import only_daemon
from ingest.inspection.health import Health, health_of, running_daemon
from storage.model import FeedState
from tests.cli.conftest import Crawled
from tests.cli.runner import newsfold

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


QUARTER = timedelta(minutes=15)


def state(**said: object) -> FeedState:
    known: dict[str, object] = {"feed_id": "x", "url": "https://example.org/", "name": "x"}
    return FeedState(**(known | said))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("feed", "health"),
    [
        (state(), Health.NEVER_POLLED),
        (state(ok=True), Health.OK),
        (state(ok=False), Health.BROKEN),
        (state(ok=False, held_until=NOW + timedelta(hours=1)), Health.HELD),
        (state(ok=False, held_until=NOW - timedelta(hours=1)), Health.BROKEN),
        (state(ok=False, retired=True), Health.RETIRED),
    ],
)
def test_a_feeds_health_follows_from_its_state(feed: FeedState, health: Health) -> None:
    assert health_of(feed, now=NOW) is health


@pytest.mark.parametrize(
    ("feed", "words"),
    [
        (state(), "due"),
        (state(next_due_at=NOW - timedelta(hours=1)), "due"),
        (state(next_due_at=NOW + timedelta(minutes=40)), "in 40 min"),
        # Both must be over.
        (state(next_due_at=NOW + timedelta(minutes=40), held_until=NOW + QUARTER), "in 40 min"),
        (state(next_due_at=NOW, held_until=NOW + QUARTER), "in 15 min"),
        (state(next_due_at=NOW + timedelta(hours=1), retired=True), ""),
    ],
)
def test_the_next_poll_is_told_as_it_will_be(feed: FeedState, words: str) -> None:
    assert next_of(feed, NOW) == words


def test_broken_feeds_come_first(crawled: Crawled) -> None:
    ran = crawled.run("status")
    assert ran.code == 0
    first = ran.out.splitlines()[2]
    assert "evening-post" in first
    assert "not_a_feed" in first
    assert "daemon" in ran.out


def test_json_has_feeds_entries_and_sizes_that_agree(crawled: Crawled) -> None:
    told = crawled.run("--json", "status").json
    assert told["feeds"][0]["health"] == "broken"
    assert len(told["feeds"]) == 13
    by_feed = sum(sum(feed["entries"].values()) for feed in told["feeds"])
    assert by_feed == sum(told["entries"].values())
    tables = {table["table"]: table for table in told["tables"]}
    assert tables["articles"]["rows"] == int(crawled.one("SELECT count(*) FROM revisions"))
    assert all(table["bytes"] > 0 for table in told["tables"])
    assert told["journal"]["rows"] == 0
    assert told["next_try_at"] is not None
    assert told["daemon"] == {"running": False, "pid": None, "paused": False}
    assert told["free_bytes"] > 0


def test_a_running_daemon_is_seen_and_a_dead_ones_file_is_not_believed(tmp_path: Path) -> None:
    with only_daemon(tmp_path):
        assert running_daemon(tmp_path) == os.getpid()
    assert running_daemon(tmp_path) is None
    (tmp_path / "state" / "daemon.pid").write_text("1\n")
    assert running_daemon(tmp_path) is None


def test_with_a_data_folder_no_configuration_is_needed(crawled: Crawled, tmp_path: Path) -> None:
    none = tmp_path / "none.yml"
    ran = newsfold("--config", none, "--data", crawled.data, "--json", "status")
    assert ran.code == 0
    assert len(ran.json["feeds"]) == 13
    assert newsfold("--config", none, "status").code == 2


def test_feeds_are_shown_by_the_configuration(crawled: Crawled, tmp_path: Path) -> None:
    config = tmp_path / "feeds.yml"
    config.write_text("feeds: [{url: 'https://example.org/feed.xml', id: fresh}]\n")
    told = newsfold("--config", config, "--data", crawled.data, "--json", "status").json
    assert [(f["id"], f["health"]) for f in told["feeds"] if f["configured"]] == [
        ("fresh", "never_polled")
    ]


def test_before_the_first_crawl_the_way_to_it_is_told(tmp_path: Path) -> None:
    ran = newsfold("--data", tmp_path / "none", "status")
    assert (ran.code, ran.out) == (1, "")
    assert "newsfold crawl" in ran.err
    assert not (tmp_path / "none").exists()
