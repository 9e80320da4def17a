"""What a poll must not lose, and how far off a time may be before it is taken for a mistake."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from storage.ledger.base import Ledger
from storage.model import FeedState, PollCommit
from tests.ledger.values import HOUR, NOON, entry, new, poll, stored

FAR_OFF = [NOON + 26 * HOUR, NOON + timedelta(days=3650)]
SOON = [NOON + HOUR, NOON + 24 * HOUR]


def _with_validators(commit: PollCommit) -> PollCommit:
    state = replace(commit.state, etag='"2"', last_modified="Mon", body_hash="b" * 64)
    return replace(commit, state=state)


def _validators(ledger: Ledger) -> tuple[str | None, str | None, str | None]:
    state = ledger.feed("f")
    assert state is not None
    return state.etag, state.last_modified, state.body_hash


def test_a_poll_that_left_a_change_out_is_made_up_for_by_a_later_one(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    run = ledger.begin_run(kind="crawl", at=NOON)
    assert ledger.claim_pending(run, now=NOON, limit=9)
    change = entry("a", version=1)
    assert ledger.commit_poll(_with_validators(poll(change, entry("b")))) == (entry("b"),)
    assert _validators(ledger) == (None, None, None)
    with ledger.writing() as writer:
        writer.commit(new(entry("a"), stored("A")))
    assert ledger.commit_poll(_with_validators(poll(change))) == (change,)
    assert _validators(ledger) == ('"2"', "Mon", "b" * 64)


def test_a_poll_whose_entries_are_all_written_keeps_its_validators(ledger: Ledger) -> None:
    ledger.commit_poll(_with_validators(poll(entry("a"), entry("b"))))
    assert _validators(ledger) == ('"2"', "Mon", "b" * 64)


def _feed(ledger: Ledger, *, next_due_at: datetime, held_until: datetime | None) -> list[FeedState]:
    commit = poll()
    state = replace(commit.state, next_due_at=next_due_at, held_until=held_until)
    ledger.commit_poll(replace(commit, state=state))
    return ledger.due_feeds(NOON)


@pytest.mark.parametrize("time", FAR_OFF)
def test_a_feed_is_due_whose_hold_or_next_poll_is_further_off_than_any_wait(
    ledger: Ledger, time: datetime
) -> None:
    assert _feed(ledger, next_due_at=time, held_until=None)
    assert _feed(ledger, next_due_at=NOON, held_until=time)
    assert _feed(ledger, next_due_at=time, held_until=time)


@pytest.mark.parametrize("time", SOON)
def test_a_feed_is_not_due_whose_hold_or_next_poll_is_within_a_day(
    ledger: Ledger, time: datetime
) -> None:
    assert not _feed(ledger, next_due_at=time, held_until=None)
    assert not _feed(ledger, next_due_at=NOON, held_until=time)
    assert not _feed(ledger, next_due_at=FAR_OFF[0], held_until=time)
    assert not _feed(ledger, next_due_at=time, held_until=FAR_OFF[0])


@pytest.mark.parametrize(
    ("time", "due"), [*((t, True) for t in FAR_OFF), *((t, False) for t in SOON)]
)
def test_an_entry_is_due_whose_next_try_is_further_off_than_any_wait(
    ledger: Ledger, time: datetime, due: bool
) -> None:
    ledger.commit_poll(poll(replace(entry("a"), due_at=time)))
    run = ledger.begin_run(kind="crawl", at=NOON)
    assert bool(ledger.claim_pending(run, now=NOON, limit=9)) is due
