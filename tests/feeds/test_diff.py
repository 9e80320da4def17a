from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.feeds.diff import (
    MOST_AT_ONCE,
    TURN,
    Diff,
    diff,
    entry_hash,
    entry_id_of,
    pack,
    unpack,
)
from ingest.types import Feed, ParsedEntry
from storage.model import EntryState, Outcome, Reason
from tests.feeds.documents import NOW

FEED = Feed(id="example", url="https://example.org/feed", name="Example")
LATER = NOW + timedelta(hours=1)
ENTRY = ParsedEntry(
    guid="g",
    link="https://example.org/1",
    title="Title",
    summary="<p>Summary</p>",
    content="<p>Content</p>",
    updated_at=NOW,
)

MOMENTS = st.none() | st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2026, 1, 1),  # noqa: DTZ001 - idem
    timezones=st.just(UTC),
)
TEXTS = st.none() | st.text(max_size=10)
ENTRIES = st.builds(
    ParsedEntry,
    guid=st.text(min_size=1, max_size=2),
    link=st.none() | st.integers(0, 9).map("https://example.org/{}".format),
    title=TEXTS,
    authors=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    published_at=MOMENTS,
    updated_at=MOMENTS,
    raw_date=TEXTS,
    summary=TEXTS,
    content=TEXTS,
    language=st.none(),
    tags=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    image_url=st.none(),
)
DOCUMENTS = st.lists(ENTRIES, max_size=12)


def remembered(*diffs: Diff) -> dict[str, EntryState]:
    """What the ledger knows after these polls, with every entry done."""
    return {
        state.guid: replace(state, outcome=Outcome.NEW, payload=None, article_id="a")
        for found in diffs
        for state in found.pending
    }


def test_a_new_entry_waits_with_its_payload() -> None:
    (state,) = diff(FEED, [ENTRY], {}, now=NOW).pending
    assert state.entry_id == entry_id_of("example", "g")
    assert (state.feed_id, state.guid, state.url, state.title) == (
        "example",
        "g",
        ENTRY.link,
        "Title",
    )
    assert (state.outcome, state.reason) == (Outcome.PENDING, Reason.WAITING)
    assert state.first_seen_at == state.last_seen_at == state.due_at == NOW
    assert (state.recheck, state.attempts, state.article_id) == (False, 0, None)
    assert state.payload is not None
    assert unpack(state.payload) == ENTRY


def test_a_changed_entry_is_checked_again_and_stays_the_same_entry() -> None:
    known = remembered(diff(FEED, [ENTRY], {}, now=NOW))
    known["g"] = replace(known["g"], attempts=3, detail="stored")
    changed = replace(ENTRY, title="Another title")
    (state,) = diff(FEED, [changed], known, now=LATER).pending
    assert state.entry_id == known["g"].entry_id
    assert state.first_seen_at == NOW
    assert state.article_id == "a"
    assert (state.recheck, state.attempts, state.due_at, state.detail) == (True, 0, LATER, None)
    assert state.title == "Another title"
    assert state.payload is not None
    assert unpack(state.payload) == changed


def test_an_entry_still_pending_keeps_its_tries_when_it_changes() -> None:
    (waiting,) = diff(FEED, [ENTRY], {}, now=NOW).pending
    due = NOW + timedelta(hours=5)
    known = {"g": replace(waiting, attempts=2, due_at=due)}
    (state,) = diff(FEED, [replace(ENTRY, title="X")], known, now=LATER).pending
    assert (state.attempts, state.due_at, state.recheck) == (2, due, False)


def test_an_entry_still_pending_and_the_same_is_left_alone() -> None:
    (waiting,) = diff(FEED, [ENTRY], {}, now=NOW).pending
    assert diff(FEED, [ENTRY], {"g": waiting}, now=LATER) == Diff(unchanged=(waiting.entry_id,))


def test_an_entry_with_nothing_in_it_still_waits() -> None:
    assert len(diff(FEED, [ParsedEntry(guid="g")], {}, now=NOW).pending) == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(ENTRY, link="https://example.org/1?utm_source=rss&fbclid=7"),
        replace(ENTRY, link="http://example.org/1"),
        replace(ENTRY, tags=("b", "a")),
        replace(ENTRY, authors=("Ann",)),
        replace(ENTRY, image_url="https://example.org/i?token=2"),
        replace(ENTRY, content='<p class="n7">Content</p><img src="https://x.example/?sig=9">'),
        replace(ENTRY, summary=" <p>Summary</p>\n"),
    ],
)
def test_what_is_volatile_changes_nothing(other: ParsedEntry) -> None:
    assert entry_hash(other) == entry_hash(ENTRY)


