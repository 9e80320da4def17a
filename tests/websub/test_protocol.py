from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.websub import states
from ingest.websub.protocol import (
    LEASE,
    LONGEST_LEASE,
    Answer,
    Confirm,
    Denial,
    Release,
    Unwanted,
    read_verification,
    request_form,
)
from storage.subscription import Subscription, SubscriptionState
from tests.websub.values import BASE, NOW, TOPIC, fresh

ASKED = {
    "hub.mode": "subscribe",
    "hub.topic": TOPIC,
    "hub.challenge": "abc",
    "hub.lease_seconds": "864000",
}
LEAVING = states.unwanted(fresh(), "gone", now=NOW)


def in_state(state: SubscriptionState) -> Subscription:
    return replace(fresh(), state=state)


def asks(subscription: Subscription, **changes: str | None) -> Answer:
    fields = ASKED | {f"hub.{name}": value for name, value in changes.items()}
    kept = {name: value for name, value in fields.items() if value is not None}
    return read_verification(subscription, urlencode(kept))


def test_the_form_of_a_subscription_has_the_five_fields() -> None:
    subscription = fresh(topic="https://f.example/f\u00e9ed?a=1&b=2")
    form = request_form(subscription)
    assert form.isascii()
    assert parse_qs(form.decode(), strict_parsing=True) == {
        "hub.callback": [f"{BASE}/token-of-f"],
        "hub.mode": ["subscribe"],
        "hub.topic": ["https://f.example/f\u00e9ed?a=1&b=2"],
        "hub.lease_seconds": ["864000"],
        "hub.secret": ["secret"],
    }


def test_the_form_that_ends_one_tells_no_secret() -> None:
    assert parse_qs(request_form(LEAVING).decode()) == {
        "hub.callback": [f"{BASE}/token-of-f"],
        "hub.mode": ["unsubscribe"],
        "hub.topic": [TOPIC],
    }


@pytest.mark.parametrize("state", SubscriptionState)
def test_a_subscription_is_confirmed_only_while_it_is_wanted(state: SubscriptionState) -> None:
    wanted = state in {SubscriptionState.SUBSCRIBING, SubscriptionState.VERIFIED}
    assert isinstance(asks(in_state(state)), Confirm if wanted else Unwanted)


@pytest.mark.parametrize("state", SubscriptionState)
def test_it_is_released_only_if_it_is_to_end(state: SubscriptionState) -> None:
    released = state is SubscriptionState.UNSUBSCRIBING
    answer = asks(in_state(state), mode="unsubscribe", lease_seconds=None)
    assert answer == Release(challenge="abc") if released else isinstance(answer, Unwanted)


@pytest.mark.parametrize("state", SubscriptionState)
def test_it_may_be_denied_at_any_time(state: SubscriptionState) -> None:
    denied = {"mode": "denied", "challenge": None, "lease_seconds": None}
    assert asks(in_state(state), **denied) == Denial(why=None)
    assert asks(in_state(state), **denied, reason=" no\x1b[0m \n") == Denial(why="no[0m")
    assert isinstance(asks(in_state(state), **denied, topic="https://f.example/"), Unwanted)


@pytest.mark.parametrize(
    ("text", "lease"),
    [
        ("1", timedelta(seconds=1)),
        ("864000", timedelta(days=10)),
        (None, LEASE),
        ("31536000", LONGEST_LEASE),
        ("999999999999", LONGEST_LEASE),
    ],
)
def test_the_lease_is_the_hubs_within_bounds(text: str | None, lease: timedelta) -> None:
    assert asks(fresh(), lease_seconds=text) == Confirm(challenge="abc", lease=lease)


@pytest.mark.parametrize(
    "changes",
    [
        {"topic": None},
        {"topic": ""},
        {"topic": TOPIC + "/"},
        {"topic": TOPIC.upper()},
        {"mode": None},
        {"mode": "SUBSCRIBE"},
        {"mode": "subscribe "},
        {"challenge": None},
        {"challenge": ""},
        {"challenge": "a\r\nSet-Cookie: b"},
        {"challenge": "a b"},
        {"challenge": "\u00e9"},
        {"challenge": "x" * 513},
        {"lease_seconds": ""},
        {"lease_seconds": "0"},
        {"lease_seconds": "000"},
        {"lease_seconds": "-5"},
        {"lease_seconds": "1.5"},
        {"lease_seconds": "1e9"},
        {"lease_seconds": "\u0661"},
        {"lease_seconds": "9" * 5000},
    ],
)
def test_what_does_not_fit_is_not_confirmed(changes: dict[str, str | None]) -> None:
    assert isinstance(asks(fresh(), **changes), Unwanted)


@pytest.mark.parametrize("name", ASKED)
def test_a_field_given_twice_means_nothing(name: str) -> None:
    query = urlencode(ASKED) + "&" + urlencode({name: ASKED[name]})
    assert isinstance(read_verification(fresh(), query), Unwanted)


def test_too_many_fields_are_not_read() -> None:
    query = urlencode(ASKED) + "&a=b" * 100
    assert isinstance(read_verification(fresh(), query), Unwanted)


@given(st.text(max_size=300) | st.just(urlencode(ASKED)).flatmap(st.permutations).map("".join))
def test_no_query_makes_it_fail_or_confirms_what_is_not_wanted(query: str) -> None:
    lapsed = in_state(SubscriptionState.LAPSED)
    assert isinstance(read_verification(lapsed, query), Denial | Unwanted)
