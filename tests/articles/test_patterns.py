"""trafilatura's patterns asked once find what they find asked each time."""

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from trafilatura import core, main_extractor
from trafilatura import external as external_module
from trafilatura.xpaths import (
    BODY_XPATH,
    DISCARD_IMAGE_ELEMENTS,
    OVERALL_DISCARD_XPATH,
    REMOVE_COMMENTS_AND_LISTS_XPATH,
    REMOVE_COMMENTS_XPATH,
    TEASER_DISCARD_XPATH,
)

from ingest.articles import patterns
from ingest.articles.copies import CORE, MAIN_EXTRACTOR
from ingest.articles.patterns import (
    AskedOnce,
    FirstAskedOnce,
    asked_once,
    first_asked_once,
    looks_at_itself,
)

LISTS = [
    OVERALL_DISCARD_XPATH,
    TEASER_DISCARD_XPATH,
    DISCARD_IMAGE_ELEMENTS,
    REMOVE_COMMENTS_XPATH,
    REMOVE_COMMENTS_AND_LISTS_XPATH,
]
TAGS = st.sampled_from(
    ["div", "item", "list", "p", "section", "span", "head", "ref", "article", "main", "ol", "ul"]
)
NAMES = st.sampled_from(
    ["id", "class", "style", "role", "aria-hidden", "title", "data-component", "itemprop"]
)
VALUES = st.sampled_from(
    [
        *("cookie", "story", "share-bar", "teaser", "caption", "display:none", "true", "nav", ""),
        *("MostPopularStories", "reply-9", "comments-title", "site-footer", "text hide", "byline"),
        *("comments", "commentlist", "disqus_thread"),
        *(
            "articleBody",
            "post",
            "entry-content",
            "FullText",
            "content",
            "Main-content",
            "article ",
        ),
    ]
)
ELEMENTS = st.lists(
    st.tuples(TAGS, st.dictionaries(NAMES, VALUES, max_size=3), st.booleans()), max_size=12
)


def tree_of(elements: list[tuple[str, dict[str, str], bool]]) -> etree._Element:
    root = etree.Element("body")
    above = root
    for tag, attributes, within in elements:
        made = etree.SubElement(above, tag, attributes)
        above = made if within else above
    return root


def found(pattern: etree.XPath | AskedOnce, tree: etree._Element) -> list[etree._Element]:
    return cast("list[etree._Element]", pattern(tree))


@given(ELEMENTS)
@pytest.mark.parametrize("asked", LISTS)
def test_patterns_asked_once_find_what_they_find_each_time(
    asked: list[etree.XPath], elements: list[tuple[str, dict[str, str], bool]]
) -> None:
    tree = tree_of(elements)
    once = AskedOnce(asked)
    wanted = {element for pattern in asked for element in found(pattern, tree)}
    assert once(tree) == [element for element in tree.iter() if element in wanted]
    assert once(tree) == once(tree)


@pytest.mark.parametrize("asked", LISTS)
def test_the_patterns_that_discard_are_asked_once(asked: list[etree.XPath]) -> None:
    assert [type(each) for each in asked_once(asked)] == [AskedOnce]


@pytest.mark.parametrize(
    "path",
    [
        ".//*[@class='a'][1]",
        ".//div[@class='a']",
        ".//*[.//h1 or @id='a']",
        ".//*[self::div][contains(., 'a')]",
        "(.//*[@id='a'])[1]",
        ".//*[@id='a']/p",
    ],
)
def test_a_pattern_that_looks_at_more_stays_as_it_is(path: str) -> None:
    pattern = etree.XPath(path)
    assert not looks_at_itself(pattern)
    assert asked_once([pattern]) == [pattern]


@given(ELEMENTS)
@pytest.mark.parametrize("number", range(len(BODY_XPATH)))
def test_where_the_body_is_looked_for_the_first_is_found_as_each_time(
    number: int, elements: list[tuple[str, dict[str, str], bool]]
) -> None:
    tree = tree_of(elements)
    once = first_asked_once(BODY_XPATH)[number]
    wanted = found(BODY_XPATH[number], tree)[:1]
    assert found(once, tree)[:1] == wanted
    assert found(once, tree)[:1] == wanted


def test_the_costly_patterns_for_the_body_are_asked_once() -> None:
    kinds = [type(each) for each in first_asked_once(BODY_XPATH)]
    assert kinds == [FirstAskedOnce, etree.XPath, FirstAskedOnce, FirstAskedOnce, etree.XPath]


def test_no_more_answers_are_kept_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "MOST", 3)
    once = AskedOnce(TEASER_DISCARD_XPATH)
    tree = tree_of([("div", {"class": f"teaser{n}"}, False) for n in range(10)])
    assert once(tree) == list(tree)
    assert len(once._answers) <= 3


def test_no_answer_is_kept_of_an_element_with_long_attributes() -> None:
    once = AskedOnce(TEASER_DISCARD_XPATH)
    tree = tree_of([("div", {"class": f"teaser {'a' * patterns.LONGEST}"}, False)])
    assert once(tree) == list(tree)
    assert not once._answers


def test_the_copied_modules_ask_once_and_leave_trafilaturas_own_as_they_are() -> None:
    assert CORE.extract_content is MAIN_EXTRACTOR.extract_content
    external = CORE.compare_extraction.__globals__
    for own in (MAIN_EXTRACTOR.OVERALL_DISCARD_XPATH, external["OVERALL_DISCARD_XPATH"]):
        assert [type(each) for each in own] == [AskedOnce]
    for module in (main_extractor, external_module):
        assert vars(module)["OVERALL_DISCARD_XPATH"] is OVERALL_DISCARD_XPATH
    for name, owner in (
        ("extract_content", main_extractor),
        ("compare_extraction", external_module),
    ):
        assert vars(core)[name] is vars(owner)[name]
