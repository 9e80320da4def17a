"""The commands of the how-tos on export, import and the archive run as they stand there."""

import asyncio
import csv
import gzip
import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.app import crawl
from ingest.clock import system_clock
from ingest.config import load
from ingest.demo.newsroom import Newsroom
from ingest.observe import Tally
from tests.app.support import write_config
from tests.cli.runner import newsfold

ROOT = Path(__file__).parents[2]
PAGES = ("docs/how-to/export-import.md", "docs/how-to/archive.md")


def commands(page: str) -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    return [shlex.split(line, comments=True) for line in lines]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with kept pages, and files of others to import."""
    folder = tmp_path_factory.mktemp("howto")
    with Newsroom(now=datetime(2026, 11, 20, 12, tzinfo=UTC)) as newsroom:
        newsroom.publish(1)
        path = write_config(newsroom, folder)
        path.write_text("archive: true\n" + path.read_text("utf-8"), "utf-8")
        config = load(path)
        asyncio.run(crawl(config, config.feeds, clock=system_clock, observer=Tally()))
    story = {"url": "https://example.org/a", "maintext": "A story of another crawl."}
    with gzip.open(folder / "crawl.jsonl.gz", "wt") as packed:
        packed.write(json.dumps(story) + "\n")
    with (folder / "dump.csv").open("w", newline="") as plain:
        writer = csv.writer(plain)
        writer.writerow(["url", "story_body", "day"])
        writer.writerow(["https://example.org/b", "A story of the city's archive.", "1998-05-01"])
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_every_command_runs(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    ran = 0
    for program, *arguments in commands(page):
        assert program == "newsfold"
        if "pages.warc.gz" in arguments:
            (folder / "pages.warc.gz").unlink(missing_ok=True)
        done = newsfold(*arguments)
        assert done.code == 0, (arguments, done.err)
        assert done.err, "what was done is told"
        if "export" in arguments:
            assert (folder / arguments[arguments.index("export") + 1]).exists()
        ran += 1
    assert ran >= 3
