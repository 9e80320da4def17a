from datetime import UTC, datetime, timedelta, timezone
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import StoreError
from storage.ledger.codec import (
    micros,
    moment,
    new_id,
    pack_bands,
    pack_row,
    unpack_bands,
    unpack_row,
)
from storage.model import Article, Duplicate, OutcomeChange, Poll, Row
from storage.schema import table_of

INT64 = st.integers(-(2**63), 2**63 - 1)
TIMES = st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as Hypothesis wants it
TEXT = st.text(st.characters(codec="utf-8"))


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if hint is type(None):
        return st.none()
    if isinstance(hint, UnionType):
        return st.one_of(*map(_values, get_args(hint)))
    if hint == tuple[str, ...]:
        return st.lists(TEXT, max_size=3).map(tuple)
    known = {datetime: TIMES, str: TEXT, int: INT64, float: st.floats(allow_nan=False)}
    return known[hint] if hint in known else st.from_type(hint)


def _rows(kind: type[Row]) -> st.SearchStrategy[Row]:
    return st.builds(kind, **{name: _values(of) for name, of in get_type_hints(kind).items()})


ROWS = st.one_of([_rows(kind) for kind in (Article, Duplicate, Poll, OutcomeChange)])


@given(TIMES)
def test_a_time_comes_back_to_the_microsecond(time: datetime) -> None:
    assert moment(micros(time)) == time


def test_a_time_of_another_zone_comes_back_in_utc() -> None:
    paris = datetime(2026, 11, 23, 1, tzinfo=timezone(timedelta(hours=1)))
    assert moment(micros(paris)).isoformat() == "2026-11-23T00:00:00+00:00"


@given(st.lists(INT64).map(tuple))
def test_bands_come_back(bands: tuple[int, ...]) -> None:
    assert unpack_bands(pack_bands(bands)) == bands


@given(ROWS)
def test_any_row_comes_back(row: Row) -> None:
    table = table_of(row)
    assert unpack_row(table, *pack_row(table, row)) == row


@given(ROWS, st.data())
def test_a_flipped_bit_is_found(row: Row, data: st.DataObject) -> None:
    body, checksum = pack_row(table_of(row), row)
    bit = data.draw(st.integers(0, 8 * len(body) - 1))
    damaged = bytearray(body)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(StoreError, match="damaged"):
        unpack_row(table_of(row), bytes(damaged), checksum)


def test_ids_sort_by_time_and_differ_within_one() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    ids = [new_id(at + timedelta(microseconds=n // 2)) for n in range(100)]
    assert len(set(ids)) == 100
    assert [i[:23] for i in ids] == sorted(i[:23] for i in ids)
