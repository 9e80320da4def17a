from datetime import UTC, datetime

import pytest

from ingest.articles.extract import examine, extract_page
from ingest.config.selectors import parse_selector
from ingest.types import Extracted, Page, Site, SiteRules
from tests.app.many_pages import story

TOLD = story(7)
TEXT = "".join(f"<p>{paragraph}</p>" for paragraph in TOLD.paragraphs)
MARKUP = (
    "<html><head><title>The outlet's own window</title></head><body><h1>Not this one</h1>"
    f"<div class='story'><h2 class='head'>{TOLD.title}</h2><time class='on' "
    f"datetime='2026-11-20T08:00:00Z'>on Friday</time>{TEXT}<p class='promo'>Buy the paper, "
    "it is good and it is cheap, and it comes to your door.</p></div></body></html>"
)
PAGE = Page(url="https://s.example/a", body=MARKUP.encode(), content_type="text/html")


def rules(**selectors: str) -> Site:
    paths = {name: parse_selector(selector) for name, selector in selectors.items()}
    return Site(rules=SiteRules(host="s.example", **paths))


def extracted(site: Site) -> Extracted:
    found = extract_page(PAGE, None, site=site)
    assert isinstance(found, Extracted)
    return found


def test_a_rule_decides_where_the_body_is_and_what_is_removed_from_it() -> None:
    found = extracted(rules(body="div.story", remove=".head, time, .promo"))
    assert found.text == "\n\n".join(TOLD.paragraphs)
    assert found.extra["quality"]["body"] == "site rule"  # type: ignore[index]
    assert found.lesson is not None
    assert found.lesson.unmatched == ()


@pytest.mark.parametrize("title", ["h2.head", "//h2/text()", "string-length(//h2) or //h2"][:2])
def test_a_rule_states_the_title(title: str) -> None:
    found = extracted(rules(title=title))
    assert (found.title, found.sources["title"]) == (TOLD.title, "site rule")


@pytest.mark.parametrize("date", ["time.on", "//time/@datetime"])
def test_a_rule_states_the_date(date: str) -> None:
    found = extracted(rules(date=date))
    assert found.published_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert found.sources["published_at"] == "site rule"


def test_rules_that_match_nothing_are_told_and_change_nothing() -> None:
    gone = rules(body=".gone", remove=".gone", title=".gone", date=".gone")
    found, plain = extracted(gone), extracted(Site())
    told = [step.text for step in examine(PAGE, None, site=gone).steps if step.change == "missed"]
    assert told == [f"{name} matched nothing" for name in ("title", "date", "remove", "body")]
    assert found.lesson is not None
    assert found.lesson.unmatched == ("title", "date", "remove", "body")
    assert (found.text, found.title) == (plain.text, plain.title)


def test_a_body_that_cannot_be_the_whole_page_is_never_removed() -> None:
    assert extracted(rules(remove="body, html")).text == extracted(Site()).text


def test_each_stage_says_what_it_did() -> None:
    steps = examine(PAGE, None, site=rules(body="div.story", remove=".promo")).steps
    told = [(step.stage.value, step.change.value, step.rule) for step in steps]
    assert told[0] == ("prune", "removed", "site rule")
    assert ("body", "chosen", "site rule") in told
