import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.articles.choice import RULES, Texts, choose, feed_text, is_article
from ingest.types import FeedText
from storage.sites import FeedSignals

FULL, TEASER, UNKNOWN = FeedText.FULL, FeedText.TEASER, FeedText.UNKNOWN


def texts(
    page: int, feed: int, shared: float, *, paywalled: bool = False, kind: FeedText = UNKNOWN
) -> Texts:
    return Texts(
        page_words=page, feed_words=feed, shared=shared, paywalled=paywalled, feed_text=kind
    )


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (texts(400, 400, 1.0), None),
        (texts(400, 60, 0.1), None),
        (texts(90, 400, 0.9), "page cut short"),
        (texts(90, 400, 0.3), None),
        (texts(300, 400, 0.9), None),
        (texts(90, 400, 0.9, kind=TEASER), None),
        (texts(80, 110, 0.5, paywalled=True), "paywall"),
        (texts(80, 40, 0.5, paywalled=True), None),
        (texts(80, 110, 0.5, paywalled=True, kind=TEASER), None),
        (texts(150, 300, 0.02, kind=FULL), "page tells something else"),
        (texts(150, 300, 0.02), None),
        (texts(10, 30, 0.9, kind=FULL), "page cut short"),
        (texts(10, 30, 0.9), None),
    ],
)
def test_the_feeds_text_is_taken_by_a_rule_or_not_at_all(given: Texts, rule: str | None) -> None:
    found = choose(given)
    assert (found.name if found else None) == rule


def test_each_rule_has_its_reason_and_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.reason for rule in RULES)


@pytest.mark.parametrize(
    ("words", "kind", "stands"),
    [
        (19, FULL, False),
        (20, FULL, True),
        (99, UNKNOWN, False),
        (100, UNKNOWN, True),
        (500, TEASER, False),
    ],
)
def test_a_feeds_text_stands_in_for_a_page_unless_it_is_a_teaser(
    words: int, kind: FeedText, stands: bool
) -> None:
    assert is_article(words, kind) is stands


def fed(feed: int, page: int = 400, shared: float = 0.9) -> FeedSignals:
    return FeedSignals(feed_id="f", url="u", feed_words=feed, page_words=page, shared=shared)


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        ([fed(400)] * 6, FULL),
        ([fed(40, shared=0.1)] * 6, TEASER),
        ([fed(400, shared=0.2)] * 6, TEASER),
        ([fed(400)] * 3, UNKNOWN),
        ([fed(400)] * 3 + [fed(40, shared=0.1)] * 3, UNKNOWN),
        ([fed(400)] * 9 + [fed(40, shared=0.1)], FULL),
        ([fed(40, page=30)] * 20, UNKNOWN),
        ([], UNKNOWN),
    ],
    ids=["full", "teasers", "as long, another text", "few", "mixed", "one odd", "short", "none"],
)
def test_a_feed_of_teasers_is_told_by_its_last_entries(
    last: list[FeedSignals], kind: FeedText
) -> None:
    assert feed_text(last) is kind


@given(
    page=st.integers(1, 2_000),
    feed=st.integers(0, 2_000),
    shared=st.floats(0, 1),
    paywalled=st.booleans(),
)
def test_of_a_teaser_feed_no_text_is_ever_taken(
    page: int, feed: int, shared: float, paywalled: bool
) -> None:
    assert choose(texts(page, feed, shared, paywalled=paywalled, kind=TEASER)) is None


@given(
    page=st.integers(1, 2_000),
    shared=st.floats(0.2, 1),
    paywalled=st.booleans(),
    kind=st.sampled_from(FeedText),
    part=st.floats(0, 1),
)
def test_a_shorter_text_of_the_same_is_never_taken(
    page: int, shared: float, paywalled: bool, kind: FeedText, part: float
) -> None:
    feed = int(part * page)
    assert choose(texts(page, feed, shared, paywalled=paywalled, kind=kind)) is None
