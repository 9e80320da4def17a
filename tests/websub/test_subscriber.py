"""Subscriber, callback server, poller and ledger with a real hub on loopback."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from storage.model import Reason
from storage.subscription import SubscriptionState as State
from tests.websub.house import DAY, HOUR, NOON, Daemon, House, run, until
from tests.websub.hub import call, open_hub, signature


def test_a_feed_that_names_a_hub_is_subscribed_to_and_what_is_pushed_is_stored_without_a_poll(
    house: House,
) -> None:
    async def case(daemon: Daemon) -> None:
        subscription = await daemon.subscribed()
        (asked,) = house.hub.asked
        assert asked["hub.mode"] == "subscribe"
        assert asked["hub.topic"] == house.topic
        assert asked["hub.callback"] == f"{house.base}/{subscription.token}"
        assert 20 <= len(asked["hub.secret"]) < 200
        assert asked["hub.lease_seconds"] == str(10 * 86_400)
        assert subscription.expires_at == NOON + 10 * DAY
        (answered,) = house.hub.verified
        assert answered.headers["content-type"] == "application/octet-stream"
        assert answered.headers["x-content-type-options"] == "nosniff"

        house.web.asked.clear()
        before = await daemon.feed()
        house.clock.now += timedelta(minutes=1)
        assert await daemon.publish("ferry") == [202]
        await daemon.stored("/ferry")
        assert "/feed" not in house.web.asked
        row = (await daemon.polls())[-1]
        assert (row.reason, row.ok, row.url, row.entries, row.new) == (
            "pushed",
            True,
            house.topic,
            1,
            1,
        )
        after = await daemon.feed()
        assert after.new_at == house.clock.now
        kept = ("etag", "last_modified", "body_hash", "polled_at", "reason", "next_due_at", "gaps")
        assert all(getattr(before, name) == getattr(after, name) for name in kept)

    run(house, case)


def test_a_hub_that_the_document_alone_names_is_found(house: House) -> None:
    house.web.headers.clear()
    house.web.pages["/feed"] = (
        "<?xml version='1.0'?><rss version='2.0' xmlns:a='http://www.w3.org/2005/Atom'><channel>"
        f"<title>F</title><a:link rel='hub' href='{house.hub.base}/'/>"
        f"<a:link rel='self' href='{house.topic}?as=rss'/></channel></rss>"
    )

    async def case(daemon: Daemon) -> None:
        found = await daemon.subscribed()
        assert (found.hub, found.topic) == (f"{house.hub.base}/", f"{house.topic}?as=rss")

    run(house, case)


def test_a_lease_is_renewed_before_it_ends_at_the_same_callback(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        first = await daemon.subscribed()
        house.clock.now = first.due_at
        assert NOON + 7 * DAY <= first.due_at <= NOON + 8 * DAY
        await daemon.tick()
        await until(lambda: len(house.hub.verified) == 2, "verified again")
        found = await daemon.subscription()
        assert found.token == first.token
        assert found.expires_at == house.clock.now + 10 * DAY
        assert len(house.hub.asked) == 2

    run(house, case)


def test_a_hub_that_never_verifies_is_asked_again_later_and_later(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        house.hub.verifies = False
        for hour in range(48):
            house.clock.now = NOON + hour * HOUR
            await daemon.tick()
            await until(lambda: not daemon.subscriber._asking, "the hub has answered")
        assert 4 <= len(house.hub.asked) <= 7
        found = await daemon.subscription()
        assert found.state in {State.SUBSCRIBING, State.LAPSED}
        assert found.verified_at is None
        assert len({fields["hub.callback"] for fields in house.hub.asked}) == 1
        assert (await asyncio.to_thread(call, "POST", found.callback, b"")).status == 404

    run(house, case)


@pytest.mark.parametrize(
    "changes",
    [
        {"topic": "http://other.example/feed"},
        {"mode": "unsubscribe"},
        {"mode": "publish"},
        {"challenge": ""},
        {"challenge": "a b"},
        {"challenge": "\x00\x1b[31m"},
        {"challenge": "x" * 513},
        {"lease_seconds": "0"},
        {"lease_seconds": "-1"},
        {"lease_seconds": "for ever"},
        {"lease_seconds": "9" * 400},
    ],
)
def test_what_was_not_asked_for_is_not_confirmed(house: House, changes: dict[str, str]) -> None:
    async def case(daemon: Daemon) -> None:
        house.hub.verifies = False
        await daemon.tick()
        await until(lambda: bool(house.hub.asked), "the hub was asked")
        answered = await asyncio.to_thread(house.hub.verify, house.hub.asked[0], **changes)
        assert answered.status == 404
        assert (await daemon.subscription()).state is State.SUBSCRIBING
        assert (await asyncio.to_thread(house.hub.verify, house.hub.asked[0])).status == 200
        assert (await daemon.subscription()).state is State.VERIFIED

    run(house, case)


def test_a_denial_is_kept_with_its_reason_and_polling_goes_on(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        await daemon.relied_on()
        house.clock.now += HOUR
        answered = await asyncio.to_thread(
            house.hub.deny, house.hub.asked[0], "not\x1b[31m for\nyou"
        )
        assert answered.status == 200
        found = await daemon.subscription()
        assert (found.state, found.reason) == (State.DENIED, "denied")
        assert found.detail == "the hub denied it: not[31m for you"
        state = await daemon.feed()
        assert state.next_due_at is not None
        assert state.next_due_at <= house.clock.now
        assert await daemon.publish("mast") == [410]
        for _ in range(20):
            house.clock.now += DAY
            await daemon.tick()
        assert len(house.hub.asked) == 1

    run(house, case)


FORGERIES: tuple[Callable[[bytes, str], str], ...] = (
    lambda _body, _secret: "sha256=" + "0" * 64,
    lambda _body, _secret: "",
    lambda body, secret: signature(body, secret + "x"),
    lambda body, secret: signature(body + b" ", secret),
    lambda body, secret: signature(body, secret).replace("sha256", "md5"),
    lambda body, secret: signature(body, secret).partition("=")[2],
    lambda body, secret: signature(body, secret)[:-2],
    lambda _body, _secret: "sha256=" + "\u00e9" * 64,
)


def test_what_is_not_rightly_signed_is_taken_and_dropped(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async def case(daemon: Daemon) -> None:
        await daemon.subscribed()
        body = b"<?xml version='1.0'?><rss version='2.0'><channel></channel></rss>"
        for forge in FORGERIES:
            answers = await asyncio.to_thread(house.hub.publish, house.topic, body, sign=forge)
            assert [answer.status for answer in answers] == [202]
        found = await daemon.subscription()
        assert (found.ignored, found.pushes) == (len(FORGERIES), 0)
        assert [poll.reason for poll in await daemon.polls()] == ["fetched"]
        for method in ("sha1", "sha256", "sha384", "sha512"):
            sign = partial(signature, method=method)
            await asyncio.to_thread(house.hub.publish, house.topic, body, sign=sign)
        assert (await daemon.subscription()).pushes == 4

    with caplog.at_level(logging.CRITICAL):
        run(house, case)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_a_feed"),
        (b"\x00" * 5000, "not_a_feed"),
        (b"<!doctype html><title>Login</title>", "not_a_feed"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><rss>&a;</rss>', "not_a_feed"),
        (b"{" * 3000, "not_a_feed"),
    ],
)
def test_a_hostile_body_is_told_and_costs_the_feed_nothing(
    house: House, body: bytes, reason: str
) -> None:
    async def case(daemon: Daemon) -> None:
        await daemon.subscribed()
        before = await daemon.feed()
        answers = await asyncio.to_thread(house.hub.publish, house.topic, body)
        assert [answer.status for answer in answers] == [202]
        row = (await daemon.polls())[-1]
        assert (row.ok, row.reason) == (False, reason)
        assert row.detail is not None
        assert row.detail.endswith("; pushed by the hub")
        assert await daemon.feed() == before
        assert (await daemon.subscription()).pushes == 0
        assert await daemon.publish("ferry") == [202]
        await daemon.stored("/ferry")

    run(house, case)


def test_a_hub_may_send_on_to_another_by_307_and_not_by_302(house: House, tmp_path: Path) -> None:
    async def case(daemon: Daemon) -> None:
        with open_hub() as other:
            house.hub.onward = f"{other.base}/"
            await daemon.tick()
            await until(lambda: bool(other.subscriptions), "the other hub has verified")
            assert other.asked[0]["hub.topic"] == house.topic

    run(house, case)
    house.folder = tmp_path / "second"
    house.folder.mkdir()
    house.hub.onward, house.hub.refuses = None, 302
    house.port = House(house.web, house.hub, tmp_path).port

    async def refused(daemon: Daemon) -> None:
        await daemon.tick()
        await until(lambda: not daemon.subscriber._asking, "the hub has answered")
        assert (await daemon.subscription()).state is State.LAPSED

    run(house, refused)


def test_what_a_hub_says_to_its_refusal_is_kept(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        house.hub.refuses, house.hub.says = 400, "topic is not\nallowed here"
        await daemon.tick()
        await until(lambda: not daemon.subscriber._asking, "the hub has answered")
        found = await daemon.subscription()
        assert (found.state, found.reason) == (State.LAPSED, "http_client_error")
        assert found.detail == "answered with status 400: topic is not allowed here"
        assert found.due_at == NOON + HOUR

    run(house, case)


def test_a_feed_that_names_another_hub_is_unsubscribed_at_the_old_one(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        first = await daemon.subscribed()
        with open_hub() as other:
            house.names_hub("/feed", hub=f"{other.base}/")
            house.clock.now += HOUR
            await daemon.tick()
            await daemon.tick()
            await until(lambda: bool(other.subscriptions), "the new hub has verified")
            await until(lambda: not house.hub.subscriptions, "the old hub has let go")
            assert [fields["hub.mode"] for fields in house.hub.asked] == [
                "subscribe",
                "unsubscribe",
            ]
            found = await daemon.subscription()
            assert found.hub == f"{other.base}/"
            assert found.token != first.token
            answered = await asyncio.to_thread(call, "POST", first.callback, b"")
            assert answered.status == 404

    run(house, case)


def test_no_hub_may_end_a_subscription_that_is_wanted(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        await daemon.subscribed()
        answered = await asyncio.to_thread(house.hub.verify, house.hub.asked[0], mode="unsubscribe")
        assert answered.status == 404
        assert (await daemon.subscription()).state is State.VERIFIED

    run(house, case)


def test_a_hub_at_a_private_address_is_not_asked(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        house.names_hub("/feed", hub="http://10.1.2.3/hub")
        await daemon.tick()
        await until(lambda: not daemon.subscriber._asking, "it was tried")
        found = await daemon.subscription()
        assert (found.state, found.reason) == (State.LAPSED, "address_refused")

    run(house, case)


def test_what_two_polls_and_a_push_bring_at_once_is_stored_once(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        await daemon.subscribed()
        house.clock.now += HOUR
        pushes = [daemon.publish("ferry", whole=True) for _ in range(4)]
        await asyncio.gather(*pushes, daemon.tick())
        await daemon.stored("/ferry")
        polls = await daemon.polls()
        assert sum(poll.new for poll in polls) == 1
        assert [poll.reason for poll in polls].count(Reason.PUSHED) == 4

    run(house, case)
