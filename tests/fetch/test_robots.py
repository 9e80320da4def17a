import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from ingest.fetch.client import Fetcher
from ingest.fetch.redirects import parse_url
from ingest.fetch.robots import LIMIT
from ingest.types import Fault, Fetched, Validators
from storage.model import Reason
from tests.fetch.server import (
    Behaviour,
    Call,
    Site,
    answer,
    endless,
    raw,
    redirect,
    reset,
    response,
    site,
)
from tests.fetch.support import SetClock, fault, fetched, fetcher, run

ALLOW_NONE = b"User-agent: *\nDisallow: /\n"
PAGE = answer(b"page")


def _polite(clock: SetClock | None = None, **changes: Any) -> Fetcher:
    return fetcher(clock=clock, robots_for_pages=True, **changes)


def _visit(
    robots: Behaviour, path: str = "/page", deadline: float = 5
) -> tuple[Fetched | Fault, Site]:
    async def case() -> tuple[Fetched | Fault, Site]:
        pages = {"/robots.txt": robots, path: PAGE}
        async with (
            site(pages) as server,
            _polite(deadline=timedelta(seconds=deadline)) as client,
        ):
            return await client.get_page(server.url(path)), server

    return run(case())


@pytest.mark.parametrize(
    ("robots", "path", "allowed"),
    [
        (b"", "/a", True),
        (b"User-agent: *\nDisallow:", "/a", True),
        (ALLOW_NONE, "/a", False),
        (b"User-agent: newsfold\nDisallow: /", "/a", False),
        (b"user-agent: NewsFold/2.0 (x)\ndisallow: /", "/a", False),
        (b"User-agent: newsfold\nAllow: /\n\nUser-agent: *\nDisallow: /", "/a", True),
        (b"User-agent: news\nDisallow: /", "/a", True),
        (b"User-agent: newsfold-images\nDisallow: /", "/a", True),
        (b"User-agent: other\nUser-agent: newsfold\nDisallow: /", "/a", False),
        (b"User-agent: other\nDisallow: /", "/a", True),
        # RFC 9309 section 2.2.1: a robot's groups are taken together, its name in any case.
        (b"User-agent: newsfold\nDisallow: /b\n\nUser-agent: newsfold\nDisallow: /a", "/b", False),
        (b"User-agent: newsfold\nDisallow: /b\n\nUser-agent: newsfold\nDisallow: /a", "/a", False),
        (b"USER-AGENT: NewsFold\ndisallow: /a", "/a", False),
        # Section 2.2.2: the longest match decides, and of two as long the one that allows.
        (b"User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        (b"User-agent: *\nAllow: /\nDisallow: /a", "/a", False),
        (b"User-agent: *\nDisallow: /caf%C3%A9", "/caf%c3%a9", False),
        # Section 2.2.4: what others have added ends no group.
        (b"User-agent: *\nSitemap: https://a.example/s.xml\nDisallow: /a", "/a", False),
        (b"User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        (b"User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/c", False),
        (b"User-agent: *\nDisallow: /*?print", "/a?print=1", False),
        (b"User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        (b"User-agent: *\nDisallow: /*.pdf$", "/a.pdf.html", True),
        (b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /", "/a", False),
        (b"User-agent: * # all\rDisallow: /", "/a", False),
        (b"\xff\xfe\x00" * 50, "/a", True),
        (b"<html><body>Not found</body></html>", "/a", True),
    ],
)
def test_the_rules_are_obeyed(robots: bytes, path: str, allowed: bool) -> None:
    result, server = _visit(answer(robots), path)
    assert len(server.asked(path)) == allowed
    if allowed:
        assert fetched(result).body == b"page"
    else:
        assert fault(result).reason is Reason.ROBOTS_DISALLOWED
        assert "/robots.txt" in fault(result).detail


@pytest.mark.parametrize("status", ["401 No", "403 No", "404 Not Found", "410 Gone", "429 Slow"])
def test_without_a_robots_txt_all_is_allowed(status: str) -> None:
    result, _ = _visit(answer(ALLOW_NONE, status=status))
    assert fetched(result).body == b"page"


UNREACHABLE: dict[str, Behaviour] = {
    "server error": answer(b"", status="500 Oh"),
    "unavailable": answer(b"", status="503 Oh"),
    "hangs": raw(hang=True),
    "resets": reset(),
    "cut short": raw(response(ALLOW_NONE, length=999)),
    "drips": endless(b"HTTP/1.1 200 OK\r\n\r\n", b"#", every=0.02),
    "no HTTP": raw(b"hello"),
    "to a private address": redirect("http://10.0.0.1/robots.txt"),
    "to another scheme": redirect("ftp://127.0.0.1/robots.txt"),
}


@pytest.mark.parametrize("name", UNREACHABLE)
def test_with_an_unreachable_robots_txt_nothing_is_allowed(name: str) -> None:
    result, server = _visit(UNREACHABLE[name], deadline=0.4)
    assert fault(result).reason is Reason.ROBOTS_UNREACHABLE
    assert server.asked("/page") == []


def test_redirects_of_robots_txt_are_followed_but_not_for_ever() -> None:
    chain: dict[str, Behaviour] = {f"/{n}": redirect(f"/{n + 1}") for n in range(9)}

    async def case(last: int) -> Fetched | Fault:
        pages = chain | {"/robots.txt": redirect("/1"), f"/{last}": answer(ALLOW_NONE)}
        async with site(pages | {"/page": PAGE}) as server, _polite() as client:
            return await client.get_page(server.url("/page"))

    assert fault(run(case(5))).reason is Reason.ROBOTS_DISALLOWED
    assert fetched(run(case(8))).body == b"page"


def test_only_the_first_half_megabyte_is_read() -> None:
    late = ALLOW_NONE.rjust(LIMIT + len(ALLOW_NONE), b"\n")
    early = ALLOW_NONE + b"#" * LIMIT * 2
    assert fetched(_visit(answer(late))[0]).body == b"page"
    assert fault(_visit(answer(early))[0]).reason is Reason.ROBOTS_DISALLOWED


def test_one_origin_is_asked_once_a_day_for_all_its_pages() -> None:
    async def slow(call: Call) -> None:
        await asyncio.sleep(0.05)
        await answer(b"")(call)

    async def case() -> tuple[int, int, int]:
        clock = SetClock()
        pages = {"/robots.txt": slow, "/page": PAGE}
        async with site(pages) as server, _polite(clock) as client:
            await asyncio.gather(*(client.get_page(server.url("/page")) for _ in range(20)))
            first = len(server.asked("/robots.txt"))
            clock.now += timedelta(hours=23, minutes=59)
            await client.get_page(server.url("/page"))
            same = len(server.asked("/robots.txt"))
            clock.now += timedelta(minutes=2)
            await client.get_page(server.url("/page"))
            return first, same, len(server.asked("/robots.txt"))

    assert run(case()) == (1, 1, 2)


def test_rules_from_before_the_clock_was_set_back_are_asked_for_again() -> None:
    async def case() -> int:
        clock = SetClock()
        async with site({"/robots.txt": answer(b""), "/page": PAGE}) as server:
            async with _polite(clock) as client:
                await client.get_page(server.url("/page"))
                clock.now -= timedelta(days=365)
                await client.get_page(server.url("/page"))
            return len(server.asked("/robots.txt"))

    assert run(case()) == 2


def test_an_unreachable_robots_txt_is_asked_for_again_after_an_hour() -> None:
    async def case() -> list[Fetched | Fault]:
        clock = SetClock()
        pages = {"/robots.txt": answer(b"", status="500 Oh"), "/page": PAGE}
        async with site(pages) as server, _polite(clock) as client:
            results = [await client.get_page(server.url("/page")) for _ in range(3)]
            assert len(server.asked("/robots.txt")) == 1
            server.pages["/robots.txt"] = answer(b"")
            clock.now += timedelta(hours=1)
            return [*results, await client.get_page(server.url("/page"))]

    *before, after = run(case())
    assert {fault(result).reason for result in before} == {Reason.ROBOTS_UNREACHABLE}
    assert fetched(after).body == b"page"


def test_known_rules_serve_on_while_robots_txt_cannot_be_reached() -> None:
    async def case() -> tuple[Fetched | Fault, Fetched | Fault]:
        clock = SetClock()
        rules = answer(b"User-agent: *\nDisallow: /private")
        pages = {"/robots.txt": rules, "/page": PAGE, "/private": PAGE}
        async with site(pages) as server, _polite(clock) as client:
            await client.get_page(server.url("/page"))
            server.pages["/robots.txt"] = answer(b"", status="500 Oh")
            clock.now += timedelta(hours=25)
            return (
                await client.get_page(server.url("/page")),
                await client.get_page(server.url("/private")),
            )

    page, private = run(case())
    assert fetched(page).body == b"page"
    assert fault(private).reason is Reason.ROBOTS_DISALLOWED


def test_every_address_a_redirect_leads_to_is_checked_again() -> None:
    async def case() -> tuple[Fault, Fault, Site, Site]:
        async with site(host="127.0.0.2") as other, site() as server, _polite() as client:
            server.pages |= {
                "/robots.txt": answer(b"User-agent: *\nDisallow: /private"),
                "/near": redirect("/private"),
                "/far": redirect(other.url("/x")),
            }
            other.pages |= {"/robots.txt": answer(ALLOW_NONE), "/x": PAGE}
            near = fault(await client.get_page(server.url("/near")))
            far = fault(await client.get_page(server.url("/far")))
            return near, far, server, other

    near, far, server, other = run(case())
    assert near.reason is far.reason is Reason.ROBOTS_DISALLOWED
    assert near.url == server.url("/private")
    assert far.url == other.url("/x")
    assert other.asked("/x") == server.asked("/private") == []


@pytest.mark.parametrize("obey", [False, True])
def test_feeds_obey_robots_only_if_told_to(obey: bool) -> None:
    async def case() -> Fetched | Fault:
        pages = {"/robots.txt": answer(ALLOW_NONE), "/feed": PAGE}
        async with site(pages) as server, _polite(robots_for_feeds=obey) as client:
            return await client.get_feed(server.url("/feed"), Validators())

    result = run(case())
    assert isinstance(result, Fault) is obey


def test_a_crawl_delay_is_kept_by_pages_and_feeds() -> None:
    async def case() -> Site:
        pages = {
            "/robots.txt": answer(b"User-agent: *\nCrawl-delay: 0.2"),
            "/a": PAGE,
            "/b": PAGE,
            "/feed": PAGE,
        }
        async with site(pages) as server, _polite() as client:
            await asyncio.gather(*(client.get_page(server.url(path)) for path in ("/a", "/b")))
            await client.get_feed(server.url("/feed"), Validators())
            return server

    times = [seen.at for seen in run(case()).seen]
    assert all(b - a > 0.1 for a, b in pairwise(times))
    assert len(times) == 4


@pytest.mark.parametrize(
    ("wish", "seconds"), [("7", 7), ("3600", 30), ("-1", 0), ("nan", 0), ("inf", 0), ("x", 0)]
)
def test_a_crawl_delay_is_reasonable(wish: str, seconds: int) -> None:
    async def case() -> timedelta:
        pages = {"/robots.txt": answer(f"User-agent: *\nCrawl-delay: {wish}".encode())}
        async with site(pages) as server, _polite() as client:
            url = parse_url(server.url("/"))
            assert await client._robots.check(url) is None
            return client._robots.delay(url)

    assert run(case()) == timedelta(seconds=seconds)


def test_a_host_on_hold_is_not_asked_for_its_robots_txt() -> None:
    async def case() -> tuple[list[Fetched | Fault], Site]:
        pages = {
            "/robots.txt": answer(b"", "Retry-After: 60", status="429 Slow Down"),
            "/page": PAGE,
        }
        async with site(pages) as server, _polite() as client:
            return [await client.get_page(server.url("/page")) for _ in range(3)], server

    results, server = run(case())
    assert {fault(result).reason for result in results} == {Reason.ON_HOLD}
    assert len(server.seen) == 1


def test_a_cancelled_get_does_not_take_the_answer_from_the_others() -> None:
    async def case() -> Fetched:
        ask, go = asyncio.Event(), asyncio.Event()

        async def slow(call: Call) -> None:
            ask.set()
            await go.wait()
            await answer(b"")(call)

        pages = {"/robots.txt": slow, "/page": PAGE}
        async with site(pages) as server, _polite() as client:
            first = asyncio.create_task(client.get_page(server.url("/page")))
            await ask.wait()
            second = asyncio.create_task(client.get_page(server.url("/page")))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            go.set()
            result = fetched(await second)
            assert len(server.asked("/robots.txt")) == 1
            return result

    assert run(case()).body == b"page"


def test_closing_while_robots_are_asked_for_leaves_nothing_behind() -> None:
    async def case() -> None:
        async with site({"/robots.txt": raw(hang=True)}) as server:
            async with _polite() as client:
                task = asyncio.create_task(client.get_page(server.url("/page")))
                await server.arrived.wait()
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            assert not [task for task in asyncio.all_tasks() if "Robots" in repr(task)]

    run(case())
