"""Pages are archived before anything is made of them, where that is configured."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import storage
from ingest.app import crawl
from ingest.clock import system_clock
from ingest.config import load
from ingest.demo.newsroom import Newsroom
from ingest.observe import Tally
from storage.archive.reader import Kept, archive_files, captures
from tests.app.support import write_config

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def crawled(folder: Path, *, more: str = "", archived: bool = True) -> tuple[Path, list[Kept]]:
    with Newsroom(now=NOW) as newsroom:
        newsroom.publish(1)
        path = write_config(newsroom, folder, more=more)
        if archived:
            path.write_text("archive: true\n" + path.read_text("utf-8"), "utf-8")
        config = load(path)
        asyncio.run(crawl(config, config.feeds, clock=system_clock, observer=Tally()))
    found = [each for file in archive_files(config.data) for each in captures(file)]
    return config.data, [each for each in found if isinstance(each, Kept)]


def test_every_fetched_page_is_kept_with_what_the_feed_said_of_it(tmp_path: Path) -> None:
    data, kept = crawled(tmp_path)
    urls = {each.url for each in kept}
    with storage.open(data) as store:
        rows = store.sql("FROM revisions WHERE text_source = 'page'").to_pylist()
    assert rows
    for row in rows:
        assert row["url"] in urls
        assert row["fetched_at"] in {each.at for each in kept if each.url == row["url"]}
    for each in kept:
        assert each.status == 200
        assert each.about["feed_id"]
        assert each.about["entry"]["guid"] == each.about["guid"]
    assert all(not file.name.endswith(".open") for file in archive_files(data))


def test_nothing_is_archived_unasked(tmp_path: Path) -> None:
    data, kept = crawled(tmp_path, archived=False)
    assert kept == []
    assert not (data / "archive").exists()
