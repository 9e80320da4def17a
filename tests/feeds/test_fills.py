"""What is remembered of a feed's gaps."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ingest.feeds.children import Child
from ingest.feeds.fills import EVERY, Fill, filled_in, last_fill, with_fill
from storage.model import FeedState

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
STATE = FeedState(feed_id="f", url="https://example.org/feed", name="F", ok_at=NOW - 3 * HOUR)


def test_a_fill_is_remembered_beside_what_else_is() -> None:
    fill = Fill(at=NOW, taken=3, since=NOW, named=(Child(url="https://example.org/n", etag="e"),))
    extra = with_fill('{"sitemaps": [], "z": 1}', fill)
    assert last_fill(extra) == fill
    assert {"sitemaps", "z"} < json.loads(extra).keys()
    assert last_fill("{}") == Fill()


@pytest.mark.parametrize(
    ("ago", "recent"),
    [(0 * HOUR, True), (EVERY - HOUR, True), (EVERY, False), (-HOUR, False)],
)
def test_a_fill_is_recent_for_six_hours(ago: timedelta, recent: bool) -> None:
    assert Fill(at=NOW - ago).is_recent(NOW) is recent


def test_nothing_was_filled_is_never_recent() -> None:
    assert not Fill().is_recent(NOW)


def test_entries_are_missing_since_the_last_poll_or_the_first_gap_left_but_for_two_days() -> None:
    assert Fill().missing_since(STATE, now=NOW) == NOW - 3 * HOUR
    assert Fill(since=NOW - 9 * HOUR).missing_since(STATE, now=NOW) == NOW - 9 * HOUR
    assert Fill(since=NOW - 99 * HOUR).missing_since(STATE, now=NOW) == NOW - 48 * HOUR


def test_what_was_filled_in_is_of_the_last_gap_alone() -> None:
    filled = replace(STATE, gap_at=NOW, extra=with_fill("{}", Fill(at=NOW, taken=3)))
    assert filled_in(filled) == 3
    assert filled_in(replace(filled, gap_at=NOW + HOUR)) == 0
    assert filled_in(STATE) == 0
