from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.websub import states
from ingest.websub.plan import Age, Ask, End, Forget, Open, Step, plan
from storage.subscription import Subscription, SubscriptionState
from tests.websub.values import BASE, DAY, HOUR, HUB, NOW, TOPIC, fresh

OFFER = {"f": (HUB, TOPIC)}
VERIFIED = states.confirmed(states.asked(fresh(), now=NOW), 10 * DAY, now=NOW)
LEAVING = states.unwanted(VERIFIED, "gone", now=NOW)


def steps(
    *subscriptions: Subscription,
    offered: dict[str, tuple[str, str]] | None = None,
    configured: frozenset[str] = frozenset({"f"}),
    base: str = BASE,
) -> list[Step]:
    offers = OFFER if offered is None else offered
    return list(plan(offers, subscriptions, configured=configured, base=base, now=NOW))


def test_a_feed_with_a_hub_gets_a_subscription() -> None:
    assert steps() == [Open(feed_id="f", hub=HUB, topic=TOPIC)]


@pytest.mark.parametrize(
    "offer",
    [
        ("ftp://hub.example/", TOPIC),
        ("/hub", TOPIC),
        (HUB, "urn:uuid:1"),
        (HUB, ""),
        ("", TOPIC),
        ("http://[::1", TOPIC),
        ("javascript:alert(1)", TOPIC),
    ],
)
def test_what_is_no_address_is_no_offer(offer: tuple[str, str]) -> None:
    assert steps(offered={"f": offer}) == []


def test_a_new_one_is_asked_for_and_one_that_stands_is_left_alone() -> None:
    assert steps(fresh()) == [Ask(token="token-of-f")]
    assert steps(VERIFIED) == []
    assert steps(states.asked(fresh(), now=NOW)) == []


def test_what_time_changed_is_written_down_first() -> None:
    lapsing = replace(VERIFIED, expires_at=NOW, verified_at=NOW - DAY, due_at=NOW)
    assert steps(lapsing) == [Age(token=VERIFIED.token)]
    assert steps(states.aged(lapsing, now=NOW)) == [Ask(token=VERIFIED.token)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"offered": {}}, "names no hub"),
        ({"configured": frozenset()}, "not polled any longer"),
        ({"offered": {"f": ("https://new.example/", TOPIC)}}, "another hub"),
        ({"offered": {"f": (HUB, TOPIC + "?new")}}, "another hub or topic"),
    ],
)
def test_one_that_is_not_wanted_any_longer_ends_at_its_hub(
    changes: dict[str, object], words: str
) -> None:
    (end, *opened) = steps(VERIFIED, **changes)  # type: ignore[arg-type]
    assert isinstance(end, End)
    assert words in end.why
    assert all(isinstance(step, Open) for step in opened)
    assert steps(LEAVING, **changes)[0] == Ask(token=LEAVING.token)  # type: ignore[arg-type]
    over = replace(LEAVING, expires_at=NOW)
    assert steps(over, **changes)[0] == Forget(token=LEAVING.token)  # type: ignore[arg-type]


def test_one_whose_callback_moved_is_forgotten_and_made_anew() -> None:
    assert steps(VERIFIED, base="https://elsewhere.example/websub") == [
        Forget(token=VERIFIED.token),
        Open(feed_id="f", hub=HUB, topic=TOPIC),
    ]


def test_of_two_for_one_feed_one_ends() -> None:
    second = replace(VERIFIED, token="u", callback=f"{BASE}/u")
    assert [type(step) for step in steps(VERIFIED, second)] == [End]


@given(
    st.lists(
        st.builds(
            lambda token, feed, state, hours, hub: replace(
                VERIFIED,
                token=token,
                callback=f"{BASE}/{token}",
                feed_id=feed,
                state=state,
                hub=hub,
                expires_at=NOW + hours * HOUR,
                due_at=NOW + hours * HOUR,
            ),
            st.uuids().map(str),
            st.sampled_from("fgh"),
            st.sampled_from(SubscriptionState),
            st.integers(-3, 3),
            st.sampled_from([HUB, "https://old.example/"]),
        ),
        max_size=8,
    )
)
def test_each_subscription_gets_one_step_at_most_and_each_feed_is_served_once(
    subscriptions: list[Subscription],
) -> None:
    offered = dict.fromkeys("fg", (HUB, TOPIC))
    found = steps(*subscriptions, offered=offered, configured=frozenset("fgh"))
    tokens = [step.token for step in found if not isinstance(step, Open)]
    assert len(tokens) == len(set(tokens))
    left = {step.token for step in found if isinstance(step, End | Forget)}
    for feed in "fg":
        serving = [
            s
            for s in subscriptions
            if s.feed_id == feed
            and s.token not in left
            and s.state is not SubscriptionState.UNSUBSCRIBING
        ]
        begun = [step for step in found if isinstance(step, Open) and step.feed_id == feed]
        assert len(serving) + len(begun) == 1
    assert not any(isinstance(step, Open) and step.feed_id == "h" for step in found)
