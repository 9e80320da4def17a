from collections import Counter
from dataclasses import replace

import pytest

from storage.ledger.base import Ledger
from storage.model import EntryCommit, Outcome, OutcomeChange, Reason
from tests.ledger.values import HOUR, NOON, again, change, entry, failed, new, poll, stored


def _changes(ledger: Ledger) -> list[tuple[str, Outcome, Reason]]:
    rows = ledger.snapshot().rows["outcomes"]
    assert all(isinstance(row, OutcomeChange) for row in rows)
    return [
        (row.entry_id, row.outcome, row.reason) for row in rows if isinstance(row, OutcomeChange)
    ]


def _settle(ledger: Ledger, commit: EntryCommit) -> None:
    with ledger.writing() as writer:
        writer.commit(commit)


def test_new_entries_come_back_by_guid_without_their_payloads(ledger: Ledger) -> None:
    a, b = entry("a"), entry("b")
    assert ledger.commit_poll(poll(a, b)) == (a, b)
    assert ledger.known_entries("f") == {
        "a": replace(a, payload=None),
        "b": replace(b, payload=None),
    }
    assert ledger.known_entries("g") == {}


def test_a_poll_journals_itself_and_each_entry_it_brought(ledger: Ledger) -> None:
    commit = poll(entry("a"), entry("b"), run="r7")
    ledger.commit_poll(commit)
    rows = ledger.snapshot().rows
    assert rows["polls"] == (commit.poll,)
    assert _changes(ledger) == [
        ("f/a", Outcome.PENDING, Reason.WAITING),
        ("f/b", Outcome.PENDING, Reason.WAITING),
    ]
    assert {row.run_id for row in rows["outcomes"] if isinstance(row, OutcomeChange)} == {"r7"}


def test_an_entry_another_process_wrote_first_is_not_written_again(
    ledger: Ledger, other: Ledger
) -> None:
    other.commit_poll(poll(entry("a")))
    assert ledger.commit_poll(poll(entry("a"), entry("b"))) == (entry("b"),)
    assert [entry_id for entry_id, _, _ in _changes(ledger)] == ["f/a", "f/b"]


