import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

import storage
from ingest.app import crawl
from ingest.clock import system_clock
from ingest.config import load
from ingest.demo.newsroom import Newsroom
from ingest.observe import Tally
from tests.cli.runner import Ran, newsfold

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Crawled:
    """The newsroom, both editions of which were crawled. Not to be changed by tests."""

    newsroom: Newsroom
    config: Path
    data: Path

    def run(self, *args: str | Path, stdin: str = "", env: dict[str, str] | None = None) -> Ran:
        return newsfold("--config", self.config, *args, stdin=stdin, env=env)

    def one(self, query: str) -> str:
        """Return the one value that a query gives."""
        with storage.open(self.data) as store:
            [record] = store.sql(query).to_pylist()
        [value] = record.values()
        return str(value)

    def url(self, outlet: str, path: str) -> str:
        return self.newsroom.base_url(outlet) + path


def patient(config: str) -> str:
    """Let a machine that has much else to do not pass for a slow server."""
    assert "deadline: 3s" in config
    return config.replace("deadline: 3s", "deadline: 8s")


@pytest.fixture(scope="session")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("newsroom")
    path = folder / "feeds.yml"
    with Newsroom(now=NOW) as newsroom:
        path.write_text(patient(newsroom.config_yaml(data=folder / "data")), encoding="utf-8")
        config = load(path)
        for edition in (1, 2):
            newsroom.publish(edition)
            asyncio.run(crawl(config, config.feeds, clock=system_clock, observer=Tally()))
        yield Crawled(newsroom=newsroom, config=path, data=config.data)
