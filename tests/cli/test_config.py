from dataclasses import replace
from pathlib import Path

import pytest

from ingest.config import load
from tests.cli.runner import newsfold

FULL = """\
data: somewhere
defaults: {interval: 20m, full_text: page}
fetch:
  contact: "me@example.org"
  allow_networks: ["10.0.0.0/8", "fd00::/8"]
  per_host: {concurrency: 3, delay: 250ms}
  max_bytes: 3MB
  robots: {pages: false, feeds: true}
  proxy: "http://proxy.example.org:3128"
dedup: {window: 36h, containment: 0.7, keep_text: true}
workers: {count: 3, memory: 1GB}
flush: {rows: 10, every: 90s}
retry: {attempts: 5, backoff: 1m}
daemon: {tick: 2s}
websub: {callback: "https://news.example.org/w", listen: "[::1]:8090"}
feeds:
  - https://example.org/feed.xml
  - {url: "https://example.net/a.xml", id: net, name: "Ünïcode: yes", tags: [a, "b, c"]}
  - {url: "https://example.com/a.xml", interval: auto, full_text: feed}
"""


@pytest.mark.parametrize("text", [FULL, "feeds: [https://example.org/feed.xml]", ""])
def test_what_is_shown_is_a_configuration_that_means_the_same(tmp_path: Path, text: str) -> None:
    given, shown = tmp_path / "feeds.yml", tmp_path / "shown.yml"
    given.write_text(text, encoding="utf-8")
    ran = newsfold("--config", given, "config", "show")
    assert ran.code == 0
    shown.write_text(ran.out, encoding="utf-8")
    assert replace(load(shown), path=given) == load(given)


def test_json_shows_the_same(tmp_path: Path) -> None:
    given = tmp_path / "feeds.yml"
    given.write_text(FULL, encoding="utf-8")
    told = newsfold("--config", given, "--json", "config", "show").json
    assert told["fetch"]["per_host"] == {"concurrency": 3, "delay": "250ms"}
    assert told["feeds"][1]["name"] == "Ünïcode: yes"


def test_a_right_configuration_is_fine(tmp_path: Path) -> None:
    given = tmp_path / "feeds.yml"
    given.write_text(FULL, encoding="utf-8")
    ran = newsfold("--config", given, "config", "check")
    assert (ran.code, ran.out, ran.err) == (0, f"{given}: fine, 3 feeds\n", "")
    assert newsfold("--config", given, "--json", "config", "check").json == {
        "ok": True,
        "feeds": 3,
        "problems": [],
    }


def test_without_a_contact_one_is_asked_for(tmp_path: Path) -> None:
    given = tmp_path / "feeds.yml"
    given.write_text("feeds: [https://example.org/feed.xml]")
    ran = newsfold("--config", given, "config", "check")
    assert ran.code == 0
    assert "fine, 1 feed\n" in ran.out
    assert "fetch.contact" in ran.err
    assert newsfold("-q", "--config", given, "config", "check").err == ""


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    given = tmp_path / "feeds.yml"
    given.write_text("fetch: {contat: x}\nfeeds:\n  - ftp://example.org/\n")
    ran = newsfold("--config", given, "config", "check")
    assert (ran.code, ran.out) == (2, "")
    problems = ran.err.splitlines()
    assert len(problems) == 2
    assert problems[0].startswith(f"{given}:1: fetch.contat: unknown key")
    assert problems[1].startswith(f"{given}:3: feeds[0]")
    told = newsfold("--config", given, "--json", "config", "check")
    assert told.code == 2
    assert told.json["problems"] == problems


def test_a_configuration_that_is_not_there_is_told(tmp_path: Path) -> None:
    ran = newsfold("--config", tmp_path / "none.yml", "config", "check")
    assert ran.code == 2
    assert "feeds add" in ran.err
