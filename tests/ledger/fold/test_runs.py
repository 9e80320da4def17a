import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.fold import runs
from storage.ledger.fold.runs import joined, run_of

KEYS = st.integers(0, 5) | st.integers(0, 2**64 - 1) | st.sampled_from([2**63, 2**64 - 1])
PAIRS = st.lists(st.tuples(KEYS, st.integers(0, 7)), max_size=40)


def _run(pairs: list[tuple[int, int]]) -> runs.Run:
    ordered = sorted(pairs, key=lambda pair: pair[1])
    keys = np.array([key for key, _ in ordered], np.uint64)
    return run_of(keys, np.array([row for _, row in ordered], np.uint32))


def _found(run: runs.Run, asked: list[int]) -> set[tuple[int, int]]:
    rows, which = run.find(np.array(asked, np.uint64))
    found = [(asked[place], row) for place, row in zip(which.tolist(), rows.tolist(), strict=True)]
    assert len(found) == len(set(found)), "no pair is found twice"
    return set(found)


@given(PAIRS, st.lists(KEYS, unique=True, max_size=20))
def test_a_run_finds_the_pairs_a_plain_search_finds(
    pairs: list[tuple[int, int]], asked: list[int]
) -> None:
    run = _run(pairs)
    assert _found(run, asked) == {pair for pair in pairs if pair[0] in asked}
    for key in asked:
        assert run.rows_of(key).tolist() == sorted({row for other, row in pairs if other == key})


@given(PAIRS, PAIRS)
def test_a_run_of_two_runs_has_the_pairs_of_both(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    both = joined([_run(one), _run(other)], [8, 8])
    expected = {*one, *((key, row + 8) for key, row in other)}
    assert _found(both, list({key for key, _ in expected})) == expected


def test_a_key_that_very_many_rows_have_is_found_in_all_of_them() -> None:
    rows = np.arange(50_000, dtype=np.uint32)
    run = run_of(np.full(len(rows), 7, np.uint64), rows)
    found, which = run.find(np.array([3, 7], np.uint64))
    assert found.tolist() == rows.tolist()
    assert set(which.tolist()) == {1}
    assert run.rows_of(7).tolist() == rows.tolist()
    assert not len(run.rows_of(3))
