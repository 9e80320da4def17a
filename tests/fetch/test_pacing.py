import asyncio
import time
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from ingest.config import PerHost
from ingest.fetch.client import Fetcher
from ingest.fetch.pacing import Pacing
from storage.model import Reason
from tests.fetch.server import Call, Site, answer, raw, response, site
from tests.fetch.support import SetClock, fault, fetched, fetcher, run, settings


def _pacing(
    concurrency: int = 10, per_host: int = 2, delay: float = 0, clock: SetClock | None = None
) -> Pacing:
    return Pacing(
        concurrency=concurrency,
        per_host=per_host,
        delay=timedelta(seconds=delay),
        clock=clock or SetClock(),
    )


async def _slow(call: Call) -> None:
    await asyncio.sleep(0.02)
    await call.send(response(b"x"))
    call.keep = True


def _crawl(count: int, **limits: Any) -> Site:
    async def case() -> Site:
        pages = {f"/{n}": _slow for n in range(count)}
        async with site(pages) as server, fetcher(**limits) as client:
            await asyncio.gather(*(client.get_page(server.url(path)) for path in pages))
            return server

    return run(case())


@pytest.mark.parametrize("most", [1, 2, 5])
def test_one_host_gets_no_more_requests_at_once_than_allowed(most: int) -> None:
    server = _crawl(12, per_host=PerHost(concurrency=most, delay=timedelta(0)))
    assert server.most_under_way == most
    assert len(server.seen) == 12


def test_all_hosts_together_get_no_more_than_allowed() -> None:
    server = _crawl(12, concurrency=3, per_host=PerHost(concurrency=9, delay=timedelta(0)))
    assert server.most_under_way == 3


def test_requests_to_one_host_are_apart_by_the_delay_and_in_order() -> None:
    server = _crawl(4, per_host=PerHost(concurrency=3, delay=timedelta(seconds=0.2)))
    times = [seen.at for seen in server.seen]
    assert all(b - a > 0.1 for a, b in pairwise(times))
    assert [seen.path for seen in server.seen] == [f"/{n}" for n in range(4)]


