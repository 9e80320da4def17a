"""Polls are rare while a hub pushes, and go on as soon as it may have missed something."""

import asyncio
from datetime import timedelta

from storage.subscription import SubscriptionState as State
from tests.websub.house import HOUR, NOON, Daemon, House, run, until


def test_what_was_relied_on_is_polled_soon_once_nobody_listens(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        await daemon.relied_on()
        await daemon.run.reliance.leave(at=house.clock.now)
        assert await daemon.wait() < HOUR
        assert await daemon.subscriptions() == []

    run(house, case)


def test_polls_are_rare_once_a_push_came_and_go_on_when_the_lease_lapses(house: House) -> None:
    async def case(daemon: Daemon) -> None:
        await daemon.subscribed()
        state = await daemon.feed()
        assert state.next_due_at is not None
        assert state.next_due_at < NOON + 2 * HOUR, "a hub that never pushed is not relied on"
        await daemon.publish("ferry", whole=True)
        await daemon.stored("/ferry")
        house.clock.now = state.next_due_at
        await daemon.tick()
        state = await daemon.feed()
        assert state.next_due_at is not None
        assert state.next_due_at > house.clock.now + 21 * HOUR
        assert "pushes arrive, so polls are rare" in " ".join(state.schedule)

        house.hub.refuses, house.hub.says = 500, "out of order"
        for _ in range(40):  # days in which the renewals fail
            house.clock.now += 6 * HOUR
            await daemon.tick()
            await until(lambda: not daemon.subscriber._asking, "the hub has answered")
        found = await daemon.subscription()
        assert found.state is State.LAPSED
        assert found.detail is not None
        assert "lease ended" in found.detail or "out of order" in found.detail
        state = await daemon.feed()
        assert state.next_due_at is not None
        house.clock.now = state.next_due_at
        house.web.page("/lighthouse", " ".join(f"light{n}" for n in range(300)))
        house.web.feed(
            "/feed", house.web.item("ferry", "/ferry"), house.web.item("lighthouse", "/lighthouse")
        )
        await daemon.tick()
        await daemon.stored("/ferry", "/lighthouse")
        state = await daemon.feed()
        assert state.next_due_at is not None
        assert state.next_due_at < house.clock.now + 20 * HOUR
        assert "pushes arrive, so polls are rare" not in " ".join(state.schedule)

    run(house, case)


def test_a_poll_that_finds_what_was_not_pushed_ends_the_reliance_until_pushes_come_again(
    house: House,
) -> None:
    async def poll(daemon: Daemon) -> timedelta:
        state = await daemon.feed()
        assert state.next_due_at is not None
        house.clock.now = max(state.next_due_at, house.clock.now)
        await daemon.tick()
        state = await daemon.feed()
        assert state.next_due_at is not None
        return state.next_due_at - house.clock.now

    async def case(daemon: Daemon) -> None:
        await daemon.subscribed()
        await daemon.publish("ferry", whole=True)
        await daemon.stored("/ferry")
        assert await poll(daemon) > 21 * HOUR
        secrets = dict(house.hub.subscriptions)
        house.hub.subscriptions.clear()  # the hub loses it
        await daemon.publish("mast", whole=True)
        assert await poll(daemon) < 20 * HOUR
        await daemon.stored("/ferry", "/mast")
        found = await daemon.subscription()
        assert (found.misses, found.pushes, found.missed_at) == (1, 0, house.clock.now)
        house.hub.subscriptions.update(secrets)
        await daemon.publish("quay", whole=True)
        assert await poll(daemon) < 20 * HOUR, "one push does not outweigh one miss"
        await daemon.publish("rope", whole=True)
        await daemon.stored("/ferry", "/mast", "/quay", "/rope")
        assert await poll(daemon) > 20 * HOUR

    run(house, case)


def test_a_miss_has_the_hub_asked_anew_which_mends_a_subscription_that_it_lost(
    house: House,
) -> None:
    async def case(daemon: Daemon) -> None:
        await daemon.subscribed()
        house.hub.subscriptions.clear()
        house.clock.now += HOUR
        await daemon.tick()
        await daemon.publish("mast", whole=True)
        house.clock.now += HOUR
        await daemon.tick()
        assert (await daemon.subscription()).misses == 1
        house.clock.now += HOUR
        await daemon.tick()
        await until(lambda: bool(house.hub.subscriptions), "the hub has it again")
        assert len(house.hub.asked) == 2
        assert await daemon.publish("quay") == [202]

    run(house, case)


def test_a_restart_asks_no_hub_while_the_lease_runs_and_polls_what_it_may_have_missed(
    house: House,
) -> None:
    async def second(daemon: Daemon) -> None:
        await daemon.tick()
        state = await daemon.feed()
        assert state.next_due_at is not None
        assert house.clock.now < state.next_due_at <= house.clock.now + HOUR
        house.clock.now = state.next_due_at
        await daemon.tick()
        await daemon.stored("/ferry", "/mast")
        found = await daemon.subscription()
        assert (found.state, found.misses) == (State.VERIFIED, 0), "nobody listened: no miss"
        assert len(house.hub.asked) == 1
        assert await daemon.publish("quay") == [202]
        await daemon.stored("/ferry", "/mast", "/quay")

    async def unheard() -> None:
        house.web.page("/mast", " ".join(f"mast{n}" for n in range(300)))
        house.web.feed("/feed", house.web.item("mast", "/mast"))

    run(house, Daemon.relied_on)
    asyncio.run(unheard())
    house.clock.now += 3 * HOUR
    run(house, second)