def test_one_guid_in_two_feeds_is_two_entries(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    ledger.commit_poll(poll(entry("a", feed="g"), feed="g"))
    assert ledger.count_outcomes()[Outcome.PENDING] == 2
    assert ledger.count_outcomes("g")[Outcome.PENDING] == 1


def test_an_unchanged_poll_adds_only_its_own_row_and_the_last_sighting(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    ledger.commit_poll(poll(seen=("f/a",), at=NOON + HOUR))
    assert len(_changes(ledger)) == 1
    assert ledger.known_entries("f")["a"].last_seen_at == NOON + HOUR
    ledger.commit_poll(poll(seen=("f/a",), at=NOON))
    assert ledger.known_entries("f")["a"].last_seen_at == NOON + HOUR


def test_a_changed_entry_that_was_done_waits_again_with_its_new_payload(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    _settle(ledger, new(entry("a"), stored("A")))
    changed = entry("a", version=1, at=NOON + HOUR)
    assert ledger.commit_poll(poll(changed, at=NOON + HOUR)) == (changed,)
    run = ledger.begin_run(kind="crawl", at=NOON)
    (claimed,) = ledger.claim_pending(run, now=NOON + HOUR, limit=9)
    assert claimed == replace(changed, first_seen_at=NOON, article_id="A")
    assert claimed.recheck
    assert _changes(ledger)[-1] == ("f/a", Outcome.PENDING, Reason.WAITING)


def test_a_change_that_another_process_wrote_is_not_written_again(
    ledger: Ledger, other: Ledger
) -> None:
    ledger.commit_poll(poll(entry("a")))
    _settle(ledger, failed(entry("a")))
    changed = entry("a", version=1)
    assert other.commit_poll(poll(changed)) == (changed,)
    assert ledger.commit_poll(poll(changed)) == ()
    _settle(ledger, failed(changed))
    assert ledger.commit_poll(poll(changed)) == ()
    assert ledger.count_outcomes()[Outcome.FAILED] == 1


def test_an_entry_found_anew_by_a_late_poll_stays_done(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a", version=1)))
    _settle(ledger, failed(entry("a")))
    stale = replace(entry("a"), recheck=False)
    assert ledger.commit_poll(poll(stale)) == ()


def test_an_entry_that_changes_while_it_waits_keeps_its_turn(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    run = ledger.begin_run(kind="crawl", at=NOON)
    ledger.claim_pending(run, now=NOON, limit=1)
    _settle(ledger, again(entry("a"), attempts=2, due_at=NOON + HOUR))
    changed = entry("a", version=1)
    assert ledger.commit_poll(poll(changed)) == (changed,)
    assert ledger.claim_pending(run, now=NOON, limit=1) == []
    (claimed,) = ledger.claim_pending(run, now=NOON + HOUR, limit=1)
    assert (claimed.payload, claimed.attempts) == (changed.payload, 2)
    assert not claimed.recheck, "it was never done before"


def test_a_change_to_an_entry_being_worked_on_is_found_by_the_next_poll(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    run = ledger.begin_run(kind="crawl", at=NOON)
    ledger.claim_pending(run, now=NOON, limit=1)
    changed = entry("a", version=1)
    assert ledger.commit_poll(poll(changed)) == ()
    _settle(ledger, failed(entry("a")))
    assert ledger.known_entries("f")["a"].entry_hash == entry("a").entry_hash
    assert ledger.commit_poll(poll(changed)) == (changed,)


def test_a_done_entry_drops_its_payload_and_its_claim(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    run = ledger.begin_run(kind="crawl", at=NOON)
    ledger.claim_pending(run, now=NOON, limit=1)
    _settle(ledger, failed(entry("a")))
    done = ledger.known_entries("f")["a"]
    assert (done.outcome, done.reason) == (Outcome.FAILED, Reason.HTTP_NOT_FOUND)
    assert (done.detail, done.due_at) == ("a is failed", None)
    assert ledger.claim_pending(run, now=NOON + HOUR, limit=9) == []


def test_an_entry_to_be_tried_again_waits_unclaimed_with_its_payload(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    run = ledger.begin_run(kind="crawl", at=NOON)
    ledger.claim_pending(run, now=NOON, limit=1)
    _settle(ledger, again(entry("a"), attempts=1, due_at=NOON + HOUR))
    assert ledger.claim_pending(run, now=NOON, limit=9) == []
    (claimed,) = ledger.claim_pending(run, now=NOON + HOUR, limit=9)
    assert (claimed.attempts, claimed.reason) == (1, Reason.DEADLINE)
    assert claimed.payload == entry("a").payload


def test_an_entry_is_settled_only_once(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a")))
    _settle(ledger, new(entry("a"), stored("A")))
    before = ledger.snapshot()
    with ledger.writing() as writer:
        assert not writer.is_pending("f/a")
    with pytest.raises(LookupError, match="not pending"):
        _settle(ledger, new(entry("a"), stored("B")))
    assert ledger.snapshot() == before
    assert ledger.article("B") is None


def test_an_entry_nobody_saw_cannot_be_settled(ledger: Ledger) -> None:
    with pytest.raises(LookupError), ledger.writing() as writer:
        writer.commit(failed(entry("a")))


@pytest.mark.parametrize(
    "commit",
    [
        EntryCommit(change=change(entry("a"), Outcome.PENDING)),
        replace(failed(entry("a")), retry=again(entry("a"), attempts=1, due_at=NOON).retry),
    ],
    ids=["pending without", "done with"],
)
def test_a_retry_belongs_to_a_pending_entry(ledger: Ledger, commit: EntryCommit) -> None:
    ledger.commit_poll(poll(entry("a")))
    with pytest.raises(ValueError, match="retry"), ledger.writing() as writer:
        writer.commit(commit)


def test_outcomes_are_counted_with_zeros(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a"), entry("b"), entry("c")))
    _settle(ledger, failed(entry("b")))
    assert ledger.count_outcomes() == {
        **dict.fromkeys(Outcome, 0),
        Outcome.PENDING: 2,
        Outcome.FAILED: 1,
    }


def test_entries_are_found_by_id_link_article_and_alias(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a"), entry("b"), entry("c")))
    _settle(ledger, new(entry("a"), stored("A")))
    by_link = ledger.entries_matching(url="https://f.example/b")
    by_alias = ledger.entries_matching(url="https://f.example/A")
    by_article = ledger.entries_matching(article_id="A")
    by_id = ledger.entries_matching(entry_id="f/c")
    found = [[e.guid for e in some] for some in (by_link, by_alias, by_article, by_id)]
    assert found == [["b"], ["a"], ["a"], ["c"]]
    assert ledger.entries_matching() == []
    assert ledger.entries_matching(url="https://f.example/nowhere") == []
    assert all(e.payload is None for e in by_link)


def test_entries_are_listed_by_outcome_last_seen_first(ledger: Ledger) -> None:
    names = "abcd"
    ledger.commit_poll(poll(*map(entry, names)))
    for name in "abc":
        _settle(ledger, failed(entry(name)))
    ledger.commit_poll(poll(seen=("f/b",), at=NOON + HOUR))
    found = ledger.entries_with([Outcome.FAILED, Outcome.SKIPPED], 2)
    assert [e.guid for e in found] == ["b", "a"]
    assert [e.guid for e in ledger.entries_with([Outcome.PENDING], 9)] == ["d"]


def test_the_longest_due_are_claimed_first_and_each_once(ledger: Ledger) -> None:
    late = [replace(entry(n), due_at=NOON - i * HOUR) for i, n in enumerate("abc")]
    ledger.commit_poll(poll(*late, replace(entry("d"), due_at=NOON + HOUR)))
    run = ledger.begin_run(kind="crawl", at=NOON)
    first = ledger.claim_pending(run, now=NOON, limit=2)
    assert [e.guid for e in first] == ["c", "b"]
    assert first[0].payload == late[2].payload
    assert [e.guid for e in ledger.claim_pending(run, now=NOON, limit=2)] == ["a"]
    assert ledger.claim_pending(run, now=NOON, limit=2) == []


def test_claims_can_be_narrowed_to_some_entries(ledger: Ledger) -> None:
    ledger.commit_poll(poll(*map(entry, "abc")))
    run = ledger.begin_run(kind="crawl", at=NOON)
    claimed = ledger.claim_pending(run, now=NOON, limit=9, entry_ids=["f/b", "f/x"])
    assert [e.guid for e in claimed] == ["b"]
    assert ledger.claim_pending(run, now=NOON, limit=9, entry_ids=[]) == []


def test_a_hundred_thousand_claims_at_once_are_no_matter_of_sql_limits(ledger: Ledger) -> None:
    ids = [f"f/{n}" for n in range(100_000)]
    ledger.commit_poll(poll(entry("7"), seen=tuple(ids)))
    run = ledger.begin_run(kind="crawl", at=NOON)
    assert len(ledger.claim_pending(run, now=NOON, limit=9, entry_ids=ids)) == 1


def test_every_entry_has_one_outcome_row_for_each_change(ledger: Ledger) -> None:
    ledger.commit_poll(poll(*map(entry, "ab")))
    _settle(ledger, again(entry("a"), attempts=1, due_at=NOON))
    _settle(ledger, new(entry("a"), stored("A")))
    _settle(ledger, failed(entry("b")))
    assert Counter(outcome for _, outcome, _ in _changes(ledger)) == {
        Outcome.PENDING: 3,
        Outcome.NEW: 1,
        Outcome.FAILED: 1,
    }


def test_what_waits_for_its_first_try_can_be_brought_forward(ledger: Ledger) -> None:
    ledger.commit_poll(poll(replace(entry("a"), due_at=NOON + HOUR), entry("b")))
    _settle(ledger, again(entry("b"), attempts=1, due_at=NOON + HOUR))
    run = ledger.begin_run(kind="test", at=NOON)
    assert ledger.claim_pending(run, now=NOON, limit=10) == []
    ledger.bring_forward(at=NOON)
    assert [e.guid for e in ledger.claim_pending(run, now=NOON, limit=10)] == [entry("a").guid]


def test_no_feed_is_given_more_than_its_share(ledger: Ledger) -> None:
    ledger.commit_poll(poll(*map(entry, "abcd")))
    others = [replace(entry(n), feed_id="g", entry_id=f"g/{n}", due_at=NOON) for n in "ab"]
    ledger.commit_poll(poll(*others))
    run = ledger.begin_run(kind="crawl", at=NOON)
    claimed = ledger.claim_pending(run, now=NOON, limit=9, share=2)
    assert [(e.feed_id, e.guid) for e in claimed] == [
        ("f", "a"),
        ("f", "b"),
        ("g", "a"),
        ("g", "b"),
    ]
    assert ledger.claim_pending(run, now=NOON, limit=9, share=2, but=["f"]) == []
    assert len(ledger.claim_pending(run, now=NOON, limit=9, share=2)) == 2
