"""What is followed, how far, and what is told on the way."""

import asyncio
from datetime import timedelta

import pytest

from ingest.types import Fault, Fetched, Validators
from storage.model import Reason
from tests.fetch.server import Call, Seen, Site, answer, redirect, site
from tests.fetch.support import fault, fetched, fetcher, run


def test_redirects_are_followed_and_recorded() -> None:
    async def case() -> tuple[Fetched, str]:
        async with site(host="127.0.0.2") as other, site() as server, fetcher() as client:
            server.pages |= {
                "/a": redirect("b?x=%41#frag", "301 Moved"),
                "/b?x=%41": redirect(other.url("/c d"), "308 Permanent"),
            }
            other.pages |= {
                "/c%20d": redirect(f"//127.0.0.2:{other.port}/\u00e9", "307 Temporary"),
                "/%C3%A9": redirect("/latin/\u00fc".encode().decode("latin-1"), "303 See"),
                "/latin/%C3%BC": answer(b"here"),
            }
            result = fetched(await client.get_page(server.url("/a")))
            return result, other.url("/latin/%C3%BC")

    result, last = run(case())
    assert result.body == b"here"
    assert result.url == last
    assert [status for status, _ in result.redirects] == [301, 308, 307, 303]
    assert result.redirects[-1][1] == last
    assert "frag" not in result.redirects[0][1]


def test_a_fault_behind_a_redirect_says_whose_it_is() -> None:
    async def case() -> tuple[Fault, str]:
        async with site(host="127.0.0.2") as other, site() as server, fetcher() as client:
            server.pages["/a"] = redirect(other.url("/b"), "302 Found")
            other.pages["/b"] = answer(b"", status="429 Too Many Requests")
            return fault(await client.get_page(server.url("/a"))), other.url("/b")

    result, there = run(case())
    assert result.detail == f"answered with status 429, at {there}"


def test_one_redirect_more_than_allowed_is_a_fault() -> None:
    pages = {f"/{n}": redirect(f"/{n + 1}") for n in range(4)} | {"/4": answer(b"end")}

    async def case(allowed: int) -> Fetched | Fault:
        async with site(pages) as server, fetcher(max_redirects=allowed) as client:
            return await client.get_page(server.url("/0"))

    assert fetched(run(case(4))).body == b"end"
    assert fault(run(case(3))).reason is Reason.TOO_MANY_REDIRECTS


@pytest.mark.parametrize("giver", ["/here", "/there", "/", "/back", "/elsewhere"])
def test_validators_are_told_to_the_address_that_gave_them_alone(giver: str) -> None:
    async def case() -> tuple[list[Seen], Fetched]:
        async with site(host="127.0.0.2") as other, site() as server, fetcher() as client:
            other.pages["/"] = redirect(server.url("/back"))
            server.pages |= {
                "/here": redirect("/there"),
                "/there": redirect(other.url()),
                "/back": answer(b"x"),
            }
            url = (other if giver == "/" else server).url(giver)
            validators = Validators(
                etag='"1"', last_modified="Tue, 3 Nov 2026 07:00:00 GMT", url=url
            )
            found = fetched(await client.get_feed(server.url("/here"), validators))
            return [*server.seen, *other.seen], found

    seen, found = run(case())
    assert len(seen) == 4
    for one in seen:
        assert ("if-none-match" in one.headers) == (one.path == giver)
        assert ("if-modified-since" in one.headers) == (one.path == giver)
        assert one.headers["a-im"] == "feed"
    assert found.conditional == (giver == "/back")


def test_a_fault_tells_the_redirects_that_led_to_it() -> None:
    async def case() -> tuple[Fault, Site]:
        async with site() as server, fetcher() as client:
            server.pages["/old"] = redirect("/new", "301 Moved Permanently")
            return fault(await client.get_feed(server.url("/old"), Validators())), server

    found, server = run(case())
    assert found.redirects == ((301, server.url("/new")),)
    assert (found.url, found.status) == (server.url("/new"), 404)


def test_the_deadline_counts_over_all_redirects() -> None:
    async def slow(call: Call) -> None:
        await asyncio.sleep(0.2)
        number = int(call.path.removeprefix("/"))
        await redirect(f"/{number + 1}")(call)

    async def case() -> Fault:
        pages = {f"/{n}": slow for n in range(9)}
        async with (
            site(pages) as server,
            fetcher(max_redirects=9, deadline=timedelta(seconds=0.5)) as client,
        ):
            return fault(await client.get_page(server.url("/0")))

    result = run(case())
    assert result.reason is Reason.DEADLINE
    assert 0.4 < result.seconds < 1.5
