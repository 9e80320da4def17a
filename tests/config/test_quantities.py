from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.config.quantities import format_duration, parse_duration, parse_size


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1s", 1),
        ("30m", 1800),
        ("1h", 3600),
        ("90d", 7_776_000),
        ("500ms", 0.5),
        (" 1.5 h ", 5400),
        (20, 20),
        (0.25, 0.25),
        (0, 0),
    ],
)
def test_durations_people_write(value: object, seconds: float) -> None:
    assert parse_duration(value) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value",
    ["", "abc", "1", "1 x", "-1s", "1h30m", "٣s", -1, True, None, [], float("nan"), float("inf")],
)
def test_what_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(value)


@pytest.mark.parametrize(
    ("value", "size"),
    [("10MB", 10_485_760), ("1 KiB", 1024), ("1.5k", 1536), ("2GB", 2**31), ("7", 7), (7, 7)],
)
def test_sizes_people_write(value: object, size: int) -> None:
    assert parse_size(value) == size


@pytest.mark.parametrize("value", ["", "MB", "10XB", "-1MB", -1, True, None, 1.5])
def test_what_is_no_size(value: object) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_size(value)


@given(st.integers(0, 10**10))
def test_a_written_duration_reads_back(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration
