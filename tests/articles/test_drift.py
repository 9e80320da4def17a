from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.articles.drift import FEWEST_BEFORE, LAST, find_drift
from storage.sites import PageSignals

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def page(number: int = 0, **values: object) -> PageSignals:
    """A page as a site's usual ones are: about 500 words, well agreed on, few links."""
    random = Random(number)
    plain = PageSignals(
        url=f"https://s.example/{number}",
        feed_id="f",
        seen_at=NOON,
        words=int(500 * random.lognormvariate(0, 0.5)),
        agreement=random.uniform(0.8, 1),
        links=random.uniform(0, 0.1),
    )
    return replace(plain, **values)  # type: ignore[arg-type]


USUAL = tuple(page(number) for number in range(40))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"words": 60}, "texts are much shorter: 60 words"),
        ({"words": 2400}, "texts are much longer: 2400 words"),
        ({"agreement": 0.3}, "two extractions no longer agree: 0.30"),
        ({"links": 0.5}, "texts are full of links: 0.50"),
        ({"words": 0}, "8 of the last 8 pages gave no article (before: 0%)"),
        ({"note": "the site rule body matched nothing"}, "the site rule body matched nothing on 8"),
    ],
    ids=["paywall", "residue", "redesign", "links", "consent wall", "rules"],
)
def test_a_sharp_change_is_told_with_an_example(change: dict[str, object], said: str) -> None:
    drift = find_drift("s.example", (*USUAL, *(page(n, **change) for n in range(40, 48))))
    assert drift is not None
    assert drift.what.startswith(said)
    assert drift.example == "https://s.example/47"
    assert drift.feed_ids == ("f",)


@pytest.mark.parametrize(
    "last",
    [
        [page(n) for n in range(40, 48)],
        [page(n, words=0) for n in range(40, 45)] + [page(n) for n in range(45, 48)],
        [page(n, words=60) for n in range(40, 46)] + [page(46), page(47)],
        [page(n, words=350) for n in range(40, 48)],
        [page(n, note="the site rule body matched nothing") for n in (40, 41, 42)],
    ],
    ids=["usual", "some videos", "some briefs", "somewhat shorter", "a rule that missed thrice"],
)
def test_a_site_has_its_days(last: list[PageSignals]) -> None:
    assert find_drift("s.example", (*USUAL, *last)) is None


def test_of_a_site_of_which_little_is_known_nothing_is_said() -> None:
    few = USUAL[: FEWEST_BEFORE - 1]
    assert find_drift("s.example", (*few, *(page(n, words=9) for n in range(8)))) is None
    assert find_drift("s.example", ()) is None


def test_a_site_that_is_always_so_has_not_changed() -> None:
    assert find_drift("s.example", [page(n, words=0) for n in range(48)]) is None
    assert find_drift("s.example", [page(n, words=40) for n in range(48)]) is None


def test_it_is_over_when_pages_are_as_before_and_when_they_stay_as_they_are() -> None:
    short = [page(n, words=60 + n) for n in range(40)]
    back = [page(n) for n in range(40, 48)]
    assert find_drift("s.example", (*USUAL, *short[:8])) is not None
    assert find_drift("s.example", (*USUAL, *short[:8], *back)) is None
    assert find_drift("s.example", (*USUAL[:8], *short)) is None


def test_chance_alone_is_hardly_ever_drift() -> None:
    sites = [[page(seed * 100 + n) for n in range(48)] for seed in range(400)]
    assert sum(find_drift("s.example", pages) is not None for pages in sites) <= 1


@given(st.randoms(use_true_random=False), st.integers(0, 60))
def test_the_order_of_what_was_before_says_nothing(random: Random, words: int) -> None:
    shuffled = list(USUAL)
    random.shuffle(shuffled)
    last = [page(n, words=words) for n in range(40, 40 + LAST)]
    assert find_drift("s.example", (*shuffled, *last)) == find_drift("s.example", (*USUAL, *last))
