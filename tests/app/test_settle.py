import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.feeds.diff import entry_id_of
from ingest.settle.finding import Known, Postponed, Refused
from storage.lake.lake import Lake
from storage.model import (
    Match,
    Outcome,
    Reason,
    TextSource,
)
from tests.app.desk import HOUR, NEAR, NOON, OTHER, RUN, TEXT, Desk, id_of, prose


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path)
    yield opened
    assert opened.ledger.checks() == []
    assert Lake(tmp_path, opened.ledger).verify() == []
    # What was told last of an entry is what it is.
    told = {
        row["entry_id"]: row["outcome"]
        for row in opened.view("FROM outcomes ORDER BY changed_at, outcome <> 'pending'")
    }
    entries = opened.ledger.entries_with(list(Outcome), limit=100)
    assert {entry.entry_id: entry.outcome.value for entry in entries} == told
    opened.ledger.close()


def test_a_text_never_seen_is_new(desk: Desk) -> None:
    change = desk.find("first", TEXT)
    assert (change.outcome, change.reason) == (Outcome.NEW, Reason.FIRST_SEEN)
    assert change.article_id == id_of("first")
    stored = desk.article("first")
    assert (stored.revision, stored.story_id, stored.duplicate_of) == (0, id_of("first"), None)
    assert desk.journal("articles") == [("first", 0)]
    entry = desk.entry("first")
    assert (entry.outcome, entry.article_id, entry.payload) == (Outcome.NEW, id_of("first"), None)


def test_a_refusal_ends_an_entry_without_an_article(desk: Desk) -> None:
    state = desk.announce("first")
    refused = Refused(outcome=Outcome.FAILED, reason=Reason.HTTP_GONE, detail="gone")
    change = desk.settle(state, refused)
    assert change is not None
    assert (change.outcome, change.reason, change.article_id) == (
        Outcome.FAILED,
        Reason.HTTP_GONE,
        None,
    )
    assert desk.journal("articles") == []


def test_an_article_whose_page_is_gone_at_a_recheck_stays_stored(desk: Desk) -> None:
    desk.find("first", TEXT)
    gone = Refused(outcome=Outcome.FAILED, reason=Reason.HTTP_NOT_FOUND, detail="gone")
    desk.announce("first", version=1)
    change = desk.settle(desk.entry("first"), gone)
    assert change is not None
    assert (change.outcome, change.reason) == (Outcome.UNCHANGED, Reason.HTTP_NOT_FOUND)
    assert len(desk.journal("articles")) == 1


def test_a_feed_s_text_is_no_revision_of_what_the_page_says(desk: Desk) -> None:
    desk.find("first", TEXT)
    teaser = desk.found("first", OTHER)
    teaser = replace(teaser, extracted=replace(teaser.extracted, text_source=TextSource.FEED))
    change = desk.settle(desk.announce("first", version=1), teaser)
    assert change is not None
    assert (change.outcome, change.reason) == (Outcome.UNCHANGED, Reason.KNOWN_URL)
    assert desk.article("first").revision == 0


def test_a_page_s_text_follows_a_feed_s_as_a_revision(desk: Desk) -> None:
    teaser = desk.found("first", OTHER)
    teaser = replace(teaser, extracted=replace(teaser.extracted, text_source=TextSource.FEED))
    desk.settle(desk.announce("first"), teaser)
    assert desk.find("first", TEXT, version=1).outcome is Outcome.REVISED


def test_a_reused_guid_does_not_make_its_new_article_old(desk: Desk) -> None:
    desk.find("first", TEXT)
    desk.at += 61 * 24 * HOUR
    state = desk.announce("first", version=1)
    elsewhere = desk.found("elsewhere", OTHER)
    desk.settle(state, elsewhere)
    assert desk.article("elsewhere").first_seen_at == desk.at


def test_a_postponed_entry_stays_pending_until_it_is_due(desk: Desk) -> None:
    state = desk.announce("first")
    postponed = Postponed(reason=Reason.DEADLINE, detail="slow", wait=HOUR)
    change = desk.settle(state, postponed)
    assert change is not None
    entry = desk.entry("first")
    assert (entry.outcome, entry.reason) == (Outcome.PENDING, Reason.DEADLINE)
    assert (entry.attempts, entry.due_at) == (1, desk.at + HOUR)


