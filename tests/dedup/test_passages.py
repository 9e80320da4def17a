import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dedup.passages import HEADLINES, headline, passages, residue, telling
from ingest.dedup.shingles import normalise

LINES = st.lists(st.text(st.characters(blacklist_characters="\r\n"), max_size=20), max_size=9)


@given(LINES)
def test_joined_passages_are_the_normalised_text(lines: list[str]) -> None:
    text = "\n\n".join(lines)
    assert " ".join(paragraph for _, paragraph in passages(text, "s")) == normalise(text)


def test_a_passage_is_the_same_however_it_is_set_and_belongs_to_its_site() -> None:
    (one, _), (other, _) = passages("Sign up  HERE\n\nsign up here", "a.example")
    ((elsewhere, _),) = passages("Sign up here", "b.example")
    assert one == other != elsewhere


@pytest.mark.parametrize("title", [None, "", "  ", "\u200b"])
def test_no_title_is_no_headline(title: str | None) -> None:
    assert headline(title) == 0


def test_a_headline_is_the_same_in_capitals() -> None:
    assert headline("Bridge Reopens") == headline("bridge  reopens") != 0


def test_what_stood_under_enough_other_headlines_is_residue() -> None:
    assert residue({1: HEADLINES, 2: HEADLINES - 1, 3: HEADLINES + 9, 4: 0}) == {1, 3}


@pytest.mark.parametrize(
    "line",
    [
        "12 comments",
        "Updated 24 Nov 2026, 14:32",
        "Read also: bridge reopens",
        "Sport",
        "更新 14:32",
    ],
)
def test_a_line_without_a_sentence_tells_nothing_and_its_digits_do_not_matter(line: str) -> None:
    ((one, _),) = passages(line, "s")
    ((other, _),) = passages(re.sub(r"\d+", "7", line), "s")
    assert one == other
    assert telling([one]) == frozenset()


@pytest.mark.parametrize(
    "line",
    ["The toll has risen to 15.", "“We are not 15!”", "死者は15人に増えた。", "over 15 words " * 9],
)
def test_a_sentence_or_a_long_line_tells_something_its_numbers_among_it(line: str) -> None:
    ((one, _),) = passages(line, "s")
    ((other, _),) = passages(line.replace("15", "16"), "s")
    assert one != other
    assert telling([one, other]) == {one, other}
