from dataclasses import replace

from storage.ledger.base import Ledger
from storage.model import FeedState, Reason
from storage.subscription import Subscription, SubscriptionState
from tests.ledger.values import HOUR, NOON, poll

FULL = Subscription(
    token="t" * 43,
    feed_id="f",
    hub="https://hub.example/",
    topic="https://f.example/feed",
    callback="https://news.example/websub/" + "t" * 43,
    secret="s" * 43,
    state=SubscriptionState.VERIFIED,
    reason=Reason.CONFIRMED,
    detail="é",
    requested_at=NOON - 2 * HOUR,
    verified_at=NOON - HOUR,
    expires_at=NOON + 100 * HOUR,
    due_at=NOON + 75 * HOUR,
    failures=1,
    pushes=3,
    pushed_at=NOON,
    misses=2,
    missed_at=NOON - HOUR / 2,
    ignored=4,
)


def test_a_subscription_comes_back_as_it_was_written(ledger: Ledger) -> None:
    other = replace(FULL, token="u" * 43, feed_id="e", expires_at=None, pushed_at=None)
    ledger.subscriptions.open(FULL)
    ledger.subscriptions.open(other)
    assert ledger.subscriptions.all() == [other, FULL]
    assert ledger.subscriptions.of_feed("f") == [FULL]
    assert ledger.subscriptions.one(FULL.token) == FULL
    assert ledger.subscriptions.one("v") is None


def test_opening_one_again_leaves_it_as_it_is(ledger: Ledger) -> None:
    ledger.subscriptions.open(FULL)
    ledger.subscriptions.open(replace(FULL, pushes=0))
    assert ledger.subscriptions.one(FULL.token) == FULL


def test_a_change_is_written_and_returned_and_none_is_made_of_what_is_not_there(
    ledger: Ledger, other: Ledger
) -> None:
    ledger.subscriptions.open(FULL)

    def count(subscription: Subscription) -> Subscription:
        return replace(subscription, pushes=subscription.pushes + 1)

    assert ledger.subscriptions.change(FULL.token, count) == replace(FULL, pushes=4)
    assert other.subscriptions.change(FULL.token, count) == replace(FULL, pushes=5)
    assert ledger.subscriptions.one(FULL.token) == replace(FULL, pushes=5)
    ledger.subscriptions.forget(FULL.token)
    assert other.subscriptions.change(FULL.token, count) is None
    assert other.subscriptions.all() == []


def test_feeds_that_name_a_hub_and_a_topic_are_offered_unless_retired(ledger: Ledger) -> None:
    hub, topic = "https://hub.example/", "https://a.example/feed"
    for feed_id, offer in {
        "a": (hub, topic),
        "b": (hub, None),
        "c": (None, topic),
        "d": (None, None),
    }.items():
        state = FeedState(feed_id=feed_id, url="u", name="X", hub=offer[0], topic=offer[1])
        ledger.commit_poll(replace(poll(feed=feed_id), state=state))
    gone = FeedState(feed_id="e", url="u", name="E", hub="h", topic="t", retired=True)
    ledger.commit_poll(replace(poll(feed="e"), state=gone))
    assert ledger.subscriptions.offers() == {"a": (hub, topic)}


def test_a_feed_is_polled_by_a_moment_if_it_would_be_polled_later(ledger: Ledger) -> None:
    state = FeedState(feed_id="f", url="u", name="F", next_due_at=NOON + HOUR)
    ledger.commit_poll(replace(poll(feed="f"), state=state))
    ledger.subscriptions.poll_by("f", NOON + 2 * HOUR)
    assert ledger.feed("f") == state
    ledger.subscriptions.poll_by("f", NOON)
    assert ledger.feed("f") == replace(state, next_due_at=NOON)
    assert ledger.due_feeds(NOON) == [replace(state, next_due_at=NOON)]
