from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.feeds.cadence import body_hash, is_same_body, request_for
from ingest.types import Fetched, Validators
from storage.model import FeedState, Reason
from tests.feeds.cadence.polls import (
    DATE,
    DAY,
    FEED,
    HOUR,
    STATE,
    answer,
    delay,
    document,
    failure,
    success,
)
from tests.feeds.documents import NOW


def test_validators_are_kept_byte_for_byte() -> None:
    sent = answer(etag='W/"a b\\"', last_modified="yesterday, about noon")
    state = success(sent, document()).state
    assert (state.etag, state.last_modified) == ('W/"a b\\"', "yesterday, about noon")
    asked = request_for(state, FEED, now=NOW)
    assert asked.validators == Validators(
        etag='W/"a b\\"', last_modified="yesterday, about noon", url=FEED.url
    )


@pytest.mark.parametrize(
    ("headers", "etag", "last_modified"),
    [
        ({}, None, None),
        ({"etag": '"new"'}, '"new"', None),
        ({"last_modified": DATE}, None, DATE),
        ({"etag": '"new"', "last_modified": DATE}, '"new"', DATE),
    ],
)
def test_a_whole_answer_replaces_both_validators_with_what_it_has(
    headers: dict[str, str], etag: str | None, last_modified: str | None
) -> None:
    state = success(answer(**headers), document()).state
    assert (state.etag, state.last_modified) == (etag, last_modified)


def test_validators_are_saved_also_when_the_body_is_the_same() -> None:
    state = success(answer(200, b"old", etag='"new"')).state
    assert (state.etag, state.last_modified) == ('"new"', None)
    assert (state.reason, state.title) == (Reason.SAME_BODY, "Old title")


@pytest.mark.parametrize(
    ("headers", "etag", "last_modified"),
    [
        ({}, STATE.etag, STATE.last_modified),
        ({"etag": '"new"'}, '"new"', STATE.last_modified),
        ({"last_modified": "now"}, STATE.etag, "now"),
    ],
)
def test_a_304_keeps_the_validators_it_does_not_replace(
    headers: dict[str, str], etag: str, last_modified: str
) -> None:
    state = success(answer(304, **headers)).state
    assert (state.etag, state.last_modified) == (etag, last_modified)
    assert (state.body_hash, state.validators_url) == (STATE.body_hash, STATE.validators_url)
    assert (state.reason, state.status) == (Reason.NOT_MODIFIED, 304)


def test_validators_go_back_to_the_address_behind_redirects_that_gave_them() -> None:
    there = replace(answer(etag='"1"'), url="https://cdn.example/f", redirects=((302, "x"),))
    asked = request_for(success(there, document()).state, FEED, now=NOW)
    assert (asked.url, asked.validators.url) == (FEED.url, "https://cdn.example/f")


def test_nothing_known_of_another_address_is_sent_to_a_new_one() -> None:
    moved = replace(FEED, url="https://example.net/feed")
    asked = request_for(replace(STATE, address="https://old.example/"), moved, now=NOW)
    assert (asked.url, asked.validators, asked.is_whole) == (moved.url, Validators(), True)


def test_a_deltas_validators_are_those_of_the_whole_feed() -> None:
    state = success(answer(226, etag='"new"'), document()).state
    assert (state.etag, state.last_modified) == ('"new"', None)


def test_a_delta_without_validators_leaves_the_old_ones() -> None:
    state = success(answer(226), document()).state
    assert (state.etag, state.last_modified) == (STATE.etag, STATE.last_modified)


def test_a_deltas_body_is_never_taken_for_the_feed_that_was_last_seen() -> None:
    delta = answer(226, b"old")
    assert not is_same_body(STATE, delta)
    state = success(delta, document()).state
    assert (state.reason, state.body_hash) == (Reason.FETCHED, None)
    assert not is_same_body(state, answer(200, b"old"))
    assert is_same_body(STATE, answer(200, b"old"))


BLIND = replace(STATE, etag=None, last_modified=None, answer_date=DATE, full_at=NOW)


def test_without_validators_the_date_of_the_last_answer_stands_in() -> None:
    state = success(replace(answer(date=DATE), conditional=False), document()).state
    assert (state.answer_date, state.full_at) == (DATE, NOW)
    asked = request_for(state, FEED, now=NOW + HOUR)
    assert asked.validators == Validators(last_modified=DATE, url=FEED.url)


@pytest.mark.parametrize(("etag", "modified"), [('"x"', None), (None, "x"), ('"x"', "x")])
def test_a_date_stands_neither_beside_a_validator_nor_in_its_place(
    etag: str | None, modified: str | None
) -> None:
    known = replace(BLIND, etag=etag, last_modified=modified)
    asked = request_for(known, FEED, now=NOW + HOUR)
    assert (asked.validators.etag, asked.validators.last_modified) == (etag, modified)


def test_a_feed_that_is_asked_by_date_is_asked_for_whole_once_a_day() -> None:
    almost = NOW + DAY - timedelta(seconds=1)
    assert not request_for(BLIND, FEED, now=almost).is_whole
    assert request_for(BLIND, FEED, now=NOW + DAY).is_whole


