from dataclasses import replace

import pytest

from storage.model import FeedState
from tests.feeds.cadence.polls import DAY, FEED, HOUR, STATE, answer, delay, document, success
from tests.feeds.documents import NOW

SEEN = replace(STATE, new_at=NOW - DAY, full_at=NOW - 9 * DAY)
AGES = (HOUR * 0, HOUR * 4, HOUR * 8)
PARSED = document(*AGES)


def test_a_poll_that_shares_no_entry_with_what_is_known_is_a_gap() -> None:
    learnt = success(answer(etag='"1"'), PARSED, state=SEEN)
    assert learnt.gap
    assert (learnt.state.gaps, learnt.state.gap_at) == (1, NOW)
    assert learnt.events == ("no entry in common with the last poll: some may have been missed",)


@pytest.mark.parametrize(
    ("status", "state", "known", "entries"),
    [
        (200, SEEN, ("one",), 3),
        (226, SEEN, (), 3),
        (200, replace(SEEN, new_at=None), (), 3),
        (200, replace(SEEN, full_at=None), (), 3),
        (200, SEEN, (), 2),
        (200, SEEN, (), 0),
    ],
    ids=["shares one", "a delta", "first news", "new address", "shows its newest", "empty"],
)
def test_other_polls_are_none(
    status: int, state: FeedState, known: tuple[str, ...], entries: int
) -> None:
    parsed = document(*AGES[:entries])
    learnt = success(answer(status, etag='"1"'), parsed, state=state, known=known)
    assert (learnt.gap, learnt.state.gaps, learnt.events) == (False, 0, ())


def test_an_answer_with_nothing_to_parse_is_none() -> None:
    assert not success(answer(304), state=SEEN).gap


def test_a_gap_halves_the_interval_for_a_week_and_says_so() -> None:
    learnt = success(answer(etag='"1"'), PARSED, state=SEEN)
    assert learnt.state.interval_seconds == 3600
    assert learnt.state.schedule[1] == (
        "the poll of 2026-11-23 12:00 UTC shared no entry with the one before: "
        "halved for a week, to 1 h"
    )
    for days, seconds in ((6, 3600), (8, 7200)):
        before = replace(SEEN, gaps=1, gap_at=NOW - days * DAY)
        again = success(answer(etag='"1"'), PARSED, state=before, known=("one",))
        assert again.state.interval_seconds == seconds
        assert again.state.gaps == 1


def test_quiet_polls_after_a_gap_halve_nothing() -> None:
    before = replace(SEEN, gaps=1, gap_at=NOW - DAY)
    assert success(answer(304), state=before).state.interval_seconds == 3600 * 1.25


def test_gap_after_gap_halves_but_once() -> None:
    state = SEEN
    for number in range(5):
        state = success(answer(200, b"%d" % number, etag='"1"'), PARSED, state=state).state
    assert (state.gaps, state.interval_seconds) == (5, 3600)


def test_a_gap_goes_neither_under_the_floor_nor_before_wishes() -> None:
    busy = document(HOUR * 0, HOUR / 60, HOUR / 30, ttl=2 * HOUR)
    learnt = success(answer(etag='"1"'), busy, state=SEEN)
    assert learnt.gap
    assert learnt.state.interval_seconds == 300
    assert delay(learnt) >= 2 * HOUR


def test_a_configured_interval_stays_and_the_gap_is_said() -> None:
    feed = replace(FEED, interval=6 * HOUR)
    learnt = success(answer(etag='"1"'), PARSED, state=SEEN, feed=feed)
    assert learnt.state.interval_seconds == 6 * 3600
    assert "a shorter interval would miss less" in learnt.state.schedule[1]
