"""Crawls the newsroom twice with the real parts, and reads back what was stored."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import storage
from ingest.app import crawl
from ingest.clock import Clock
from ingest.config import Config, load
from ingest.demo.check import check
from ingest.demo.newsroom import EDITIONS, Newsroom
from ingest.observe import Tally
from storage.ledger.sqlite import SqliteLedger
from storage.model import Outcome

Watch = Callable[[int, Config], AbstractContextManager[Tally]]

# More than the newsroom has entries of any kind.
ALL = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a store holds, as plain rows by column name."""

    articles: Sequence[Mapping[str, Any]]
    revisions: Sequence[Mapping[str, Any]]
    duplicates: Sequence[Mapping[str, Any]]
    outcomes: Sequence[Mapping[str, Any]]
    polls: Sequence[Mapping[str, Any]]
    entries: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """The demo's result: its crawls' tallies, what is stored, and how that differs from truth."""

    config: Config
    tallies: Sequence[Tally]
    stored: Stored
    differences: Sequence[str]


def play(folder: Path, *, fold: bool, clock: Clock, watch: Watch) -> Played:
    """Crawl each edition of the newsroom into ``folder``, an empty one, and compare.

    ``watch`` shows a crawl, given the edition and the configuration. With ``fold`` off nothing
    is folded, and what is stored is not what is true.
    """
    tallies = []
    with Newsroom(now=clock()) as newsroom:
        path = folder / "feeds.yml"
        path.write_text(newsroom.config_yaml(data=folder), encoding="utf-8")
        config = load(path)
        config = replace(config, dedup=replace(config.dedup, enabled=fold))
        for edition in EDITIONS:
            newsroom.publish(edition)
            with watch(edition, config) as tally:
                asyncio.run(crawl(config, config.feeds, clock=clock, observer=tally))
            tallies.append(tally)
        stored = read_back(config.data)
        differences = check(
            newsroom.truths(EDITIONS[-1]),
            articles=stored.articles,
            revisions=stored.revisions,
            duplicates=stored.duplicates,
            entries=stored.entries,
            polls=stored.polls,
        )
    return Played(config=config, tallies=tallies, stored=stored, differences=differences)


def read_back(data: Path) -> Stored:
    """Read a store the way anyone would: by SQL over its Parquet, and entries from the ledger."""
    with storage.open(data) as store:
        tables = {
            "articles": store.sql("FROM articles ORDER BY published_at"),
            "revisions": store.sql(
                "FROM revisions SEMI JOIN articles USING (article_id) ORDER BY revision"
            ),
            "duplicates": store.sql("FROM duplicates ORDER BY published_at"),
            "outcomes": store.sql("FROM outcomes ORDER BY changed_at"),
            "polls": store.sql("FROM polls ORDER BY polled_at"),
        }
    ledger = SqliteLedger(data / "state" / "ledger.db")
    try:
        entries = ledger.entries_with(list(Outcome), limit=ALL)
    finally:
        ledger.close()
    return Stored(
        entries=[
            {
                "feed_id": entry.feed_id,
                "guid": entry.guid,
                "url": entry.url,
                "title": entry.title,
                "outcome": entry.outcome,
                "reason": entry.reason,
                "detail": entry.detail,
                "article_id": entry.article_id,
            }
            for entry in entries
        ],
        **{name: table.to_pylist() for name, table in tables.items()},
    )
