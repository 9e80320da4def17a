from pathlib import Path

import pytest

from ingest.config import load
from tests.cli.conftest import Crawled
from tests.cli.runner import Ran, newsfold

HEAD = """\
# what we read
fetch:
  allow_networks: ["127.0.0.0/8"]  # the newsroom
  per_host: {concurrency: 8, delay: 0s}
feeds:
  # the first
  - url: https://example.org/feed.xml
    id: example
    tags: [uk]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yml"
    path.write_text(HEAD, encoding="utf-8")
    return path


def feeds(config: Path, *args: str) -> Ran:
    return newsfold("--config", config, *args)


def test_the_list_shows_how_each_feed_is(crawled: Crawled) -> None:
    ran = crawled.run("feeds", "list")
    assert ran.code == 0
    rows = {line.split()[0]: line for line in ran.out.splitlines()[2:]}
    assert "✗ broken" in rows["evening-post"]
    assert "✓ ok" in rows["meridian"]
    assert "wire, english" in rows["meridian"]
    told = crawled.run("--json", "feeds", "list").json
    assert [feed["id"] for feed in told] == [feed.id for feed in load(crawled.config).feeds]
    assert told[0]["state"]["ok"] is True


def test_before_the_first_crawl_feeds_have_no_state(config: Path) -> None:
    [told] = feeds(config, "--json", "feeds", "list").json
    assert told["id"] == "example"
    assert told["state"] is None
    assert "· never" in feeds(config, "feeds", "list").out
    assert not (config.parent / "data").exists()


def test_a_feed_is_added_with_its_own_title_and_comments_stay(
    crawled: Crawled, config: Path
) -> None:
    url = crawled.url("northline", "/feed.json")
    ran = feeds(config, "feeds", "add", url, "--id", "north", "--tag", "a", "--interval", "1h")
    assert ran.code == 0
    assert "json11, 4 entries" in ran.out
    assert config.read_text(encoding="utf-8").startswith(HEAD)
    added = load(config).feeds[-1]
    assert (added.id, added.url, added.name, added.tags) == ("north", url, "Northline", ("a",))
    again = feeds(config, "feeds", "add", url)
    assert again.code == 2
    assert "there already, as north" in again.err


def test_the_feed_that_a_page_announces_is_added(crawled: Crawled, config: Path) -> None:
    page = crawled.url("harbour-gazette", "/city/lift-bridge-open-again")
    ran = feeds(config, "--json", "feeds", "add", page)
    assert ran.code == 0
    assert "it announces the feed" in ran.err
    assert ran.json["url"] == crawled.url("harbour-gazette", "/feeds/latest.atom")
    assert ran.json["format"] == "atom10"
    assert load(config).feeds[-1].url == ran.json["url"]


def test_the_first_feed_makes_the_file(crawled: Crawled, tmp_path: Path) -> None:
    config = tmp_path / "fresh.yml"
    ran = feeds(config, "feeds", "add", crawled.url("northline", "/feed.json"))
    assert ran.code == 1, "loopback is refused unless the configuration allows it"
    assert "address_refused" in ran.err
    assert not config.exists()


@pytest.mark.parametrize(
    ("outlet", "path", "told"),
    [
        ("evening-post", "/rss.xml", "not_a_feed"),
        ("harbour-gazette", "/none", "http_not_found"),
    ],
)
def test_what_is_no_feed_is_not_added(
    crawled: Crawled, config: Path, outlet: str, path: str, told: str
) -> None:
    ran = feeds(config, "feeds", "add", crawled.url(outlet, path))
    assert (ran.code, ran.out) == (1, "")
    assert told in ran.err
    assert "nothing was added" in ran.err
    assert config.read_text(encoding="utf-8") == HEAD


def test_a_wrong_id_is_refused_before_anything_is_fetched(config: Path) -> None:
    ran = feeds(config, "feeds", "add", "https://example.org/", "--id", "Not An Id")
    assert ran.code == 2
    assert '"Not An Id"' in ran.err


def test_a_feed_is_removed_and_its_neighbours_stay(crawled: Crawled, config: Path) -> None:
    feeds(config, "feeds", "add", crawled.url("northline", "/feed.json"), "--id", "north")
    assert feeds(config, "feeds", "remove", "north").code == 0
    assert config.read_text(encoding="utf-8") == HEAD
    assert feeds(config, "feeds", "remove", "north").code == 2


def test_checking_tells_the_broken_from_the_flawed(crawled: Crawled) -> None:
    ran = crawled.run("--json", "feeds", "check")
    assert ran.code == 1
    told = {feed["id"]: feed for feed in ran.json}
    assert [feed_id for feed_id, feed in told.items() if not feed["ok"]] == ["evening-post"]
    assert told["evening-post"]["reason"] == "not_a_feed"
    assert told["diario-lirio"]["ok"]
    assert told["diario-lirio"]["flaw"]
    assert told["meridian"]["entries"] == 3
    assert "13 feeds, 1 broken" in ran.err


def test_only_the_named_feeds_are_checked_and_nothing_is_stored(crawled: Crawled) -> None:
    polls = crawled.one("SELECT count(*) FROM polls")
    ran = crawled.run("feeds", "check", "meridian", "online")
    assert ran.code == 0
    assert [line.split()[2] for line in ran.out.splitlines()[2:]] == ["meridian", "northline"]
    assert crawled.one("SELECT count(*) FROM polls") == polls


def test_a_name_that_no_feed_has_is_told_with_the_nearest(crawled: Crawled) -> None:
    ran = crawled.run("feeds", "check", "merdian")
    assert ran.code == 2
    assert '"meridian"' in ran.err
