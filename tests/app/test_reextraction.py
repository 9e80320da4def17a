"""Archived pages are extracted anew without a network, and only changed texts are stored."""

import asyncio
import gzip
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import storage
from ingest.app import crawl
from ingest.clock import system_clock
from ingest.config import load
from ingest.demo.newsroom import Newsroom
from ingest.observe import Tally
from storage.archive.reader import Kept, archive_files, captures
from storage.model import Outcome
from tests.app.support import flaws, write_config
from tests.cli.runner import Ran, newsfold

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newsroom that was crawled with its pages kept, and is gone."""
    folder = tmp_path_factory.mktemp("archived")
    with Newsroom(now=NOW) as newsroom:
        path = write_config(newsroom, folder)
        path.write_text("archive: true\n" + path.read_text("utf-8"), "utf-8")
        config = load(path)
        for edition in (1, 2):
            newsroom.publish(edition)
            asyncio.run(crawl(config, config.feeds, clock=system_clock, observer=Tally()))
    return folder


@pytest.fixture
def folder(archived: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "store"
    shutil.copytree(archived, copy)
    text = (copy / "feeds.yml").read_text("utf-8")
    (copy / "feeds.yml").write_text(text.replace(str(archived), str(copy)), "utf-8")
    return copy


def run(folder: Path, *arguments: str) -> Ran:
    return newsfold("--config", folder / "feeds.yml", *arguments)


def articles(folder: Path) -> list[dict[str, object]]:
    with storage.open(folder / "data") as store:
        found: list[dict[str, object]] = store.sql("FROM articles ORDER BY article_id").to_pylist()
        return found


def add_rule(folder: Path, host: str, rule: str) -> None:
    with (folder / "feeds.yml").open("a", encoding="utf-8") as config:
        config.write(f'sites:\n  "{host}":\n    {rule}\n')


def a_host(folder: Path) -> str:
    hosts = Counter(str(row["site"]) for row in articles(folder) if row["text_source"] == "page")
    return hosts.most_common(1)[0][0]


def test_the_same_extraction_finds_what_it_found(folder: Path) -> None:
    before = articles(folder)
    ran = run(folder, "--json", "reextract", "--dry-run")
    assert ran.code == 0
    told = ran.json
    urls = {each.url for file in archive_files(folder / "data") for each in captures(file)}  # type: ignore[union-attr]
    assert told["pages"] == sum(told["counts"].values()) <= len(urls)
    assert told["counts"]["unchanged"] > told["pages"] / 2
    assert told["counts"]["no_article"] == told["counts"]["new_article"] == 0
    assert articles(folder) == before


def test_a_changed_text_is_a_revision_of_the_day_its_page_was_fetched(folder: Path) -> None:
    host = a_host(folder)
    add_rule(folder, host, "remove: 'p:nth-of-type(2)'")
    before = {row["article_id"]: row for row in articles(folder)}
    dry = run(folder, "--json", "reextract", "--site", host, "--dry-run").json
    assert {row["article_id"]: row for row in articles(folder)} == before
    done = run(folder, "--json", "reextract", "--site", host).json
    assert done["counts"] == dry["counts"]
    changed = [each for each in done["changes"] if each["kind"] == "text_changed"]
    assert changed
    revised = [each for each in changed if each["outcome"] == Outcome.REVISED]
    assert revised
    after = {row["article_id"]: row for row in articles(folder)}
    for each in revised:
        old, new = before[each["article_id"]], after[each["article_id"]]
        assert new["revision"] == int(str(old["revision"])) + 1
        assert each["before"]["text"] == old["text"]
        assert each["after"]["text"] == new["text"] != old["text"]
        assert new["first_seen_at"] == old["first_seen_at"]
        assert datetime.fromisoformat(str(new["fetched_at"])) <= datetime.now(UTC)
        why = " ".join(run(folder, "why", each["url"]).out.split())
        assert "re-extracted by trafilatura" in why
    assert flaws(folder / "data") == []
    again = run(folder, "--json", "reextract", "--site", host).json
    assert again["counts"]["text_changed"] == 0
    assert {row["article_id"]: row for row in articles(folder)} == after


def test_a_page_that_is_no_article_any_more_stays_as_it_is_stored(folder: Path) -> None:
    host = a_host(folder)
    add_rule(folder, host, "remove: 'body *'")
    before = articles(folder)
    ran = run(folder, "--json", "reextract", "--site", host)
    assert ran.json["counts"]["no_article"] > 0
    assert articles(folder) == before


def test_changes_are_shown_and_pages_can_be_chosen(folder: Path) -> None:
    host = a_host(folder)
    add_rule(folder, host, "remove: 'p:nth-of-type(2)'")
    ran = run(folder, "-v", "reextract", "--site", host, "--dry-run")
    assert "text changed  http" in ran.out
    assert "[-" in ran.out
    [row, *_] = [row for row in articles(folder) if row["site"] == host]
    one = run(folder, "--json", "reextract", "--url", str(row["url"]), "--dry-run")
    assert one.json["pages"] == 1
    none = run(folder, "--json", "reextract", "--until", "2020-01-01", "--dry-run")
    assert none.json["pages"] == 0


def test_a_damaged_archive_is_told_and_the_rest_is_looked_at(folder: Path) -> None:
    file = max(archive_files(folder / "data"), key=lambda each: each.stat().st_size)
    pages = [each for each in captures(file) if isinstance(each, Kept)]
    data = bytearray(file.read_bytes())
    # In the midst of a page: the header of a gzip member has bytes that mean nothing.
    data[pages[len(pages) // 2].offset + 200] ^= 0xFF
    file.write_bytes(data)
    ran = run(folder, "--json", "reextract", "--dry-run")
    assert ran.code == 1
    assert [each["file"] for each in ran.json["damaged"]] == [str(file)]
    assert ran.json["pages"] > 0
    assert "damaged from byte" in ran.err


def test_archived_pages_can_be_taken_out(folder: Path) -> None:
    target = folder / "pages.warc.gz"
    everything = [each for file in archive_files(folder / "data") for each in captures(file)]
    told = run(folder, "--json", "store", "export", str(target)).json
    assert (told["format"], told["rows"]) == ("warc", len(everything))
    found = list(captures(target))
    assert [replace(each, offset=0) for each in found if isinstance(each, Kept)] == [
        replace(each, offset=0) for each in everything if isinstance(each, Kept)
    ]
    host = a_host(folder)
    run(folder, "store", "export", str(target), "--site", host, "--force")
    assert 0 < len(list(captures(target))) < len(everything)


def test_without_an_archive_there_are_no_pages_to_take_out(folder: Path) -> None:
    shutil.rmtree(folder / "data" / "archive")
    ran = run(folder, "store", "export", str(folder / "pages.warc.gz"))
    assert ran.code == 1
    assert "archive: true" in ran.err
    ran = run(folder, "store", "export", str(folder / "p.warc.gz"), "--table", "stories")
    assert ran.code == 2


def test_an_article_taken_down_is_gone_from_the_archive_too(folder: Path) -> None:
    [row, *_] = [row for row in articles(folder) if row["text_source"] == "page"]
    url = str(row["url"])
    assert run(folder, "store", "delete", url, "--yes").code == 0
    for file in archive_files(folder / "data"):
        assert url.encode() + b"\r\n" not in gzip.decompress(file.read_bytes())
    told = run(folder, "--json", "reextract").json
    assert url not in {each["url"] for each in told["changes"]}
    assert flaws(folder / "data") == []