@pytest.mark.parametrize("date", ["", "now", "0"])
def test_a_date_that_is_none_does_not_stand_in(date: str) -> None:
    assert success(answer(date=date), document()).state.answer_date is None


def test_a_304_keeps_the_date_of_the_last_whole_answer() -> None:
    state = success(answer(304, date="Tue, 24 Nov 2026 12:00:00 GMT"), state=BLIND).state
    assert (state.answer_date, state.full_at) == (DATE, NOW)


def test_a_server_that_gives_nothing_to_ask_with_is_asked_once_a_day_and_that_is_said() -> None:
    learnt = success(replace(answer(), conditional=False), document(HOUR * 0, HOUR, HOUR * 2))
    assert delay(learnt) == DAY
    assert learnt.state.schedule[-1] == (
        "its server gives nothing to ask conditionally with, so all of it is asked for: "
        "once in 24 h"
    )
    assert request_for(learnt.state, FEED, now=NOW + DAY).is_whole


def test_an_address_that_leads_elsewhere_each_time_is_asked_once_a_day() -> None:
    before = replace(STATE, full_at=NOW - HOUR)
    elsewhere = replace(answer(etag='"1"'), conditional=False, url="https://cdn.example/2")
    learnt = success(elsewhere, document(), state=before)
    assert delay(learnt) == DAY
    assert "leads elsewhere each time" in learnt.state.schedule[-1]
    # Once in a while is nothing: the next request can be conditional.
    once = success(elsewhere, document(), state=replace(STATE, full_at=NOW - DAY))
    assert delay(once) < HOUR


def test_a_first_request_that_failed_at_the_server_is_not_made_again_the_same_day() -> None:
    fresh = replace(STATE, etag=None, last_modified=None, failures=0.0)
    learnt = failure(Reason.HTTP_SERVER_ERROR, state=fresh, whole=True)
    assert learnt.state.full_at == NOW
    assert delay(learnt) == DAY
    unreached = failure(Reason.CONNECT_FAILED, state=fresh, whole=True)
    assert unreached.state.full_at is None
    assert delay(unreached) < HOUR * 2


def test_a_conditional_request_that_failed_leaves_the_day_of_the_whole_one() -> None:
    assert failure(Reason.HTTP_SERVER_ERROR, state=BLIND).state.full_at == NOW


STATES = st.builds(
    replace,
    st.just(STATE),
    etag=st.none() | st.text(),
    last_modified=st.none() | st.text(),
    answer_date=st.none() | st.just(DATE),
    full_at=st.none() | st.datetimes().map(lambda moment: moment.replace(tzinfo=NOW.tzinfo)),
)
ANSWERS = st.builds(
    lambda status, headers, conditional: replace(
        answer(status, **headers), conditional=conditional or status == 304
    ),
    st.sampled_from([200, 226, 304]),
    st.dictionaries(st.sampled_from(["etag", "last_modified", "date"]), st.just(DATE)),
    st.booleans(),
)


@given(STATES, ANSWERS)
def test_no_feed_is_asked_for_whole_twice_within_a_day(state: FeedState, sent: Fetched) -> None:
    asked = request_for(state, FEED, now=NOW)
    learnt = success(replace(sent, conditional=not asked.is_whole), document(), state=state)
    assert learnt.state.next_due_at is not None
    again = request_for(learnt.state, FEED, now=learnt.state.next_due_at)
    if asked.is_whole and again.is_whole:
        assert learnt.state.next_due_at >= NOW + DAY


def test_success_ends_the_count_of_failures() -> None:
    held = replace(STATE, held_until=NOW, retired=True)
    state = success(answer(), document(), state=held).state
    assert (state.failures, state.ok, state.held_until, state.retired) == (0.0, True, None, False)
    assert state.ok_at == state.polled_at == NOW
    assert (state.reason, state.status, state.title) == (Reason.FETCHED, 200, "Title")
    assert state.body_hash == body_hash(b"new")


def test_a_documents_flaw_is_remembered() -> None:
    parsed = replace(document(), flaw="no well-formed XML")
    assert success(answer(), parsed).state.detail == "no well-formed XML"


HUB, TOPIC = "https://hub.example/", "https://example.org/topic"


def test_the_site_hub_and_topic_are_remembered_and_headers_go_before_the_document() -> None:
    parsed = replace(document(), link="https://example.org/", hub=HUB, topic=TOPIC)
    told = success(answer(), parsed).state
    assert (told.link, told.hub, told.topic) == ("https://example.org/", HUB, TOPIC)
    linked = replace(answer(), links={"hub": "https://other.example/", "self": "/own"})
    state = success(linked, parsed).state
    assert (state.hub, state.topic) == ("https://other.example/", "https://example.org/own")


def test_an_answer_without_a_document_leaves_site_hub_and_topic_as_they_were() -> None:
    known = replace(STATE, link="https://example.org/", hub=HUB, topic=TOPIC)
    state = success(answer(304), state=known).state
    assert (state.link, state.hub, state.topic) == ("https://example.org/", HUB, TOPIC)
    assert success(answer(), document(), state=known).state.hub is None