def test_a_link_to_a_stored_article_is_unchanged_and_one_more_name_for_it(desk: Desk) -> None:
    desk.find("first", TEXT)
    state = desk.announce("second")
    link = "https://short.example/s?utm_source=x"
    known = Known(article_id=id_of("first"), url="https://first.example/story", urls=(link,))
    change = desk.settle(state, known)
    assert change is not None
    assert (change.outcome, change.reason) == (Outcome.UNCHANGED, Reason.KNOWN_URL)
    named = desk.ledger.article_by_url(["https://short.example/s"])
    assert named == desk.article("first")


def test_the_same_text_again_is_unchanged(desk: Desk) -> None:
    desk.find("first", TEXT)
    change = desk.find("first", TEXT, version=1)
    assert (change.outcome, change.reason) == (Outcome.UNCHANGED, Reason.SAME_TEXT)
    assert desk.journal("articles") == [("first", 0)]


def test_a_changed_text_is_the_next_revision(desk: Desk) -> None:
    desk.find("first", TEXT)
    for revision, text in enumerate((NEAR, OTHER, TEXT), start=1):
        change = desk.find("first", text, version=revision)
        assert (change.outcome, change.reason) == (Outcome.REVISED, Reason.TEXT_CHANGED)
        assert desk.article("first").revision == revision
    assert desk.journal("articles") == [("first", n) for n in range(4)]
    assert desk.article("first").first_seen_at == NOON + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "match", "reason"),
    [
        (TEXT, Match.EXACT, Reason.EXACT_COPY),
        (TEXT.upper(), Match.EXACT, Reason.EXACT_COPY),
        (NEAR, Match.NEAR, Reason.NEAR_COPY),
        (f"{TEXT} {prose(5, 14)}", Match.CONTAINED, Reason.CONTAINED_COPY),
    ],
)
def test_a_later_copy_is_a_duplicate(desk: Desk, text: str, match: Match, reason: Reason) -> None:
    desk.find("first", TEXT, published=NOON - 2 * HOUR)
    change = desk.find("second", text, published=NOON - HOUR)
    assert (change.outcome, change.reason) == (Outcome.DUPLICATE, reason)
    assert change.evidence != "{}"
    (row,) = desk.view("FROM duplicates")
    assert (row["article_id"], row["duplicate_of"]) == (id_of("second"), id_of("first"))
    assert (row["match"], row["story_id"], row["text"]) == (match, id_of("first"), None)
    assert desk.journal("articles") == [("first", 0)]


def test_the_text_of_a_copy_is_kept_where_that_is_asked_for(desk: Desk) -> None:
    desk.find("first", TEXT)
    desk.find("second", NEAR, run=replace(RUN, keep_duplicate_text=True))
    (row,) = desk.view("FROM duplicates")
    assert row["text"] == NEAR


def test_with_the_fold_off_a_copy_is_an_article(desk: Desk) -> None:
    unfolded = replace(RUN, fold=False)
    desk.find("first", TEXT, run=unfolded)
    change = desk.find("second", TEXT, run=unfolded)
    assert (change.outcome, change.reason) == (Outcome.NEW, Reason.FIRST_SEEN)
    assert desk.journal("duplicates") == []


def test_a_text_outside_the_window_is_not_copied(desk: Desk) -> None:
    desk.find("first", TEXT)
    desk.at += timedelta(days=91)
    assert desk.find("second", TEXT).outcome is Outcome.NEW


def test_a_copy_of_a_copy_is_folded_into_the_storys_first(desk: Desk) -> None:
    desk.find("first", TEXT)
    desk.find("second", f"{NEAR} Then it rained.")
    desk.find("third", f"{NEAR} Then it rained.")
    assert {row["duplicate_of"] for row in desk.view("FROM duplicates")} == {id_of("first")}


