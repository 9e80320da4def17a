import re
from itertools import combinations
from typing import Any

import pytest
import trafilatura

from ingest.demo import copydesk
from ingest.demo.outlet import Fate
from ingest.demo.outlets import OUTLETS, TIDEWATER
from ingest.demo.pages import article_page, front_page, oversized_page
from ingest.demo.truths import ALIKE, FORBIDDEN, STORIES
from ingest.demo.world import Published, World
from tests.demo.conftest import world_of

REPLY = ("Leave a Reply", "Your email address will not be published. Required fields are marked *")
PAGES = [
    pytest.param(world, article, id=f"{edition}-{outlet.id}-{article.item.copy}")
    for edition in (1, 2)
    for world in (world_of(edition),)
    for outlet in OUTLETS
    for article in world.articles(outlet)
    if article.item.fate is not Fate.OVERSIZED and (edition == 1 or article.item.second)
]


def plain(text: str) -> str:
    return " ".join(text.split())


def read(page: str, url: str) -> tuple[Any, list[str]]:
    """What trafilatura makes of a page: its document, and its text's lines."""
    document: Any = trafilatura.bare_extraction(
        page, url=url, include_comments=False, with_metadata=True
    )
    assert document is not None
    return document, [plain(line) for line in document.text.splitlines() if line.strip()]


def shingles(name: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", " ".join(copydesk.read(name).blocks).casefold())
    return set(zip(words, words[1:], words[2:], strict=False))


def numbers(name: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.,]\d+)*", " ".join(copydesk.read(name).blocks)))


def overlap(a: set[str], b: set[str]) -> float:
    return len(a & b) / max(1, min(len(a), len(b)))


def containment(a: str, b: str) -> float:
    one, other = shingles(a), shingles(b)
    return len(one & other) / min(len(one), len(other))


@pytest.mark.parametrize(("world", "article"), PAGES)
def test_trafilatura_finds_the_article_and_none_of_the_template(
    world: World, article: Published
) -> None:
    page = article_page(world, article).decode(article.outlet.page_encoding)
    document, lines = read(page, article.url)
    if article.outlet is TIDEWATER:
        assert tuple(lines[-2:]) == REPLY  # the reason why our own cleaner is needed
        lines = lines[:-2]
    assert lines == [plain(block) for block in article.copy.blocks]
    assert document.title == article.headline
    assert document.url == article.url


def test_an_amp_twin_has_the_same_text_and_names_the_real_page() -> None:
    world = world_of(1)
    article = world.article("harbour-gazette", "lighthouse")
    page = article_page(world, article, amp=True).decode()
    assert "<html amp" in page
    assert f'<link rel="canonical" href="{article.url}">' in page
    _, lines = read(page, article.url)
    assert lines == [plain(block) for block in article.copy.blocks]


def test_every_page_says_its_canonical_address_and_its_date(world: World) -> None:
    for outlet in OUTLETS:
        for article in world.articles(outlet):
            page = article_page(world, article).decode(outlet.page_encoding)
            assert f'rel="canonical" href="{article.url}"' in page
            assert article.published.isoformat(timespec="seconds") in page


def test_the_live_blog_is_longer_than_a_megabyte() -> None:
    world = world_of(1)
    assert len(oversized_page(world, world.article("coast-tv", "liveblog"))) > 1024 * 1024


def test_a_front_page_leads_to_the_feed() -> None:
    world = world_of(1)
    for outlet in OUTLETS:
        assert world.feed_url(outlet) in front_page(world, outlet).decode()


def test_every_forbidden_phrase_stands_in_a_template_and_in_no_article(world: World) -> None:
    pages = "\n".join(
        article_page(world, article).decode(outlet.page_encoding)
        for outlet in OUTLETS
        for article in world.articles(outlet)
    )
    texts = "\n".join(
        block.casefold()
        for outlet in OUTLETS
        for article in world.articles(outlet)
        for block in article.copy.blocks
    )
    for phrase in FORBIDDEN:
        assert phrase in pages
        assert phrase.casefold() not in texts


def test_copies_of_a_story_are_near_each_other_in_words_and_numbers() -> None:
    for (_, original), copies in STORIES.items():
        names = [original, *(copy for _, copy in copies)]
        for a, b in combinations(names, 2):
            assert containment(a, b) >= 0.75, (a, b)
            assert overlap(numbers(a), numbers(b)) >= 0.75, (a, b)


def test_unrelated_articles_share_next_to_nothing() -> None:
    related = [{original, *(c for _, c in copies)} for (_, original), copies in STORIES.items()]
    related += [{*pair} for pair in ALIKE]
    names = {item.copy for outlet in OUTLETS for item in outlet.items}
    for a, b in combinations(sorted(names), 2):
        if not any({a, b} <= group for group in related):
            assert containment(a, b) < 0.2, (a, b)


def test_templated_reports_look_alike_but_state_other_numbers() -> None:
    for a, b in ALIKE:
        assert containment(a, b) > 0.5
        assert len(numbers(a) ^ numbers(b)) >= 6
        assert overlap(numbers(a), numbers(b)) < 0.4
