import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dedup.decision import (
    Copy,
    FoldRules,
    Incoming,
    Original,
    Rejection,
    Update,
    decide,
    precedes,
)
from ingest.dedup.signature import fingerprint
from storage.model import Fingerprint, Match, Reason, StoredArticle

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
RULES = FoldRules()
WORDS = [f"word{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(400)]
WIRE = " ".join(WORDS[:200])
TEMPLATE = (
    "Shares of {name} closed at {} dollars on {day}, after {} million of them had changed hands. "
    "The index stood at {} points, {} more than the day before, while analysts at the exchange "
    "spoke of a quiet session without news that would have moved prices much in either way."
)


def stored(
    article_id: str,
    text: str,
    *,
    published_at: datetime | None = None,
    first_seen_at: datetime = NOON,
) -> StoredArticle:
    return StoredArticle(
        article_id=article_id,
        revision=0,
        story_id=article_id,
        duplicate_of=None,
        url=f"https://{article_id}.example/",
        canonical_url=f"https://{article_id}.example/",
        site=f"{article_id}.example",
        title=None,
        published_at=published_at,
        first_seen_at=first_seen_at,
        fetched_at=first_seen_at,
        word_count=len(text.split()),
        fingerprint=fingerprint(text),
    )


def incoming(text: str, article_id: str = "incoming") -> Incoming:
    return Incoming(
        article_id=article_id,
        site="incoming.example",
        published_at=None,
        first_seen_at=NOON,
        fingerprint=fingerprint(text),
    )


def judge(text: str, *others: StoredArticle, rules: FoldRules = RULES) -> Original | Copy | Update:
    own = incoming(text)
    same = [
        other for other in others if other.fingerprint.content_hash == own.fingerprint.content_hash
    ]
    return decide(own, exact=same, near=others, rules=rules)


@pytest.mark.parametrize(
    ("text", "match", "reason"),
    [
        (WIRE.upper() + " ", Match.EXACT, Reason.EXACT_COPY),
        (f"LONDON (Wire) {WIRE} ends", Match.NEAR, Reason.NEAR_COPY),
        (" ".join(WORDS[:60]), Match.CONTAINED, Reason.CONTAINED_COPY),
        (
            f"{WIRE} {' '.join(WORDS[200:])} {' '.join(WORDS[50::-1])}",
            Match.CONTAINED,
            Reason.CONTAINED_COPY,
        ),
        (" ".join(WORDS[:150]), Match.NEAR, Reason.NEAR_COPY),
    ],
)
def test_a_copy_is_named_by_its_kind(text: str, match: Match, reason: Reason) -> None:
    found = judge(text, stored("wire", WIRE))
    assert isinstance(found, Copy)
    assert (found.of.article_id, found.match, found.reason) == ("wire", match, reason)
    assert 0 < found.similarity <= 1
    assert found.containment >= RULES.containment
    assert json.loads(json.dumps(found.evidence))["rule"]


@pytest.mark.parametrize(
    ("text", "other", "rejection"),
    [
        (
            " ".join([*WORDS[:90], *WORDS[300:]]),
            " ".join([*WORDS[:90], *WORDS[150:250]]),
            Rejection.TOO_LITTLE_SHARED,
        ),
        (" ".join(WORDS[:9]), WIRE, Rejection.TOO_SHORT),
        (WIRE, " ".join(WORDS[:9]), Rejection.TOO_SHORT),
        (
            TEMPLATE.format("12.40", "3.1", "4,210", "17", name="Acme", day="Monday"),
            TEMPLATE.format("97.15", "8.8", "5,377", "42", name="Acme", day="Monday"),
            Rejection.NUMBERS_DIFFER,
        ),
    ],
)
def test_what_is_no_copy_says_why_the_nearest_was_not(
    text: str, other: str, rejection: Rejection
) -> None:
    found = judge(text, stored("other", other), stored("far", "some quite other text " * 9))
    assert isinstance(found, Original)
    assert found.nearest is not None
    assert (found.nearest.article.article_id, found.nearest.rejection) == ("other", rejection)
    assert json.dumps(found.nearest.evidence)


@pytest.mark.parametrize(
    ("numbers", "folded"),
    [
        (("12.40", "3.1", "4,210", "17"), True),
        (("12.40", "3.1", "4,210", "18"), True),
        (("12.40", "3.1", "4,211", "18"), True),
        (("12.40", "3.2", "4,211", "18"), False),
    ],
)
def test_how_many_numbers_must_agree_where_the_texts_are_nearly_the_same(
    numbers: tuple[str, ...], folded: bool
) -> None:
    padding = " ".join(WORDS[:200])
    base = TEMPLATE.format("12.40", "3.1", "4,210", "17", name="Acme", day="Monday")
    text = TEMPLATE.format(*numbers, name="Acme", day="Monday")
    found = judge(f"{text} {padding}", stored("base", f"{base} {padding}"))
    assert isinstance(found, Copy) is folded


@pytest.mark.parametrize("text", ["", "  ", "… — !"])
def test_a_text_without_a_word_matches_nothing(text: str) -> None:
    same = stored("same", text)
    own = incoming(text)
    assert decide(own, exact=[same], near=[same], rules=RULES) == Original()


def test_a_short_text_matches_its_equal_alone() -> None:
    found = judge("Three short words", stored("same", "three SHORT words"))
    assert isinstance(found, Copy)
    assert found.match is Match.EXACT


def test_an_article_is_no_copy_of_its_own_earlier_revision() -> None:
    own = incoming(WIRE, "one")
    earlier = stored("one", WIRE)
    assert decide(own, exact=[earlier], near=[earlier], rules=RULES) == Original()


def test_an_equal_text_comes_before_a_near_one_and_the_earliest_equal_first() -> None:
    late = stored("a", WIRE, published_at=NOON)
    early = stored("b", WIRE, published_at=NOON - timedelta(hours=1))
    near = stored("c", f"{WIRE} end", published_at=NOON - timedelta(days=1))
    found = judge(WIRE, late, early, near)
    assert isinstance(found, Copy)
    assert found.of is early


def test_a_hash_that_only_seems_equal_is_not_believed() -> None:
    other = stored("other", "something else entirely, and long enough")
    assert isinstance(decide(incoming(WIRE), exact=[other], near=[], rules=RULES), Original)


@pytest.mark.parametrize(
    ("kept", "apart", "folded"),
    [
        (150, timedelta(hours=71), True),
        (150, timedelta(hours=73), False),
        (150, timedelta(hours=-73), False),
        (200, timedelta(days=60), True),
    ],
)
def test_the_further_apart_in_time_the_more_must_be_shared(
    kept: int, apart: timedelta, folded: bool
) -> None:
    text = " ".join([*WORDS[:kept], *WORDS[300 : 500 - kept]])
    found = judge(f"{text} end", stored("wire", WIRE, published_at=NOON - apart))
    assert isinstance(found, Copy) is folded
    if isinstance(found, Original):
        assert found.nearest is not None
        assert found.nearest.rejection is Rejection.TOO_FAR_APART
        assert found.nearest.evidence["containment_needed"] == RULES.late_containment


def test_a_report_that_quotes_a_short_one_as_background_is_no_copy_but_related() -> None:
    brief = " ".join(WORDS[:70])
    report = " ".join([*WORDS[100:300], *WORDS[:70]])
    found = judge(report, stored("brief", brief))
    assert isinstance(found, Original)
    assert [linked.article.article_id for linked in found.related] == ["brief"]
    assert found.related[0].rejection is Rejection.OTHER_LEAD
    begins_with_it = " ".join([*WORDS[:70], *WORDS[100:300]])
    assert isinstance(judge(begins_with_it, stored("brief", brief)), Copy)


def test_a_text_that_holds_two_others_belongs_to_the_one_it_shares_more_with() -> None:
    text = " ".join(WORDS[:200])
    larger = stored("larger", " ".join([*WORDS[:150], *WORDS[200:210]]))
    smaller = stored("smaller", " ".join(WORDS[:40]))
    found = judge(text, smaller, larger)
    assert isinstance(found, Copy)
    assert found.of is larger


def test_templated_reports_are_not_related_either() -> None:
    monday = TEMPLATE.format("12.40", "3.1", "4,210", "17", name="Acme", day="Monday")
    friday = TEMPLATE.format("97.15", "8.8", "5,377", "42", name="Acme", day="Friday")
    found = judge(friday, stored("monday", monday))
    assert isinstance(found, Original)
    assert found.related == ()


CANDIDATES = st.lists(
    st.builds(
        lambda number, first, last, hours: stored(
            f"article{number}",
            " ".join(WORDS[first : first + last]),
            first_seen_at=NOON + timedelta(hours=hours),
        ),
        st.integers(0, 50),
        st.integers(0, 60),
        st.integers(0, 150),
        st.integers(0, 3),
    ),
    unique_by=lambda article: article.article_id,
    max_size=6,
)


@given(CANDIDATES, st.integers(0, 200), st.data())
def test_the_order_of_the_candidates_does_not_matter(
    candidates: list[StoredArticle], length: int, data: st.DataObject
) -> None:
    text = " ".join(WORDS[:length])
    shuffled = data.draw(st.permutations(candidates))
    assert judge(text, *candidates) == judge(text, *shuffled)


@given(CANDIDATES, st.integers(0, 200))
def test_whether_two_articles_match_does_not_depend_on_which_came_first(
    candidates: list[StoredArticle], length: int
) -> None:
    text = " ".join(WORDS[:length])
    for candidate in candidates:
        there = judge(text, candidate)
        back = decide(
            Incoming(
                article_id=candidate.article_id,
                site=candidate.site,
                published_at=candidate.published_at,
                first_seen_at=candidate.first_seen_at,
                fingerprint=candidate.fingerprint,
            ),
            exact=[stored("incoming", text)],
            near=[stored("incoming", text)],
            rules=RULES,
        )
        assert isinstance(there, Copy) == isinstance(back, Copy)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("b", NOON, 5), ("a", NOON + timedelta(minutes=1), 0)),
        (("b", NOON, 0), ("a", NOON, 1)),
        (("a", NOON, 0), ("b", NOON, 0)),
        (("b", None, 0), ("a", NOON + timedelta(hours=1), 0)),
    ],
)
def test_copies_are_ordered_by_publication_then_first_sight_then_id(
    first: tuple[str, datetime | None, int], second: tuple[str, datetime | None, int]
) -> None:
    one, other = (
        Incoming(
            article_id=article_id,
            site="",
            published_at=published_at,
            first_seen_at=NOON + timedelta(hours=hours),
            fingerprint=Fingerprint(content_hash=""),
        )
        for article_id, published_at, hours in (first, second)
    )
    assert precedes(one, other)
    assert not precedes(other, one)
    assert not precedes(one, one)
