import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.app import ingest_pages
from ingest.observe import Tally
from tests.app.many_pages import RESIDUE, page, story
from tests.app.web import Web, open_web
from tests.cli.runner import newsfold

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def web() -> Iterator[Web]:
    with open_web() as opened:
        yield opened


def test_a_page_is_extracted_with_what_its_site_taught_and_each_step_told(
    web: Web, tmp_path: Path
) -> None:
    config = web.config(tmp_path, "/feed")
    for number in range(1, 4):
        web.pages[f"/{number}"] = page(story(number))
    ran = newsfold("--config", config.path or "", "extract", f"{web.base}/3", "--explain")
    assert ran.code == 0
    assert "no rules; 0 blocks repeated" in ran.out
    assert RESIDUE[0] in ran.out.split("What came of it")[1]
    for number in (1, 2):
        asyncio.run(
            ingest_pages(config, [f"{web.base}/{number}"], clock=lambda: NOON, observer=Tally())
        )
    ran = newsfold("--config", config.path or "", "extract", f"{web.base}/3", "--explain")
    done, article = ran.out.split("What came of it")
    assert f"- prune      repeated on the site's pages: {RESIDUE[0]}" in done
    assert RESIDUE[0] not in article
    assert story(3).title in article
    told = newsfold("--config", config.path or "", "--json", "extract", f"{web.base}/3").json
    assert told["article"]["text"] == "\n\n".join(story(3).paragraphs)
    assert told["site"]["repeated"] > 0
    assert told["steps"][0]["rule"] == "repeated on the site's pages"


def test_a_file_is_extracted_by_the_rules_of_the_site_it_is_from(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page(story(1)), "utf-8")
    config = tmp_path / "feeds.yml"
    config.write_text("sites: {example.org: {remove: .note}}\n", "utf-8")
    ran = newsfold(
        *("--config", config, "extract", tmp_path / "page.html"),
        *("--url", "https://news.example.org/a", "--explain"),
    )
    assert ran.code == 0
    assert "the rules of example.org; 0 blocks" in ran.out
    assert f"- prune      site rule: {RESIDUE[0]}" in ran.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("no-such-file.html",), 2, "neither an http or https URL nor a file"),
        (("https://a.example/", "--url", "https://b.example/"), 2, "leave it out"),
        (("EMPTY", "--url", "ftp://x"), 2, '"ftp://x" is not an http or https URL'),
        (("EMPTY",), 1, "not_html: the answer holds no markup"),
        (("http://127.0.0.1:9/",), 1, "address_refused"),
    ],
)
def test_what_cannot_be_extracted_is_told_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    empty = tmp_path / "empty.html"
    empty.write_text("", "utf-8")
    given = [str(empty) if each == "EMPTY" else each for each in arguments]
    ran = newsfold("--config", tmp_path / "feeds.yml", "extract", *given)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