@pytest.mark.parametrize("flushed", [False, True], ids=["in the journal", "in Parquet"])
def test_a_better_original_that_arrives_late_takes_the_story_over(
    desk: Desk, flushed: bool
) -> None:
    desk.find("second", NEAR, published=NOON - 2 * HOUR)
    desk.find("third", f"{NEAR} Then it rained.", published=NOON - HOUR)
    if flushed:
        desk.flush()
    change = desk.find("first", TEXT, published=NOON - 3 * HOUR)

    assert (change.outcome, change.reason) == (Outcome.NEW, Reason.FIRST_SEEN)
    former = desk.entry("second")
    assert (former.outcome, former.reason) == (Outcome.DUPLICATE, Reason.BETTER_ORIGINAL)
    story = desk.ledger.story(desk.article("first").story_id)
    assert [(a.article_id, a.duplicate_of) for a in story] == [
        (id_of("first"), None),
        (id_of("second"), id_of("first")),
        (id_of("third"), id_of("first")),
    ]
    if flushed:
        assert desk.journal("articles") == [("first", 0)]
        assert desk.journal("duplicates") == [("second", 0)]
    else:
        assert desk.journal("articles") == [("first", 0)]
        assert desk.journal("duplicates") == [("third", 0), ("second", 0)]
    assert [row["article_id"] for row in desk.view("FROM articles")] == [id_of("first")]
    rows = desk.view("SELECT article_id, duplicate_of FROM duplicates ORDER BY published_at")
    assert rows == [
        {"article_id": id_of("second"), "duplicate_of": id_of("first")},
        {"article_id": id_of("third"), "duplicate_of": id_of("first")},
    ]
    (demotion,) = desk.view("FROM outcomes WHERE reason = 'better_original'")
    assert demotion["entry_id"] == entry_id_of("f", "second")
    evidence = json.loads(str(demotion["evidence"]))
    assert evidence["rule"]
    assert evidence["of"] == id_of("first")
    assert json.loads(change.evidence)["passages"] == evidence["passages"][::-1]
    assert json.loads(change.evidence)["passages_shared"] == evidence["passages_shared"]


def test_a_copy_whose_text_drifts_away_is_an_article_again(desk: Desk) -> None:
    desk.find("first", TEXT)
    desk.find("second", NEAR)
    change = desk.find("second", OTHER, version=1)
    assert (change.outcome, change.reason) == (Outcome.REVISED, Reason.TEXT_CHANGED)
    stored = desk.article("second")
    assert (stored.revision, stored.duplicate_of) == (1, None)
    assert stored.story_id != desk.article("first").story_id
    assert desk.view("FROM duplicates") == []
    assert len(desk.view("FROM articles")) == 2
    assert len(desk.view("FROM stories")) == 2


def test_a_copy_that_changes_and_is_one_still_stays_in_its_story(desk: Desk) -> None:
    desk.find("first", TEXT, published=NOON)
    desk.find("second", NEAR, published=NOON + HOUR)
    change = desk.find("second", f"{NEAR} Then it rained.", version=1, published=NOON + HOUR)
    assert (change.outcome, change.reason) == (Outcome.DUPLICATE, Reason.NEAR_COPY)
    assert desk.article("second").revision == 1
    assert desk.journal("duplicates") == [("second", 0), ("second", 1)]
    assert len(desk.view("FROM duplicates")) == 1


def test_a_former_first_that_drifts_away_leaves_the_story_to_the_better_original(
    desk: Desk,
) -> None:
    desk.find("second", NEAR, published=NOON)
    desk.find("first", TEXT, published=NOON - HOUR)
    desk.find("second", OTHER, version=1, published=NOON)
    assert desk.article("second").duplicate_of is None
    assert desk.article("second").story_id != desk.article("first").story_id
    assert len(desk.view("FROM stories")) == 2


def test_an_entry_that_another_process_settled_is_left_alone(desk: Desk) -> None:
    state = desk.announce("first")
    assert desk.settle(state, desk.found("first", TEXT)) is not None
    assert desk.settle(state, desk.found("first", OTHER)) is None
    assert desk.article("first").revision == 0
    assert desk.journal("articles") == [("first", 0)]
