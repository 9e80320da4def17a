import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.archive.records import Capture
from storage.archive.writer import Archive
from tests.cli.conftest import Crawled
from tests.cli.runner import newsfold


@pytest.fixture
def copied(crawled: Crawled, tmp_path: Path) -> Path:
    return Path(shutil.copytree(crawled.data, tmp_path / "data"))


def test_compact_says_what_it_would_do_and_does_it(copied: Path) -> None:
    dry = newsfold("--data", copied, "--json", "store", "compact", "--all", "--dry-run").json
    assert not dry["done"]
    done = newsfold("--data", copied, "--json", "store", "compact", "--all").json
    assert done["done"]
    folders = [(day["table"], day["day"], day["rows"]) for day in dry["days"]]
    assert [(day["table"], day["day"], day["rows"]) for day in done["days"]] == folders
    assert "0 folders compacted" in newsfold("--data", copied, "store", "compact", "--all").err
    assert newsfold("--data", copied, "store", "verify").code == 0


def test_a_day_that_is_none_is_wrong_usage(copied: Path) -> None:
    ran = newsfold("--data", copied, "store", "compact", "--day", "yesterday")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "expected a day like 2026-11-23" in ran.err


def test_delete_takes_an_article_down_and_why_says_so(copied: Path) -> None:
    query = "SELECT url, canonical_url FROM articles ORDER BY article_id LIMIT 1"
    [row] = newsfold("--data", copied, "--json", "query", query).json
    url = row["canonical_url"]
    dry = newsfold("--data", copied, "store", "delete", url, "--dry-run")
    assert url in dry.out
    assert "nothing was changed" in dry.err
    told = newsfold("--data", copied, "--json", "store", "delete", url, "--yes").json
    assert told["done"]
    assert told["left"] == []
    why = newsfold("--data", copied, "why", url)
    assert why.code == 0
    assert "taken down" in why.out
    assert newsfold("--data", copied, "--json", "why", url).json["kind"] == "taken_down"
    assert newsfold("--data", copied, "show", url).code == 1
    assert newsfold("--data", copied, "store", "verify").code == 0
    again = newsfold("--data", copied, "store", "delete", url, "--yes")
    assert (again.code, again.err) == (0, "0 articles taken down\n")


def test_prune_takes_archived_pages_of_the_same_days(copied: Path) -> None:
    config = copied.parent / "feeds.yml"
    config.write_text("data: data\nstore: {retention: 36500d}\n", encoding="utf-8")
    for day in (1, 2):
        at = datetime(1926, 1, day, tzinfo=UTC)
        out = Archive(copied, run_id=f"run{day}", software="test")
        out.put(Capture(url="https://example.org/", at=at, status=200, body=b"a page"))
        out.close()
    dry = newsfold("--config", config, "store", "prune", "--dry-run")
    assert dry.out == "1926-01-01  archive: 1 of 1 page\n1926-01-02  archive: 1 of 1 page\n"
    assert dry.err == "0 rows and 2 pages to remove; nothing was changed\n"
    told = newsfold("--config", config, "--json", "store", "prune").json
    assert (told["done"], told["rows"], told["pages"], told["left"]) == (True, 0, 2, [])
    assert told["days"] == [
        {"table": "archive", "day": f"1926-01-0{day}", "pages": 1} for day in (1, 2)
    ]
    assert not list((copied / "archive").glob("dt=*"))


def test_prune_tells_first_what_goes(copied: Path) -> None:
    config = copied.parent / "feeds.yml"
    config.write_text("data: data\nstore: {retention: 36500d}\n", encoding="utf-8")
    ran = newsfold("--config", config, "store", "prune")
    assert (ran.code, ran.err) == (0, "0 rows removed\n")
    config.write_text("data: data\n", encoding="utf-8")
    assert "sets no retention" in newsfold("--config", config, "store", "prune").err
