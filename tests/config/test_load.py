from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.config.lines import read_yaml
from tests.config.files import problems, write

BAD = {
    "a wrong value in every section, all at once": (
        """\
data: 7
defaults: {interval: abc, full_text: maybe}
fetch:
  contact: call me
  allow_networks: ["10.0.0.1/8", 5]
  per_host:
    concurrency: 0
    delay: -1
  concurrency: "many"
  deadline: 0s
  max_bytes: huge
  max_redirects: 2.5
  robots: {pages: maybe}
  proxy: ftp://proxy.example
dedup:
  window: [90d]
  containment: 1.5
  enabled: yes
workers: 3
flush: {rows: true}
retry: {attempts: 1.0}
daemon:
  tick: 1 fortnight
""",
        [
            ":1: data: expected text, got 7",
            ':2: defaults.interval: expected a duration like "30m", or "auto", got "abc"',
            ':2: defaults.full_text: expected "auto", "page" or "feed", got "maybe"',
            ':4: fetch.contact: expected a URL or an e-mail address, got "call me"',
            ':5: fetch.allow_networks[0]: expected a network like "127.0.0.0/8", got "10.0.0.1/8"',
            ':5: fetch.allow_networks[1]: expected a network like "127.0.0.0/8", got 5',
            ":7: fetch.per_host.concurrency: expected at least 1, got 0",
            ':8: fetch.per_host.delay: expected a duration like "30m", got -1',
            ':9: fetch.concurrency: expected a whole number, got "many"',
            ':10: fetch.deadline: expected a duration above 0, got "0s"',
            ':11: fetch.max_bytes: expected a size like "10MB", got "huge"',
            ":12: fetch.max_redirects: expected a whole number, got 2.5",
            ':13: fetch.robots.pages: expected true or false, got "maybe"',
            ':14: fetch.proxy: expected the http or https URL of a proxy, got "ftp://proxy.example"',
            ':16: dedup.window: expected a duration like "30m", got a list',
            ":17: dedup.containment: expected at most 1, got 1.5",
            ':18: dedup.enabled: expected true or false, got "yes"',
            ":19: workers: expected a mapping, got 3",
            ":20: flush.rows: expected a whole number, got true",
            ":21: retry.attempts: expected a whole number, got 1.0",
            ':23: daemon.tick: expected a duration like "30m", got "1 fortnight"',
        ],
    ),
    "feeds": (
        """\
feeds:
  - ftp://files.example/feed
  - id: Upper Case
    name: [x]
  - url: https://good.example/feed
    interval: abc
    tags: uk
  - 7
  - url: http://user name@x.example/
    full_text: "{got}"
""",
        [
            ':2: feeds[0].url: expected an http or https URL, got "ftp://files.example/feed"',
            ":3: feeds[1].url: is missing",
            (
                ':3: feeds[1].id: expected an id of a-z, 0-9, "-" and "_", at most 64 '
                'characters, got "Upper Case"'
            ),
            ":4: feeds[1].name: expected text, got a list",
            ':6: feeds[2].interval: expected a duration like "30m", or "auto", got "abc"',
            ':7: feeds[2].tags: expected a list, got "uk"',
            ":8: feeds[3]: expected a URL or a mapping with a url, got 7",
            ':9: feeds[4].url: expected an http or https URL, got "http://user name@x.example/"',
            ':10: feeds[4].full_text: expected "auto", "page" or "feed", got "{got}"',
        ],
    ),
    "unknown keys, with the nearest known one": (
        """\
fetch:
  contat: https://example.org/
  per_host: {dealy: 1s}
zoo: 1
feeds:
  - url: https://a.example/
    intervall: 5m
""",
        [
            ':2: fetch.contat: unknown key; did you mean "contact"?',
            ':3: fetch.per_host.dealy: unknown key; did you mean "delay"?',
            (
                ":4: zoo: unknown key; known here: data, archive, defaults, polling, fetch, dedup, "
                "workers, extract, flush, retry, daemon, store, websub, sites, feeds"
            ),
            ':7: feeds[0].intervall: unknown key; did you mean "interval"?',
        ],
    ),
    "keys, ids and addresses given twice, beside other mistakes": (
        """\
data: a
data: b
flush: {rows: 0}
feeds:
  - https://a.example/feed
  - url: https://b.example/feed
    id: same
  - url: HTTPS://A.example:443/feed#
    id: same
""",
        [
            ":2: data: given twice, first in line 1",
            ":3: flush.rows: expected at least 1, got 0",
            ':8: feeds[2].url: "HTTPS://A.example:443/feed#" is also the url of the feed in line 5',
            ':9: feeds[2].id: "same" is also the id of the feed in line 7',
        ],
    ),
    "bounds of the time between polls that cannot be": (
        """\
polling:
  min_interval: 2h
  max_interval: 1h
""",
        [
            ':3: polling.max_interval: expected at least polling.min_interval ("2h"), got "1h"',
        ],
    ),
    "polls that would be too rare or endless": (
        "polling: {min_interval: 0s, max_interval: 2d}\n",
        [
            ':1: polling.min_interval: expected a duration above 0, got "0s"',
            (
                ':1: polling.max_interval: expected at most "24h" (a longer wait looks like a '
                'clock gone wrong), got "2d"'
            ),
        ],
    ),
    "a list where the mapping should be": (
        "- https://a.example/feed\n",
        [":1: expected a mapping, got a list"],
    ),
    "a section that contains itself": (
        "fetch: &loop\n  per_host: *loop\n",
        [":1: fetch.per_host: contains itself"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), BAD.values(), ids=BAD.keys())
def test_every_mistake_is_named_with_its_line(
    text: str, expected: list[str], tmp_path: Path
) -> None:
    assert problems(write(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("data: x\nfeeds: [a,\nflush: {", 3),
        ("data: x\n\tflush: 1\n", 2),
        ("data: *nothing\n", 1),
        ("data: a\n---\ndata: b\n", 2),
        ("data: \x07\n", 1),
    ],
)
def test_a_syntax_error_is_named_with_its_line(text: str, line: int, tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, text))
    assert problem.startswith(f":{line}: not valid YAML: ")
    assert "\n" not in problem


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path / "none.yml")
    assert problem.startswith(": no such file; make one with `newsfold feeds add URL`")


