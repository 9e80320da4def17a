from dataclasses import replace

import pytest

from storage.ledger.base import Ledger
from storage.model import FeedState, Reason
from tests.ledger.values import HOUR, NOON, entry, poll


def _commit(ledger: Ledger, state: FeedState) -> None:
    commit = poll(feed=state.feed_id)
    ledger.commit_poll(replace(commit, state=state))


FULL = FeedState(
    feed_id="f",
    url="https://f.example/feed",
    name="F",
    title="Feed é",
    etag='W/"\\"x\\""',
    last_modified="Mon, 23 Nov 2026 12:00:00 GMT",
    body_hash="b" * 64,
    interval_seconds=900.25,
    next_due_at=NOON + HOUR,
    polled_at=NOON,
    ok_at=NOON - HOUR,
    new_at=NOON - 2 * HOUR,
    failures=1.75,
    ok=False,
    reason=Reason.HTTP_GONE,
    detail="gone",
    status=410,
    held_until=NOON + 2 * HOUR,
    retired=True,
    schedule=("half the median", "moved by +4.0 %"),
    answer_date="Mon, 23 Nov 2026 12:00:00 GMT",
    full_at=NOON - HOUR,
    validators_url="https://cdn.example/feed",
    fresh_seconds=60.5,
    ttl_seconds=3600.0,
    skip_hours=(0, 23),
    skip_days=(5, 6),
    address="https://f.example/there",
    moved_to="https://f.example/then",
    moved_since=NOON - 2 * HOUR,
    gaps=2,
    gap_at=NOON - 3 * HOUR,
    link="https://f.example/",
    hub="https://hub.example/",
    topic="https://f.example/topic",
    extra='{"a": 1}',
)


def test_a_new_feed_is_due_at_once(ledger: Ledger) -> None:
    ledger.register_feeds([("f", "https://f.example/feed", "F")], at=NOON)
    assert ledger.due_feeds(NOON) == [
        FeedState(feed_id="f", url="https://f.example/feed", name="F", next_due_at=NOON)
    ]


def test_a_feeds_state_comes_back_as_it_was_committed(ledger: Ledger) -> None:
    _commit(ledger, FULL)
    assert ledger.feed("f") == FULL
    assert ledger.feeds() == [FULL]
    assert ledger.feed("g") is None


def test_registering_a_feed_again_keeps_what_it_taught(ledger: Ledger) -> None:
    _commit(ledger, FULL)
    ledger.register_feeds([("f", FULL.url, "F")], at=NOON)
    assert ledger.feed("f") == FULL


def test_a_renamed_feed_keeps_what_it_taught(ledger: Ledger) -> None:
    _commit(ledger, FULL)
    ledger.register_feeds([("f", FULL.url, "Renamed")], at=NOON)
    assert ledger.feed("f") == replace(FULL, name="Renamed")


def test_a_moved_feed_is_asked_afresh_and_at_once(ledger: Ledger) -> None:
    _commit(ledger, FULL)
    ledger.register_feeds([("f", "https://f.example/new", "F")], at=NOON)
    moved = ledger.feed("f")
    assert moved is not None
    assert (moved.etag, moved.last_modified, moved.body_hash) == (None, None, None)
    assert (moved.failures, moved.held_until, moved.retired) == (0, None, False)
    assert (moved.title, moved.ok_at) == (FULL.title, FULL.ok_at)
    assert ledger.due_feeds(NOON) == [moved]


def test_a_feed_that_is_configured_under_the_address_it_moved_to_keeps_what_it_taught(
    ledger: Ledger,
) -> None:
    moved = replace(FULL, address="https://f.example/new", retired=False)
    _commit(ledger, moved)
    ledger.register_feeds([("f", "https://f.example/new", "F")], at=NOON)
    assert ledger.feed("f") == replace(moved, url="https://f.example/new", address=None)


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (replace(FULL, retired=False, held_until=None, next_due_at=NOON), True),
        (replace(FULL, retired=False, held_until=None, next_due_at=NOON + HOUR), False),
        (replace(FULL, retired=False, held_until=None, next_due_at=None), True),
        (replace(FULL, retired=False, held_until=NOON, next_due_at=NOON), True),
        (replace(FULL, retired=False, held_until=NOON + HOUR, next_due_at=NOON), False),
        (replace(FULL, retired=True, held_until=None, next_due_at=NOON), False),
    ],
    ids=["due", "not yet", "never polled", "hold over", "held", "retired"],
)
def test_a_feed_is_due_when_its_time_has_come_and_nothing_holds_it(
    ledger: Ledger, state: FeedState, due: bool
) -> None:
    _commit(ledger, state)
    assert ledger.due_feeds(NOON) == ([state] if due else [])


def test_the_feed_that_waited_longest_comes_first(ledger: Ledger) -> None:
    for name, hours in (("a", 1), ("b", 3), ("c", 2)):
        ledger.register_feeds([(name, f"https://{name}.example/", name)], at=NOON - hours * HOUR)
    assert [feed.feed_id for feed in ledger.due_feeds(NOON)] == ["b", "c", "a"]


def test_a_poll_of_an_unregistered_feed_makes_it_known(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    assert [feed.feed_id for feed in ledger.feeds()] == ["f"]
