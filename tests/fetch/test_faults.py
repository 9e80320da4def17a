from datetime import timedelta

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.fetch.client import user_agent
from ingest.fetch.faults import (
    LONGEST_HOLD,
    SHORTEST_HOLD,
    TROUBLES,
    fault_from,
    fault_of_status,
    retry_after,
)
from ingest.http_date import http_date
from storage.model import Reason
from tests.fetch.support import NOW

DATE = "Mon, 23 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 120 "}, 120),
        ({"retry-after": "0"}, 60),
        ({"retry-after": "1"}, 60),
        ({"retry-after": "86401"}, 86_400),
        ({"retry-after": "9" * 5000}, 86_400),
        ({"retry-after": "Mon, 23 Nov 2026 12:05:00 GMT"}, 300),
        ({"retry-after": "Monday, 23-Nov-26 12:05:00 GMT"}, 300),
        ({"retry-after": "Mon Nov 23 12:05:00 2026"}, 300),
        ({"retry-after": "Mon, 23 Nov 2026 12:05:00 -0000"}, 300),
        # The server's clock is a day slow; its wish is five minutes all the same.
        (
            {
                "date": "Sun, 22 Nov 2026 12:00:00 GMT",
                "retry-after": "Sun, 22 Nov 2026 12:05:00 GMT",
            },
            300,
        ),
        ({"date": "nonsense", "retry-after": "Mon, 23 Nov 2026 12:05:00 GMT"}, 300),
        ({"retry-after": "Mon, 23 Nov 2020 12:05:00 GMT"}, 60),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, 86_400),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "\u0661\u0662"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(
    headers: dict[str, str], seconds: int | None
) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after(headers, NOW) == expected


@given(st.text(), st.text())
def test_any_retry_after_is_bounded_or_none(text: str, date: str) -> None:
    wait = retry_after({"retry-after": text, "date": date}, NOW)
    assert wait is None or SHORTEST_HOLD <= wait <= LONGEST_HOLD


@pytest.mark.parametrize("text", ["Fri, 31 Dec 9999 23:59:59 -2359", "(" * 5000, "\0"])
def test_a_date_that_is_none_is_none(text: str) -> None:
    assert http_date(text) is None


@pytest.mark.parametrize("status", [404, 500, 502, 301])
def test_retry_after_counts_only_where_it_is_defined(status: int) -> None:
    assert fault_of_status(status, {"retry-after": "100", "date": DATE}, NOW).retry_after is None


@pytest.mark.parametrize("trouble", TROUBLES[1:])
def test_every_trouble_has_its_fault(trouble: type[Exception]) -> None:
    result = fault_from(trouble())
    assert result.detail
    assert result.reason in {
        Reason.DEADLINE,
        Reason.CONNECT_FAILED,
        Reason.PROTOCOL_ERROR,
        Reason.BAD_URL,
    }


def test_every_error_of_httpcore_is_a_trouble() -> None:
    errors = {
        value
        for value in vars(httpcore).values()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    # The pool's own signal, which never leaves it.
    errors.remove(httpcore.ConnectionNotAvailable)
    assert all(issubclass(error, TROUBLES) for error in errors)


@pytest.mark.parametrize(
    ("contact", "header"),
    [
        (None, b"newsfold/1"),
        ("", b"newsfold/1"),
        ("me@example.org", b"newsfold/1 (+me@example.org)"),
        ("a\r\nX: \u00e9b", b"newsfold/1 (+aX: b)"),
    ],
)
def test_the_user_agent_is_always_one_header(contact: str | None, header: bytes) -> None:
    assert user_agent("1", contact) == header