def test_a_folder_in_the_files_place_is_a_mistake_and_no_crash(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path)
    assert "cannot be read" in problem


def test_a_file_in_another_encoding_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yml"
    path.write_bytes("data: x\n# Müller\n".encode("latin-1"))
    assert problems(path) == [":2: not UTF-8; save the file as UTF-8"]


@given(st.text(max_size=200) | st.text(alphabet=" \n:-[]{}&*!|>'\"%@#ab,?", max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    document = read_yaml(text)
    assert all(problem.line >= 1 for problem in document.problems)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "late_containment: 0.5",
            ":1: dedup.late_containment: expected at least dedup.containment (0.6), got 0.5",
        ),
        (
            "languages: {en: {containmnt: 1.0}}",
            ':1: dedup.languages.en.containmnt: unknown key; did you mean "containment"?',
        ),
    ],
)
def test_a_mistake_in_a_folds_settings_is_named(tmp_path: Path, text: str, line: str) -> None:
    assert problems(write(tmp_path, f"dedup: {{{text}}}\n")) == [line]


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("callback: news.example.org/websub", "news.example.org/websub"),
        ("callback: 'https://news.example.org/?a=b'", "https://news.example.org/?a=b"),
        ("callback: 'https://news.example.org/#a'", "https://news.example.org/#a"),
        ("callback: 'https://me:pw@news.example.org/'", "https://me:pw@news.example.org/"),
        ("callback: ''", ""),
    ],
)
def test_a_callback_is_an_address_that_a_token_can_be_put_after(
    tmp_path: Path, text: str, got: str
) -> None:
    assert problems(write(tmp_path, f"websub: {{{text}}}")) == [
        f':1: websub.callback: expected a public http or https URL, without a query, got "{got}"'
    ]


@pytest.mark.parametrize(
    "text",
    ["8089", "localhost:8089", "127.0.0.1", "::1:8089", "1.2.3:80", "127.0.0.1:70000", ":80"],
)
def test_what_is_listened_at_is_an_address_and_a_port(tmp_path: Path, text: str) -> None:
    (problem,) = problems(write(tmp_path, f"websub: {{listen: '{text}'}}"))
    expected = 'websub.listen: expected an address and a port, as "127.0.0.1:8089", got '
    assert problem == f':1: {expected}"{text}"'
