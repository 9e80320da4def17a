import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dedup.numbers import MOST, numbers, overlap

NUMBERS = st.lists(st.integers(0, 50).map(str), max_size=20).map(tuple)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("no numbers", ()),
        ("1,200 and 1.200 and 1 200 and 1'200 and 1200", ("1200",)),
        ("3.5 or 3,5 or 3.50", ("3.5",)),
        ("1,234,567.89", ("1234567.89",)),
        ("1.234.567,89", ("1234567.89",)),
        ("٣ of 3", ("3",)),
        ("in 2024 500 people", ("2024", "500")),
        ("007 at 4:33 on 12/5", ("12", "33", "4", "5", "7")),
        ("0 and 0,0 and 000", ("0",)),
        ("covid-19, g20, 4x4.", ("19", "20", "4")),
    ],
)
def test_numbers_are_read_whatever_the_house_style(text: str, expected: tuple[str, ...]) -> None:
    assert numbers(text) == expected


def test_of_very_many_numbers_the_same_sample_is_kept() -> None:
    text = " ".join(str(number) for number in range(10_000, 13_000))
    longer = f"{text} {' '.join(str(number) for number in range(20_000, 20_100))}"
    assert len(numbers(text)) == MOST
    assert overlap(numbers(text), numbers(longer)) > 0.9


@given(NUMBERS, NUMBERS)
def test_overlap_is_symmetric_and_a_share(a: tuple[str, ...], b: tuple[str, ...]) -> None:
    assert overlap(a, b) == overlap(b, a)
    assert 0 <= overlap(a, b) <= 1
    assert overlap(a, a) == (1 if a else 0)