@pytest.mark.parametrize(
    "other",
    [
        replace(ENTRY, link="https://example.org/2"),
        replace(ENTRY, link=None),
        replace(ENTRY, title="title"),
        replace(ENTRY, summary=None),
        replace(ENTRY, content="<p>Content.</p>"),
        replace(ENTRY, updated_at=LATER),
        replace(ENTRY, summary=ENTRY.content, content=ENTRY.summary),
    ],
)
def test_what_an_entry_says_changes_its_hash(other: ParsedEntry) -> None:
    assert entry_hash(other) != entry_hash(ENTRY)


def test_ids_differ_by_feed_and_guid() -> None:
    pairs = [("a", "b"), ("ab", ""), ("a", "b\x00"), ("b", "a")]
    assert len({entry_id_of(feed, guid) for feed, guid in pairs}) == len(pairs)


@given(ENTRIES)
def test_what_is_packed_is_unpacked_the_same(entry: ParsedEntry) -> None:
    assert unpack(pack(entry)) == entry


def test_other_bytes_are_not_unpacked() -> None:
    with pytest.raises(msgspec.MsgspecError):
        unpack(b"\x80")


@given(DOCUMENTS)
def test_the_same_document_twice_leaves_nothing_to_do(entries: list[ParsedEntry]) -> None:
    first = diff(FEED, entries, {}, now=NOW)
    second = diff(FEED, entries, remembered(first), now=LATER)
    assert second.pending == ()
    assert set(second.unchanged) == {state.entry_id for state in first.pending}


@given(DOCUMENTS, DOCUMENTS)
def test_every_guid_has_one_place(before: list[ParsedEntry], entries: list[ParsedEntry]) -> None:
    known: Mapping[str, EntryState] = remembered(diff(FEED, before, {}, now=NOW))
    found = diff(FEED, entries, known, now=LATER)
    ids = [state.entry_id for state in found.pending] + list(found.unchanged)
    assert len(ids) == len(set(ids)) == len({entry.guid for entry in entries})


@given(DOCUMENTS, st.data())
def test_the_order_of_entries_does_not_matter(
    entries: list[ParsedEntry], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(entries))
    one, other = diff(FEED, entries, {}, now=NOW), diff(FEED, shuffled, {}, now=NOW)
    assert {state.guid: state for state in one.pending} == {s.guid: s for s in other.pending}


def due_counts(found: Diff) -> list[int]:
    """How many entries are due now, a turn later, and so on."""
    turns = Counter((state.due_at or NOW) - NOW for state in found.pending)
    return [turns[length] for length in sorted(turns)]


@pytest.mark.parametrize(
    ("entries", "waiting", "counts"),
    [
        (1_000, 0, [1_000]),
        (1_001, 0, [1_000, 1]),
        (2_500, 0, [1_000, 1_000, 500]),
        (1_000, 400, [600, 400]),
        (10, 1_000, [10]),
        (10, 10_000, [10]),
    ],
)
def test_no_more_than_a_thousand_entries_of_a_feed_are_due_at_a_time(
    entries: int, waiting: int, counts: list[int]
) -> None:
    listed = [ParsedEntry(guid=str(number)) for number in range(entries)]
    found = diff(FEED, listed, {}, now=NOW, waiting=waiting)
    assert len(found.pending) == entries
    assert due_counts(found) == counts
    later = sum((state.due_at or NOW) > NOW for state in found.pending)
    assert found.put_off == later == max(0, entries - max(0, MOST_AT_ONCE - waiting))


def test_entries_that_changed_wait_for_their_turn_and_pending_ones_keep_theirs() -> None:
    listed = [ParsedEntry(guid=str(number)) for number in range(1_200)]
    first = diff(FEED, listed, {}, now=NOW)
    again = [replace(entry, title="x") for entry in listed]
    waiting = {state.guid: state for state in first.pending}
    kept = diff(FEED, again, waiting, now=NOW + TURN, waiting=1_200)
    assert [state.due_at for state in kept.pending] == [state.due_at for state in first.pending]
    assert kept.put_off == 0
    assert due_counts(diff(FEED, again, remembered(first), now=NOW)) == [1_000, 200]