def test_a_redirect_waits_for_its_turn_too() -> None:
    async def case() -> Site:
        pages = {"/": raw(b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n"), "/b": _slow}
        per_host = PerHost(concurrency=1, delay=timedelta(seconds=0.2))
        async with site(pages) as server, fetcher(per_host=per_host) as client:
            await client.get_page(server.url())
            return server

    first, second = run(case()).seen
    assert second.at - first.at > 0.1


def test_a_host_waiting_for_its_delay_holds_up_no_other() -> None:
    async def case() -> float:
        pacing = _pacing(concurrency=1, delay=60)
        async with pacing.turn("slow"):
            pass
        waiting = [asyncio.create_task(_take(pacing, "slow")) for _ in range(20)]
        await asyncio.sleep(0)
        started = time.monotonic()
        for number in range(50):
            await _take(pacing, f"host{number}")
        seconds = time.monotonic() - started
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return seconds

    assert run(case()) < 10


def test_a_hosts_own_wish_lengthens_the_delay_and_never_shortens_it() -> None:
    async def case(ours: float, theirs: float) -> float:
        pacing = _pacing(delay=ours)
        await _take(pacing, "host", theirs)
        started = time.monotonic()
        await _take(pacing, "host", theirs)
        return time.monotonic() - started

    assert run(case(0.0, 0.06)) > 0.05
    assert run(case(0.06, 0.0)) > 0.05


@pytest.mark.parametrize("moment", range(8))
def test_cancelling_at_any_moment_gives_every_turn_back(moment: int) -> None:
    async def case() -> None:
        pacing = _pacing(concurrency=1, per_host=1, delay=0.001)
        tasks = [asyncio.create_task(_take(pacing, host, held=0.01)) for host in "aaabbb"]
        for _ in range(moment):
            await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(1):
            await asyncio.gather(*(_take(pacing, host) for host in "abab"))

    run(case())


def test_a_hold_reaches_those_who_already_stand_in_line() -> None:
    async def case() -> list[Reason | None]:
        pacing = _pacing(per_host=1)
        async with pacing.turn("host") as first:
            assert first is None
            line = [asyncio.create_task(_take(pacing, "host")) for _ in range(3)]
            await asyncio.sleep(0)
            pacing.hold("host", timedelta(minutes=1))
        return list(await asyncio.gather(*line))

    assert run(case()) == [Reason.ON_HOLD] * 3


def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    clock = SetClock()

    async def case() -> None:
        pacing = _pacing(clock=clock)
        pacing.hold("host", timedelta(minutes=10))
        pacing.hold("host", timedelta(minutes=1))
        clock.now += timedelta(minutes=9)
        held = pacing.held("host")
        assert held is not None
        assert held.retry_after == timedelta(minutes=1)
        clock.now += timedelta(minutes=1)
        assert pacing.held("host") is None

    run(case())


def test_a_clock_that_was_set_back_lengthens_no_hold() -> None:
    clock = SetClock()

    async def case() -> None:
        pacing = _pacing(clock=clock)
        pacing.hold("host", timedelta(hours=24))
        clock.now -= timedelta(days=365)
        assert pacing.held("host") is None
        pacing.hold("host", timedelta(hours=24))
        clock.now -= timedelta(days=365)
        assert pacing.hold("host", timedelta(minutes=1)) == clock.now + timedelta(minutes=1)

    run(case())


def test_holds_of_another_process_are_kept_and_own_ones_are_told() -> None:
    clock = SetClock()
    told: list[tuple[str, datetime]] = []

    async def note(host: str, until: datetime) -> None:
        told.append((host, until))

    async def case() -> tuple[Reason, Reason, Site]:
        busy = answer(b"", "Retry-After: 600", status="429 Too Many Requests")
        async with site({"/a": busy, "/b": answer(b"x")}) as server:
            host = f"{server.host}:{server.port}"
            async with Fetcher(settings(), clock=clock, version="1", on_hold=note) as client:
                first = fault(await client.get_page(server.url("/a")))
            assert told == [(host, clock.now + timedelta(minutes=10))]
            async with fetcher(clock=clock) as client:
                client.keep_holds(dict(told))
                second = fault(await client.get_page(server.url("/b")))
                clock.now += timedelta(minutes=10)
                fetched(await client.get_page(server.url("/b")))
            return first.reason, second.reason, server

    first, second, server = run(case())
    assert (first, second) == (Reason.HTTP_TOO_MANY_REQUESTS, Reason.ON_HOLD)
    assert [seen.path for seen in server.seen] == ["/a", "/b"]


def test_a_host_whose_own_wish_makes_requests_wait_is_told_of_once() -> None:
    told: list[tuple[str, timedelta]] = []

    async def case(wish: float) -> None:
        pacing = Pacing(
            concurrency=9,
            per_host=9,
            delay=timedelta(0),
            clock=SetClock(),
            on_slow=lambda host, delay: told.append((host, delay)),
        )
        await _take(pacing, "host", wish)
        line = [asyncio.create_task(_take(pacing, "host", wish)) for _ in range(3)]
        await asyncio.sleep(0.05)
        for task in line:
            task.cancel()
        await asyncio.gather(*line, return_exceptions=True)
        await _take(pacing, "other", wish)

    run(case(30))
    assert told == [("host", timedelta(seconds=30))]
    run(case(0.01))
    assert len(told) == 1


def test_hosts_are_forgotten_but_not_while_on_hold() -> None:
    clock = SetClock()

    async def case() -> int:
        pacing = _pacing(clock=clock)
        pacing.hold("held", timedelta(hours=1))
        for number in range(3000):
            pacing.hold(f"short{number}", timedelta(seconds=1))
            clock.now += timedelta(seconds=1)
        assert pacing.held("held") is not None
        return len(pacing._hosts)

    assert run(case()) < 600


async def _take(pacing: Pacing, host: str, delay: float = 0, *, held: float = 0) -> Reason | None:
    async with pacing.turn(host, delay=timedelta(seconds=delay)) as fault:
        if held:
            await asyncio.sleep(held)
        return None if fault is None else fault.reason


def test_pages_of_any_number_hold_up_no_feed() -> None:
    async def case() -> bool:
        pacing = _pacing(concurrency=2)
        async with AsyncExitStack() as hung:
            for number in range(2):
                await hung.enter_async_context(pacing.turn(f"page-{number}"))
            third = asyncio.create_task(hung.enter_async_context(pacing.turn("page-3")))
            async with pacing.turn("feed", feed=True), pacing.turn("another", feed=True):
                waits = not third.done()
            third.cancel()
            await asyncio.gather(third, return_exceptions=True)
            return waits

    assert run(case())
