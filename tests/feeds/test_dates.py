from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from time import struct_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.feeds.dates import EARLIEST, LEEWAY, parse_date
from tests.feeds.documents import NOW

TEN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("Fri, 20 Nov 2026 10:00:00 GMT", TEN),
        ("Fri, 20 Nov 2026 10:00:00 +0000", TEN),
        ("Fri, 20 Nov 2026 11:00:00 +0100", TEN),
        ("Fri, 20 Nov 2026 15:30:00 +05:30", TEN),
        ("Fri, 20 Nov 2026 05:00:00 EST", TEN),
        ("Fri, 20 Nov 2026 11:00:00 CET", TEN),
        ("Fri, 20 Nov 2026 11:00:00 (CET)", TEN),
        ("Fri, 20 Nov 2026 11:00:00 BST", TEN),
        ("Fri, 20 Nov 2026 19:00:00 JST", TEN),
        ("Fri, 20 Nov 2026 12:00:00 GMT+0200", TEN),
        ("Fri, 20 Nov 2026 10:00:00 UT", TEN),
        ("Fri, 20 Nov 2026 10:00:00 Z", TEN),
        ("Fri, 20 Nov 2026 10:00 GMT", TEN),
        ("Fri,20 Nov 2026 10:00:00 GMT", TEN),
        ("Friday, 20-Nov-26 10:00:00 GMT", TEN),
        ("Friday, November 20, 2026 10:00", TEN),
        ("Thu, 20 Nov 2026 10:00:00 GMT", TEN),
        ("20 Nov 2026 10:00:00", TEN),
        ("Fri Nov 20 10:00:00 2026", TEN),
        ("  Fri,  20 Nov 2026\n 10:00:00 GMT ", TEN),
        ("20 Nov 2026", MIDNIGHT),
        ("Nov 20, 2026", MIDNIGHT),
        ("Thu, 19 Nov 2026 24:00:00 GMT", MIDNIGHT),
        ("2026-11-20T10:00:00Z", TEN),
        ("2026-11-20T10:00:00+00:00", TEN),
        ("2026-11-20T11:00:00+0100", TEN),
        ("2026-11-20T11:00:00+01", TEN),
        ("2026-11-20T10:00:00.000Z", TEN),
        ("2026-11-20T10:00:00.123456789Z", TEN.replace(microsecond=123456)),
        ("2026-11-20T10:00", TEN),
        ("2026-11-20 10:00:00", TEN),
        ("2026-11-20 10:00:00 UTC", TEN),
        ("2026-11-20 11:00:00 +0100", TEN),
        ("2026/11/20 10:00", TEN),
        ("2026-11-20", MIDNIGHT),
        ("20261120", MIDNIGHT),
        ("2026-11-20T10:00:60Z", TEN.replace(second=59)),
        ("20.11.2026 10:00", TEN),
        ("20.11.2026", MIDNIGHT),
        ("20/11/2026 10:00:00", TEN),
        ("11/20/2026 10:00:00 AM", TEN),
        ("11/20/2026 10:00 PM", TEN + timedelta(hours=12)),
        (str(int(TEN.timestamp())), TEN),
        (str(int(TEN.timestamp() * 1000)), TEN),
    ],
)
def test_dates_in_many_forms_are_read(raw: str, moment: datetime) -> None:
    assert parse_date(raw, now=NOW) == moment


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "yesterday",
        "10:00",
        "2026",
        "2026-11",
        "2026-13-45",
        "2026-02-30T10:00:00Z",
        "11/10/2026",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "0000-00-00 00:00:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-23:00",
        "Mon, 30 Nov 2026 10:00:00 GMT",
        "99999999999999999999",
        "2026-11-20T10:00:00+99:99",
        "9" * 5000,
        "Fri, 20 Nov 99999999 10:00:00 GMT",
    ],
)
def test_what_is_no_credible_date_is_none(raw: str | None) -> None:
    assert parse_date(raw, now=NOW) is None


ZONES = st.integers(-12 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(
    datetime(1980, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2030, 1, 1),  # noqa: DTZ001 - idem
    timezones=ZONES,
).map(lambda moment: moment.replace(microsecond=0))


@given(MOMENTS, st.sampled_from([datetime.isoformat, format_datetime]))
def test_what_is_written_is_read_back_if_it_is_credible(
    moment: datetime, form: type[datetime]
) -> None:
    read = parse_date(form(moment), now=NOW)  # type: ignore[call-arg, arg-type]
    assert read == (moment if EARLIEST <= moment <= NOW + LEEWAY else None)


@given(st.text(max_size=60) | st.from_regex(r"[0-9TZ:.+, /-]{1,30}", fullmatch=True))
def test_any_text_is_a_credible_date_in_utc_or_none(raw: str) -> None:
    moment = parse_date(raw, now=NOW)
    assert moment is None or (EARLIEST <= moment <= NOW + LEEWAY and moment.tzinfo is UTC)


@given(st.text(max_size=60) | st.from_regex(r"[0-9TZ:.+, /-]{1,30}", fullmatch=True))
def test_a_date_that_was_read_is_read_the_same_again(raw: str) -> None:
    moment = parse_date(raw, now=NOW)
    assert moment is None or parse_date(moment.isoformat(), now=NOW) == moment


NUMBERS = st.integers(-(10**6), 10**6) | st.integers(0, 61)


@given(st.text(max_size=20), st.tuples(*[st.integers(1900, 2100) | NUMBERS, *[NUMBERS] * 8]))
def test_any_hint_gives_a_credible_date_or_none(raw: str, parts: tuple[int, ...]) -> None:
    moment = parse_date(raw or "?", now=NOW, hint=struct_time(parts))
    assert moment is None or EARLIEST <= moment <= NOW + LEEWAY
