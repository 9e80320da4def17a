import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dedup.sample import SIZE, Likeness, likeness, take_sample
from ingest.dedup.shingles import Hashes, mix

NUMBERS = st.sets(st.integers(0, 400), max_size=300)


def hashes(numbers: set[int] | range) -> Hashes:
    return np.unique(mix(np.array(sorted(numbers), np.uint64)))


def compare(a: set[int] | range, b: set[int] | range) -> Likeness:
    one, other = hashes(a), hashes(b)
    return likeness(take_sample(one), take_sample(other), (len(one), len(other)))


@given(st.sets(st.integers(0, 400), max_size=SIZE), st.sets(st.integers(0, 400), max_size=SIZE))
def test_texts_no_longer_than_a_sample_are_compared_exactly(a: set[int], b: set[int]) -> None:
    found = compare(a, b)
    if a and b:
        shared = len(a & b)
        assert found == Likeness(
            jaccard=shared / len(a | b), containment=shared / min(len(a), len(b))
        )
    else:
        assert found == Likeness(jaccard=0.0, containment=0.0)


@given(NUMBERS, NUMBERS)
def test_likeness_is_symmetric_and_a_share(a: set[int], b: set[int]) -> None:
    found = compare(a, b)
    assert found == compare(b, a)
    assert 0 <= found.jaccard <= found.containment <= 1


@given(NUMBERS)
def test_a_sample_is_the_least_of_the_hashes_in_order(numbers: set[int]) -> None:
    upper = sorted({int(value) >> 32 for value in hashes(numbers)})
    assert np.frombuffer(take_sample(hashes(numbers)), "<u4").tolist() == upper[:SIZE]


@pytest.mark.parametrize(("smaller", "larger"), [(60, 60), (60, 1000), (400, 700), (3000, 9000)])
def test_the_estimate_has_no_bias(smaller: int, larger: int) -> None:
    errors = []
    outside = smaller * 3 // 10
    for start in range(20_000, 4_000_000, 20_000):
        inside = range(start, start + larger)
        text = range(start - outside, start + smaller - outside)
        errors.append(compare(text, inside).containment - 0.7)
    assert abs(float(np.mean(errors))) < 0.02
    # Of 60 shingles within 1,000 about eight are compared.
    assert float(np.std(errors)) < 0.2
