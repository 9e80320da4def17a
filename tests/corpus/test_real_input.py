"""Real pages and real feeds through the real command, over loopback."""

import json
import logging
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import trafilatura
from rich.console import Console
from rich.table import Table

import storage
from storage.ledger.sqlite import SqliteLedger
from storage.model import Outcome, Reason
from tests.conftest import TABLE
from tests.corpus.replay import SEED_HOSTS, SEED_PATH, Asked, Replay, ReplayedFeed
from tests.corpus.scoring import CORPUS, Labelled, Score, labelled_pages, mean, score_text

pytestmark = pytest.mark.skipif(
    not (CORPUS / "labels.jsonl").exists(), reason=f"the shared corpus is absent ({CORPUS})"
)

FEEDS = sorted((CORPUS / "feeds").glob("*.xml"))
SEED = CORPUS / "seed-article.txt"
SEED_END = "we may not exist tomorrow.”"
FORM_WORDS = ("leave a", "reply", "email", "required", "post comment", "save my name", "comment")
LONGEST = 120  # seconds, for one crawl

# What may keep a real page that was served from being stored: it holds no article we can find.
NOT_ARTICLES = {Reason.NO_TEXT, Reason.NOT_HTML, Reason.NOT_AN_ARTICLE}

# Each entry as it stands now, by what the store itself tells of it, with the text it led to.
ENTRIES = """
    WITH texts AS (SELECT article_id, "text", NULL AS "match" FROM articles
                   UNION ALL SELECT article_id, "text", "match" FROM duplicates)
    SELECT entry_id, feed_id, url, outcome, reason, detail, article_id, "text", "match"
    FROM (FROM outcomes QUALIFY row_number() OVER (
              PARTITION BY entry_id ORDER BY changed_at DESC, outcome = 'pending') = 1)
    LEFT JOIN texts USING (article_id)"""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """One run of the command: its summary object, and what the web saw of it."""

    summary: Mapping[str, Mapping[str, int]]
    errors: str
    asked: Sequence[Asked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawled:
    """The corpus after two crawls of it. ``entries`` and ``counts`` are as the first left them."""

    web: Replay
    pages: Sequence[Labelled]
    data: Path
    first: Crawl
    second: Crawl
    entries: Sequence[Row]
    polls: Mapping[str, Row]
    counts: Mapping[str, int]

    def of_url(self, url: str) -> Row:
        """Return the one entry that leads to the page which stands for a URL of the internet."""
        (row,) = [row for row in self.entries if row["url"] == self.web.here(url)]
        return row


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("corpus")
    pages = list(labelled_pages())
    try:
        web = Replay(pages, feeds=FEEDS, seed=seed_lines())
    except OSError as error:
        pytest.skip(f"this machine has not all of 127.0.0.0/8: {error}")
    with web:
        config = folder / "feeds.yml"
        config.write_text(json.dumps(configuration(web.feeds)), encoding="utf-8")
        first = crawl(web, config, folder / "data")
        entries, polls, counts = read_back(folder / "data")
        yield Crawled(
            web=web,
            pages=pages,
            data=folder / "data",
            first=first,
            second=crawl(web, config, folder / "data"),
            entries=entries,
            polls={poll["feed_id"]: poll for poll in polls},
            counts=counts,
        )


def seed_lines() -> list[str]:
    lines = SEED.read_text(encoding="utf-8").split("\n\n")
    return [line.strip() for line in lines if line.strip()]


def configuration(feeds: Sequence[ReplayedFeed]) -> Mapping[str, Any]:
    # JSON is YAML.
    return {
        "fetch": {"allow_networks": ["127.0.0.0/8"], "per_host": {"delay": "0s"}},
        "dedup": {"keep_text": True},
        "feeds": [{"id": feed.id, "url": feed.url} for feed in feeds],
    }


def crawl(web: Replay, config: Path, data: Path) -> Crawl:
    before = len(web.asked)
    where = ["--config", str(config), "--data", str(data)]
    done = subprocess.run(
        [sys.executable, "-m", "ingest", *where, "--json", "crawl"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LONGEST,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Crawl(summary=json.loads(done.stdout), errors=done.stderr, asked=web.asked[before:])


def read_back(data: Path) -> tuple[list[Row], list[Row], dict[str, int]]:
    with storage.open(data) as store:
        entries: list[Row] = store.sql(ENTRIES).to_pylist()
        polls: list[Row] = store.sql("FROM polls").to_pylist()
        counts = {
            table: store.sql(f"FROM {table}").num_rows
            for table in ("articles", "revisions", "duplicates", "outcomes", "polls")
        }
    return entries, polls, counts


def outcomes_in_ledger(data: Path) -> dict[str, int]:
    ledger = SqliteLedger(data / "state" / "ledger.db")
    try:
        return {outcome.value: count for outcome, count in ledger.count_outcomes().items()}
    finally:
        ledger.close()


def is_stored(entry: Row) -> bool:
    return entry["outcome"] in {Outcome.NEW, Outcome.DUPLICATE} and bool(entry["text"])


def test_every_real_page_is_stored_or_its_outcome_explained(crawled: Crawled) -> None:
    entries = {page.url: crawled.of_url(page.url) for page in crawled.pages}
    missing = {url: entry for url, entry in entries.items() if not is_stored(entry)}
    for url, entry in missing.items():
        assert entry["outcome"] == Outcome.SKIPPED, (url, entry)
        assert entry["reason"] in NOT_ARTICLES, (url, entry)
        assert entry["detail"], (url, entry)
    assert len(missing) <= 0.02 * len(entries)


def test_stored_texts_score_at_least_as_well_as_plain_trafilatura(
    crawled: Crawled,
    record_property: Callable[[str, object], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, logger="trafilatura")
    stored, plain = [], []
    for page in crawled.pages:
        if page.body is not None:
            stored.append(score_text(crawled.of_url(page.url)["text"] or "", page.body))
            alone = trafilatura.extract(page.html, include_comments=False) or ""
            plain.append(score_text(alone, page.body))
    table = drawn(crawled, {"newsfold, as stored": stored, "plain trafilatura": plain})
    record_property(TABLE, table)
    assert mean(stored).f1 >= mean(plain).f1


def drawn(crawled: Crawled, scores: Mapping[str, Sequence[Score]]) -> str:
    console = Console(width=100, file=StringIO())
    quality = Table(title="Real pages: word 4-grams against the labels, mean over pages")
    for name in ("text", "pages", "F1", "precision", "recall"):
        quality.add_column(name, justify="left" if name == "text" else "right")
    for name, each in scores.items():
        average = mean(each)
        figures = (average.f1, average.precision, average.recall)
        quality.add_row(name, str(len(each)), *(f"{figure:.4f}" for figure in figures))
    console.print()
    console.print(quality)
    came_to = Table(title="Real feeds, and the sites' own: what became of their entries")
    for name in ("feed", "entries", "outcomes"):
        came_to.add_column(name, justify="right" if name == "entries" else "left")
    real = {feed.id for feed in crawled.web.feeds if feed.real}
    by_feed: dict[str, Counter[str]] = {}
    for entry in crawled.entries:
        feed = entry["feed_id"] if entry["feed_id"] in real else "feeds of the labelled pages"
        by_feed.setdefault(feed, Counter())[f"{entry['outcome']} ({entry['reason']})"] += 1
    for feed, outcomes in sorted(by_feed.items()):
        told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
        came_to.add_row(feed, str(outcomes.total()), told)
    console.print(came_to)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("host", SEED_HOSTS)
def test_the_seed_article_is_stored_without_a_word_of_the_comment_form(
    crawled: Crawled, host: str
) -> None:
    entry = crawled.of_url(f"http://{host}{SEED_PATH}")
    assert is_stored(entry)
    assert entry["text"].endswith(SEED_END)
    assert entry["text"].split("\n\n") == seed_lines()[:-2]
    assert not [word for word in FORM_WORDS if word in entry["text"].casefold()]


def test_the_two_pages_of_the_seed_article_are_one_story(crawled: Crawled) -> None:
    entries = [crawled.of_url(f"http://{host}{SEED_PATH}") for host in SEED_HOSTS]
    assert sorted(entry["match"] or "" for entry in entries) == ["", "exact"]


def test_every_feed_is_polled_and_all_its_entries_are_read(crawled: Crawled) -> None:
    assert crawled.first.summary["feeds"]["ok"] == len(crawled.web.feeds)
    for feed in crawled.web.feeds:
        assert crawled.polls[feed.id]["ok"], feed
        assert crawled.polls[feed.id]["reason"] == Reason.FETCHED, feed
        assert crawled.polls[feed.id]["entries"] == feed.entries > 0


def test_each_entry_of_the_real_feeds_has_an_outcome_with_a_reason(crawled: Crawled) -> None:
    real = {feed.id: feed.entries for feed in crawled.web.feeds if feed.real}
    entries = [entry for entry in crawled.entries if entry["feed_id"] in real]
    assert Counter(entry["feed_id"] for entry in entries) == real
    for entry in entries:
        # Their pages are not there: an entry is its feed's own full text, or nothing.
        if entry["outcome"] == Outcome.FAILED:
            assert entry["reason"] == Reason.HTTP_NOT_FOUND, entry
            assert entry["detail"], entry
        else:
            assert is_stored(entry), entry


def test_nothing_was_asked_of_the_internet(crawled: Crawled) -> None:
    assert {row["url"].split("/")[2].split(".")[0] for row in crawled.entries} == {"127"}
    pages = [asked for asked in crawled.first.asked if not asked.url.endswith("/robots.txt")]
    feeds = {feed.url for feed in crawled.web.feeds}
    links = {row["url"].partition("#")[0] for row in crawled.entries}
    assert {asked.url for asked in pages} == feeds | links


def test_each_entry_is_counted_once_in_the_summary_the_ledger_and_the_tables(
    crawled: Crawled,
) -> None:
    summary = dict(crawled.first.summary["entries"])
    seen = summary.pop("seen")
    assert seen == sum(feed.entries for feed in crawled.web.feeds) == sum(summary.values())
    told = Counter(entry["outcome"] for entry in crawled.entries)
    ledger = outcomes_in_ledger(crawled.data)
    assert Counter(ledger) == told
    assert ledger == summary


def test_an_unchanged_world_costs_one_conditional_request_a_feed_and_adds_no_row(
    crawled: Crawled,
) -> None:
    assert Counter(asked.url for asked in crawled.second.asked) == {
        feed.url: 1 for feed in crawled.web.feeds
    }
    assert all(asked.conditional for asked in crawled.second.asked)
    assert {asked.status for asked in crawled.second.asked} == {304}
    assert crawled.second.summary["feeds"]["not_modified"] == len(crawled.web.feeds)
    assert not any(crawled.second.summary["entries"].values())
    _, _, counts = read_back(crawled.data)
    polls = crawled.counts["polls"] + len(crawled.web.feeds)
    assert counts == {**crawled.counts, "polls": polls}


def test_the_command_says_nothing_it_should_not(crawled: Crawled) -> None:
    for run in (crawled.first, crawled.second):
        assert "Traceback" not in run.errors
        assert run.errors.splitlines()[-1].startswith("feeds: ")
