from dataclasses import replace
from datetime import timedelta

import pytest

from ingest.feeds.cadence import Learnt, request_for
from ingest.types import Fault, Fetched
from storage.model import FeedState, Reason
from tests.feeds.cadence.polls import (
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

NEW = "https://news.example.net/rss"


def redirected(*statuses: int, to: str = NEW, status: int = 200) -> Fetched:
    hops = tuple((code, to) for code in statuses)
    return replace(answer(status, etag='"there"'), url=to, redirects=hops)


def polls(sent: list[Fetched], state: FeedState = STATE, every: timedelta = DAY) -> Learnt:
    """Poll once for each answer, ``every`` so often."""
    learnt = Learnt(state=state)
    for number, one in enumerate(sent):
        learnt = success(one, document(), state=learnt.state, now=NOW + number * every)
    return learnt


def test_a_permanent_move_is_believed_after_a_week() -> None:
    almost = polls([redirected(301)] * 7).state
    assert (almost.address, almost.moved_to, almost.moved_since) == (None, NEW, NOW)
    assert request_for(almost, FEED, now=NOW).url == FEED.url
    learnt = polls([redirected(301)] * 8)
    assert (learnt.state.address, learnt.state.moved_to) == (NEW, None)
    assert "; ".join(learnt.events) == (
        f"moved for good to {NEW}, which it said for 7 d: it is asked for there from now on; "
        "put that address into feeds.yml"
    )
    asked = request_for(learnt.state, FEED, now=NOW)
    assert (asked.url, asked.validators.etag, asked.validators.url) == (NEW, '"there"', NEW)


def test_several_permanent_hops_are_one_move() -> None:
    assert polls([redirected(301, 308)] * 8).state.address == NEW


@pytest.mark.parametrize(
    "chain", [(302,), (303,), (307,), (301, 302), (302, 301), (308, 307, 301), ()]
)
def test_a_chain_with_a_temporary_hop_is_never_remembered(chain: tuple[int, ...]) -> None:
    state = polls([redirected(*chain)] * 30).state
    assert (state.address, state.moved_to, state.moved_since) == (None, None, None)


@pytest.mark.parametrize(
    "between", [redirected(302), redirected(), redirected(301, to="https://x.example/")]
)
def test_a_week_is_one_without_a_break(between: Fetched) -> None:
    steady = [redirected(301)] * 5
    assert polls([*steady, between, *steady]).state.address is None


def test_a_week_that_seems_to_begin_later_begins_now() -> None:
    """The clock was ahead when the move was first seen."""
    moving = replace(STATE, moved_to=NEW, moved_since=NOW + 365 * DAY)
    state = success(redirected(301), document(), state=moving).state
    assert (state.moved_to, state.moved_since) == (NEW, NOW)


@pytest.mark.parametrize(
    ("old", "new", "at_once"),
    [
        ("http://example.org/feed?a=1", "https://example.org/feed?a=1", True),
        ("http://example.org", "https://example.org/", True),
        ("http://example.org:80/feed", "https://example.org:443/feed", True),
        ("HTTP://Example.org/feed", "https://example.org/feed", True),
        ("http://example.org/feed", "https://www.example.org/feed", False),
        ("http://example.org/feed", "https://example.org/rss", False),
        ("http://example.org/feed", "https://example.org/feed?login", False),
        ("http://example.org:8080/feed", "https://example.org/feed", False),
        ("https://example.org/feed", "http://example.org/feed", False),
    ],
)
def test_the_same_over_tls_is_believed_at_once(old: str, new: str, at_once: bool) -> None:
    before = replace(STATE, url=old)
    learnt = success(redirected(301, to=new), document(), state=before)
    assert learnt.state.address == (new if at_once else None)


def gone(status: int, *redirects: int) -> Fault:
    reason = Reason.HTTP_GONE if status == 410 else Reason.HTTP_NOT_FOUND
    hops = tuple((code, NEW) for code in redirects)
    return Fault(reason=reason, detail=f"status {status}", status=status, redirects=hops)


@pytest.mark.parametrize("status", [404, 410])
def test_a_move_is_believed_at_once_when_the_old_address_is_gone(status: int) -> None:
    before = polls([redirected(301)]).state
    learnt = failure(gone(status), state=before)
    assert (learnt.state.address, learnt.state.retired) == (NEW, False)
    assert learnt.state.etag == '"there"'
    assert learnt.events[0].startswith(f"moved for good to {NEW}, and the old address answers")
    assert delay(learnt) < HOUR
    # It is the old address that must be gone, not the new one.
    assert failure(gone(status, 301), state=before).state.address is None


def test_an_address_that_is_gone_and_named_no_other_is_plainly_gone() -> None:
    assert failure(gone(404)).state.address is None
    assert failure(gone(410)).state.retired


def test_a_page_that_is_no_feed_is_no_place_to_move_to() -> None:
    before = polls([redirected(301)] * 6).state
    after = failure(Reason.NOT_A_FEED, state=before).state
    assert (after.address, after.moved_to) == (None, None)


def test_a_fault_that_says_nothing_of_the_move_does_not_break_it() -> None:
    before = polls([redirected(301)] * 3).state
    after = failure(Reason.DEADLINE, state=before).state
    assert (after.moved_to, after.moved_since) == (before.moved_to, before.moved_since)


@pytest.mark.parametrize("status", [404, 410])
def test_if_the_new_address_is_gone_the_configured_one_is_asked_again(status: int) -> None:
    moved = polls([redirected(301)] * 8).state
    learnt = failure(gone(status), state=moved)
    assert (learnt.state.address, learnt.state.retired) == (None, False)
    assert (learnt.state.etag, learnt.state.body_hash, learnt.state.full_at) == (None, None, None)
    assert f"{NEW}, where it had moved to, answers {status}" in learnt.events[0]
    assert learnt.state.schedule[0] == learnt.events[0]
    asked = request_for(learnt.state, FEED, now=NOW)
    assert (asked.url, asked.is_whole) == (FEED.url, True)


def test_an_address_that_moves_back_is_the_configured_one_again() -> None:
    moved = replace(STATE, address=NEW)
    assert polls([redirected(301, to=FEED.url)] * 8, state=moved).state.address is None
