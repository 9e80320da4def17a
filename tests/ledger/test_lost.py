"""Changes that could be lost between processes, and times set by a clock that was wrong."""

from dataclasses import replace
from datetime import timedelta

from storage.ledger.base import Ledger
from storage.model import Outcome, Reason
from tests.ledger.values import HOUR, NOON, better, entry, new, poll, stored


def test_a_poll_that_leaves_a_change_out_drops_the_validators(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    run = ledger.begin_run(kind="crawl", at=NOON)
    assert ledger.claim_pending(run, now=NOON, limit=9)
    assert ledger.commit_poll(poll(entry("a", version=1))) == ()
    state = ledger.feed("f")
    assert state is not None
    assert (state.etag, state.last_modified, state.body_hash) == (None, None, None)


def test_what_another_process_wrote_first_is_no_loss(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    commit = poll(entry("a"), entry("b"))
    known = replace(commit.state, etag='"1"', answer_date="Mon", body_hash="b" * 64)
    assert ledger.commit_poll(replace(commit, state=known)) == (entry("b"),)
    assert ledger.feed("f") == known


def test_what_is_to_be_read_again_is_read_a_day_after_the_last_time(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    run = ledger.begin_run(kind="crawl", at=NOON)
    assert ledger.claim_pending(run, now=NOON, limit=9)
    commit = poll(entry("a", version=1))
    for hours, due in ((23, 1), (1, 23)):
        known = replace(
            commit.state, next_due_at=NOON + HOUR, full_at=NOON - hours * HOUR, answer_date="Mon"
        )
        ledger.commit_poll(replace(commit, state=known))
        state = ledger.feed("f")
        assert state is not None
        assert (state.next_due_at, state.answer_date) == (NOON + due * HOUR, None)
        assert "all is read again" in state.schedule[-1]


def test_a_demotion_is_told_of_an_entry_that_was_looked_at_again(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a"), entry("b")))
    former = replace(stored("A"), feed_id="f", guid="a")
    with ledger.writing() as writer:
        writer.commit(new(entry("a"), former))
    ledger.commit_poll(poll(entry("a", version=1)))
    again = new(entry("a"), former)
    same = replace(again.change, outcome=Outcome.UNCHANGED, reason=Reason.SAME_TEXT)
    with ledger.writing() as writer:
        writer.commit(replace(again, change=same, stored=None, rows=()))
        commit = better(entry("b"), stored("B"), former)
        assert commit.demoted is not None
        place, row, demotion = commit.demoted
        demotion = replace(demotion, entry_id=entry("a").entry_id)
        told = writer.commit(replace(commit, demoted=(place, row, demotion)))
    assert [change.entry_id for change in told] == [entry("b").entry_id, entry("a").entry_id]
    known = ledger.known_entries("f")["a"]
    assert (known.outcome, known.reason) == (Outcome.DUPLICATE, Reason.BETTER_ORIGINAL)


def test_a_feed_or_entry_whose_time_a_wrong_clock_set_is_due(ledger: Ledger) -> None:
    far = NOON + timedelta(days=3650)
    commit = poll(replace(entry("a"), due_at=far))
    ledger.commit_poll(replace(commit, state=replace(commit.state, next_due_at=far)))
    assert [feed.feed_id for feed in ledger.due_feeds(NOON)] == ["f"]
    run = ledger.begin_run(kind="crawl", at=NOON)
    assert [e.guid for e in ledger.claim_pending(run, now=NOON, limit=9)] == ["a"]


def test_a_feed_that_is_due_tomorrow_is_not_due(ledger: Ledger) -> None:
    commit = poll()
    ledger.commit_poll(replace(commit, state=replace(commit.state, next_due_at=NOON + 24 * HOUR)))
    assert ledger.due_feeds(NOON) == []


def test_a_feed_that_rests_on_some_days_may_be_due_next_week(ledger: Ledger) -> None:
    commit = poll()
    resting = replace(commit.state, next_due_at=NOON + timedelta(days=6), skip_days=(5, 6))
    ledger.commit_poll(replace(commit, state=resting))
    assert ledger.due_feeds(NOON) == []
    far = replace(resting, next_due_at=NOON + timedelta(days=10))
    ledger.commit_poll(replace(commit, state=far))
    assert ledger.due_feeds(NOON) == [far]
