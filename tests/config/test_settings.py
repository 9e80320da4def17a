"""What is set arrives, what is left out has its default."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from ingest.config import Config, load
from ingest.config.form import keys
from ingest.dedup.decision import FoldRules
from ingest.settle import circumstances, fold_rules
from ingest.types import FullText
from tests.config.files import write

ROOT = Path(__file__).parents[2]


FULL = """\
data: ../store
defaults: {interval: 15m, full_text: page}
fetch:
  contact: crawler@example.org
  allow_networks: ["127.0.0.0/8", "::1"]
  per_host: {concurrency: 4, delay: 500ms}
  concurrency: 8
  deadline: 5
  connect_timeout: 2.5s
  max_bytes: 2MB
  max_redirects: 0
  robots: {pages: false, feeds: true}
  proxy: http://proxy.example:3128
dedup: {enabled: false, window: 2w, containment: 1, keep_text: true}
workers: {count: 3, timeout: 7s, memory: 1GB}
flush: {rows: 10, every: 1m}
retry: {attempts: 5, backoff: 0}
daemon: {tick: 1s}
websub: {callback: "https://news.example.org/websub/", listen: "[::1]:8090"}
feeds:
  - https://www.example.org/world/rss.xml
  - url: https://example.net/atom.xml
    id: net
    name: Example Net
    tags: [uk, general, uk]
    interval: auto
    full_text: feed
"""


def test_every_setting_arrives(tmp_path: Path) -> None:
    config = load(write(tmp_path, FULL))
    assert config.data == tmp_path / ".." / "store"
    fetch = config.fetch
    assert (fetch.contact, fetch.proxy) == ("crawler@example.org", "http://proxy.example:3128")
    assert fetch.allow_networks == (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    assert (fetch.per_host.concurrency, fetch.per_host.delay) == (4, timedelta(milliseconds=500))
    assert (fetch.concurrency, fetch.max_bytes, fetch.max_redirects) == (8, 2 * 1024 * 1024, 0)
    assert (fetch.deadline, fetch.connect_timeout) == (
        timedelta(seconds=5),
        timedelta(seconds=2.5),
    )
    assert (fetch.robots_for_pages, fetch.robots_for_feeds) == (False, True)
    dedup = config.dedup
    assert (dedup.enabled, dedup.keep_text) == (False, True)
    assert (dedup.window, dedup.containment) == (timedelta(days=14), 1.0)
    workers = config.workers
    assert (workers.count, workers.timeout.seconds, workers.memory_mb) == (3, 7, 1024)
    assert (config.flush.rows, config.flush.every) == (10, timedelta(minutes=1))
    assert (config.retry.attempts, config.retry.backoff) == (5, timedelta(0))
    assert config.daemon.tick == timedelta(seconds=1)
    assert config.websub.callback == "https://news.example.org/websub"
    assert config.websub.listen == ("::1", 8090)
    bare, named = config.feeds
    assert (bare.id, bare.name, bare.tags) == ("example-org-world", "example-org-world", ())
    assert (bare.interval, bare.full_text) == (timedelta(minutes=15), FullText.PAGE)
    assert (named.id, named.name, named.tags) == ("net", "Example Net", ("uk", "general"))
    assert (named.interval, named.full_text) == (None, FullText.FEED)


def test_a_folds_settings_become_its_rules(tmp_path: Path) -> None:
    text = """\
defaults: {fold: false}
dedup:
  near_window: 7d
  late_containment: 0.8
  lead: 0.0
  min_numbers: 6
  numbers: 0.5
  numbers_if_sure: 0.3
  headlines: 4
  languages: {zh: {containment: 0.5}}
feeds: [https://a.example/feed, {url: https://b.example/feed, id: b, fold: true}]
"""
    config = load(write(tmp_path, text))
    rules = fold_rules(config.dedup)
    assert rules == FoldRules(
        window=timedelta(days=7),
        late_containment=0.8,
        lead=0.0,
        min_numbers=6,
        numbers=0.5,
        numbers_if_sure=0.3,
        headlines=4,
        languages={"zh": replace(rules, containment=0.5, languages={})},
    )
    assert rules.least_containment == 0.5
    assert rules.between("zh-Hant", "zh").containment == 0.5
    assert rules.between("zh", "en") is rules
    assert circumstances(config, run_id="run").unfolded == {config.feeds[0].id}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "fetch:\nfeeds:\n", "feeds: []\n"])
def test_what_is_left_out_has_its_default(text: str, tmp_path: Path) -> None:
    config = load(write(tmp_path, text))
    assert config == Config(path=config.path, data=tmp_path / "data")


def test_the_data_folder_of_the_command_line_comes_first(tmp_path: Path) -> None:
    assert load(write(tmp_path, FULL), data=tmp_path / "other").data == tmp_path / "other"


def test_the_shipped_file_is_right_and_speaks_several_languages() -> None:
    config = load(ROOT / "feeds.yml")
    assert 28 <= len(config.feeds) <= 40
    assert len({tag for feed in config.feeds for tag in feed.tags}) > 12
    assert all(feed.name != feed.id for feed in config.feeds)


def test_every_key_is_documented_and_nothing_else_is() -> None:
    text = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    documented = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert sorted(documented) == sorted(keys())


@pytest.mark.parametrize(
    ("text", "single", "feeds"),
    [
        ("", False, [False, False, True]),
        ("archive: true\n", True, [True, False, True]),
        ("defaults: {archive: true}\n", False, [True, False, True]),
        ("archive: true\ndefaults: {archive: false}\n", True, [False, False, True]),
    ],
)
def test_pages_are_archived_by_feed_then_by_default_then_as_all_are(
    tmp_path: Path, text: str, single: bool, feeds: list[bool]
) -> None:
    config = load(
        write(
            tmp_path,
            f"""{text}feeds:
  - https://a.example/feed
  - {{url: "https://b.example/feed", archive: false}}
  - {{url: "https://c.example/feed", archive: true}}
""",
        )
    )
    assert config.archive is single
    assert [feed.archive for feed in config.feeds] == feeds
