"""Lists of feeds in and out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.config import load
from tests.app.web import Web, open_web
from tests.cli.runner import Ran, newsfold

CONFIG = """\
# what we read
feeds:
  - url: https://one.example/feed.xml   # the first
    id: one
    tags: [uk, "a, b"]
"""
OPML = """\
<opml version="2.0"><head/><body>
<outline text="Press"><outline text="Two" type="rss" xmlUrl="https://two.example/feed"/></outline>
<outline text="One again" xmlUrl="http://ONE.example:80/feed.xml?utm_source=x"/>
<outline text="Bad" xmlUrl="ftp://three.example/feed"/>
<outline text="Two elsewhere" xmlUrl="https://two.example/feed/atom"/>
<outline text="More" type="include" url="https://four.example/more.opml"/>
</body></opml>
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "list.opml"
    path.write_text(OPML, encoding="utf-8")
    return path


@pytest.fixture
def web() -> Iterator[Web]:
    with open_web() as opened:
        yield opened


def feeds(config: Path, *args: str | Path, stdin: str = "") -> Ran:
    return newsfold("--config", config, *args, stdin=stdin)


def test_a_list_is_imported_once_with_one_line_and_each_refusal(config: Path, listed: Path) -> None:
    ran = feeds(config, "feeds", "import", listed)
    assert ran.code == 0
    assert ran.out == "added 2 feeds, 1 there already, 2 refused\n"
    assert ran.err.splitlines() == [
        "refused ftp://three.example/feed: not an http or https URL",
        "refused https://four.example/more.opml: a list of feeds; import it by itself",
    ]
    assert config.read_text(encoding="utf-8").startswith(CONFIG)
    _, two, atom = load(config).feeds
    assert (two.url, two.name, two.tags) == ("https://two.example/feed", "Two", ("Press",))
    assert (atom.name, atom.tags) == ("Two elsewhere", ())
    assert len({two.id, atom.id, "one"}) == 3
    again = feeds(config, "feeds", "import", listed)
    assert again.out == "added 0 feeds, 3 there already, 2 refused\n"


def test_a_dry_run_changes_nothing(config: Path, listed: Path) -> None:
    ran = feeds(config, "--json", "feeds", "import", listed, "--dry-run")
    assert [feed["url"] for feed in ran.json["added"]] == [
        "https://two.example/feed",
        "https://two.example/feed/atom",
    ]
    assert ran.json["there"] == [
        {"url": "http://ONE.example:80/feed.xml?utm_source=x", "id": "one"}
    ]
    assert ran.json["refused"][0]["reason"] == "not an http or https URL"
    assert ran.json["dry_run"] is True
    assert config.read_text(encoding="utf-8") == CONFIG
    assert "would add 2 feeds" in feeds(config, "feeds", "import", listed, "--dry-run").out


def test_a_plain_list_is_read_from_stdin_and_makes_the_file(tmp_path: Path) -> None:
    config = tmp_path / "new.yml"
    ran = feeds(
        config, "feeds", "import", "-", stdin="# mine\nhttps://a.example/f\n\nhttps://A.example/f\n"
    )
    assert ran.out == "added 1 feed, 1 there already, 0 refused\n"
    assert [feed.url for feed in load(config).feeds] == ["https://a.example/f"]


def test_a_list_on_the_web_is_fetched(web: Web, tmp_path: Path) -> None:
    web.pages["/list.opml"] = f'<?xml version="1.0"?>{OPML}'
    web.config(tmp_path, "/own.xml")
    ran = feeds(tmp_path / "feeds.yml", "feeds", "import", f"{web.base}/list.opml")
    assert (ran.code, ran.out) == (0, "added 3 feeds, 0 there already, 2 refused\n")
    gone = feeds(tmp_path / "feeds.yml", "feeds", "import", f"{web.base}/none.opml")
    assert gone.code == 1
    assert "http_not_found" in gone.err


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", 1, "an empty document"),
        ("<rss><channel/></rss>", 1, "a feed, not a list"),
        ("<opml><body/></opml>", 1, "no feed in it"),
        ("# only words\n", 1, "no feed in it"),
        ('<!DOCTYPE o [<!ENTITY a "b">]><opml/>', 1, "declares entities"),
        (None, 2, "No such file"),
    ],
)
def test_what_is_no_list_changes_nothing(
    config: Path, text: str | None, code: int, words: str
) -> None:
    path = config.with_name("x.opml")
    if text is not None:
        path.write_text(text, encoding="utf-8")
    ran = feeds(config, "feeds", "import", path)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1
    assert config.read_text(encoding="utf-8") == CONFIG


def test_what_is_exported_as_opml_is_imported_as_it_was(config: Path, listed: Path) -> None:
    feeds(config, "feeds", "import", listed)
    exported = feeds(config, "feeds", "export")
    assert exported.out.startswith("<?xml")
    other = config.with_name("other.yml")
    assert feeds(other, "feeds", "import", "-", stdin=exported.out).code == 0
    before, after = load(config).feeds, load(other).feeds
    assert [feed.url for feed in after] == [feed.url for feed in before]
    assert [set(feed.tags) for feed in after] == [set(feed.tags) for feed in before]
    assert [feed.name for feed in after] == [feed.name for feed in before]


def test_the_other_formats_and_files(config: Path) -> None:
    assert (
        feeds(config, "feeds", "export", "--format", "txt").out == "https://one.example/feed.xml\n"
    )
    told = feeds(config, "--json", "feeds", "export")
    assert told.json[0]["id"] == "one"
    copy = config.with_name("copy.yml")
    ran = feeds(config, "feeds", "export", copy)
    assert (ran.out, ran.code) == ("", 0)
    assert f"1 feed in {copy}" in ran.err
    assert load(copy).feeds == load(config).feeds
    nowhere = config.parent / "none" / "x.opml"
    assert feeds(config, "feeds", "export", nowhere).code != 0
