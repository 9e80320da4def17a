from pathlib import Path

import pytest

from ingest.config import load
from ingest.errors import ConfigError
from ingest.types import SiteRules


def written(folder: Path, text: str) -> Path:
    path = folder / "feeds.yml"
    path.write_text(text, "utf-8")
    return path


def test_rules_are_read_as_xpath_whatever_they_are_written_in(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "sites:\n"
        "  www.Example.org: {body: article, remove: [//aside, ./nav, (//b)], "
        "date: //time/@datetime}\n"
        "  127.0.0.1:8080:\n",
    )
    assert load(path).sites == (
        SiteRules(
            host="example.org",
            body="//article",
            remove="//aside | ./nav | (//b)",
            date="//time/@datetime",
        ),
        SiteRules(host="127.0.0.1:8080"),
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "{body: 'div['}",
            ':3: sites.example.org.body: expected a CSS selector or an XPath, got "div[": not CSS',
        ),
        ("{body: '//div['}", 'got "//div[": not XPath (Invalid expression)'),
        ("{remove: [.a, '//p[']}", '.remove: expected a CSS selector or an XPath, got "//p[": not'),
        ("{title: '//nix:h1'}", "not XPath (Undefined namespace prefix)"),
        ("{title: '//h1[nix()]'}", "not XPath"),
        ("{date: '/count(//a)'}", "not XPath"),
        ("{remove: []}", ":3: sites.example.org.remove: expected a CSS selector"),
        ("{remove: [{}]}", ":3: sites.example.org.remove: expected a CSS selector"),
        ("{boddy: div}", ':3: sites.example.org.boddy: unknown key; did you mean "body"?'),
        ("[div]", ":3: sites.example.org: expected a mapping, got a list"),
    ],
)
def test_a_wrong_rule_is_named_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = written(tmp_path, f"feeds: []\nsites:\n  example.org: {line}\n")
    with pytest.raises(ConfigError) as wrong:
        load(path)
    assert said in str(wrong.value)


def test_a_wrong_host_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "sites:\n  https://example.org/: {body: div}\n")
    with pytest.raises(ConfigError, match=r":2: sites.https://example.org/: expected a host"):
        load(path)
