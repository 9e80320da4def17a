"""No spelling of a special address is connected to, whichever way it comes in.

Each is tried directly, behind a redirect, behind a name that rebinds, as the link of an article
in a crawled feed, and behind robots.txt. A real listener counts connections, and what is tried
at all is recorded where sockets are opened.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from html import escape
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from ingest.app import crawl
from ingest.clock import system_clock
from ingest.config import Config, FetchSettings, PerHost, WorkerSettings
from ingest.fetch import transport
from ingest.fetch.stream import Stream
from ingest.observe import Tally
from ingest.types import Fault, Feed, Fetched, Validators
from storage.ledger.sqlite import SqliteLedger
from storage.model import EntryState, Outcome, Reason
from tests.fetch.server import answer, redirect, site
from tests.fetch.support import fault, fetcher, offline, run

FRONT = "127.0.0.9"
OPEN = (IPv4Network(f"{FRONT}/32"),)

# Each spelling with the address it stands for.
SPELLINGS: dict[str, str] = (
    dict.fromkeys(
        [
            # short, decimal, hexadecimal and octal, and mixtures (inet_aton(3))
            *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0X7F000001", "0x7f.1"),
            *("0x7f.0x0.0x0.0x1", "0177.0.0.1", "0177.1", "017700000001", "0177.0.0.01"),
            *("00000177.0.0.1", "127.0.0.0x1", "127.0x0.1", "127.0.0.1.", "127.0.0.1.."),
            # digits of other scripts and other full stops, which IDNA folds together
            *("\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "127\uff610\uff610\uff611"),
            *("\u2460\u2461\u2466.0.0.1", "\U0001d7cf\U0001d7d0\U0001d7d5.0.0.1"),
            *("127.0.0.\u0661", "127.0.0.\u00b9", "%31%32%37.0.0.1", "127%2e0%2e0%2e1"),
            # what stands before an @ is no host
            *("example.org@127.0.0.1", "example.org:80@127.0.0.1", "a%40b.example@127.0.0.1"),
            *("127.0.0.1#@public.invalid", "127.0.0.1?@public.invalid", "public.invalid\\@127.1"),
            *("localhost", "LOCALHOST", "localhost.", "localhost.localdomain"),
        ],
        "127.0.0.1",
    )
    | dict.fromkeys(
        ["[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::0.0.0.1]", "[::1%25lo]", "[::1%lo]"],
        "::1",
    )
    | {
        "0": "0.0.0.0",
        "0x0": "0.0.0.0",
        "0.0.0.0": "0.0.0.0",
        "[::]": "::",
        "[::ffff:127.0.0.1]": "::ffff:127.0.0.1",
        "[::ffff:7f00:1]": "::ffff:7f00:1",
        "[0:0:0:0:0:ffff:7f00:1]": "::ffff:7f00:1",
        "[::ffff:0:127.0.0.1]": "::ffff:0:7f00:1",  # RFC 2765
        "[::127.0.0.1]": "::127.0.0.1",
        "[::7f00:1]": "::7f00:1",
        "[64:ff9b::127.0.0.1]": "64:ff9b::7f00:1",
        "[64:ff9b::7f00:1]": "64:ff9b::7f00:1",
        "[64:ff9b:1::7f00:1]": "64:ff9b:1::7f00:1",
        "[2002:7f00:1::]": "2002:7f00:1::",
        "[2001:0:7f00:1::]": "2001:0:7f00:1::",
        "[2001:0:4136:e378:8000:63bf:80ff:fffe]": "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "[fe80::1]": "fe80::1",
        "[fe80::1%25lo]": "fe80::1%lo",
        "[fe80::1%lo]": "fe80::1%lo",
        "[fec0::1]": "fec0::1",
        "[fc00::1]": "fc00::1",
        "[fd00:ec2::254]": "fd00:ec2::254",  # the metadata service of a cloud
        "[ff02::1]": "ff02::1",
        "[100::1]": "100::1",
        "[2001:db8::1]": "2001:db8::1",
        "[5f00::1]": "5f00::1",
        "10.1": "10.0.0.1",
        "0xa.1": "10.0.0.1",
        "012.1": "10.0.0.1",
        "167772161": "10.0.0.1",
        "172.16.1": "172.16.0.1",
        "192.168.257": "192.168.1.1",
        "0xc0a80101": "192.168.1.1",
        "3232235777": "192.168.1.1",
        "100.64.0.1": "100.64.0.1",
        "100.100.100.200": "100.100.100.200",  # another cloud's
        "169.254.169.254": "169.254.169.254",
        "169.254.43518": "169.254.169.254",
        "0251.0376.0251.0376": "169.254.169.254",
        "\u2460\u2465\u2468.\u2461\u2464\u2463.\u2460\u2465\u2468.\u2461\u2464\u2463": (
            "169.254.169.254"
        ),
        "192.0.0.8": "192.0.0.8",
        "192.0.0.192": "192.0.0.192",  # and another's
        "192.88.99.1": "192.88.99.1",
        "198.18.0.1": "198.18.0.1",
        "224.0.0.1": "224.0.0.1",
        "239.255.255.250": "239.255.255.250",
        "240.0.0.1": "240.0.0.1",
        "255.255.255.255": "255.255.255.255",
    }
)
# Strict parsers take some spellings for no URL, and the system some for no address.
CLOSED = {Reason.ADDRESS_REFUSED, Reason.DNS_FAILED, Reason.BAD_URL, Reason.BAD_REDIRECT}
WAYS = ("direct", "redirect", "rebinding", "robots.txt")


class Listener:
    """Counts the connections to a port on every address of this machine."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0

    async def count(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener.count, "0.0.0.0", 0)
    listener.port = server.sockets[0].getsockname()[1]
    servers = [server]
    with suppress(OSError):  # a machine without IPv6 has no such loopback either
        servers.append(await asyncio.start_server(listener.count, "::1", listener.port))
    try:
        yield listener
    finally:
        for each in servers:
            each.close()


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The addresses that sockets were opened to, but for the front's."""
    addresses: set[str] = set()
    connect = Stream.connect

    async def recorded(address: str, port: int, **options: Any) -> Stream:
        if address != FRONT:
            addresses.add(address)
        return await connect(address, port, **options)

    monkeypatch.setattr(Stream, "connect", recorded)
    return addresses


def test_there_are_enough_spellings() -> None:
    assert len(SPELLINGS) >= 60


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_is_connected_to(spelling: str, way: str, tried: set[str]) -> None:
    async def case() -> tuple[list[Fetched | Fault], int]:
        async with listening() as listener:
            url = f"http://{spelling}:{listener.port}/"
            return [r async for r in answers(way, url, SPELLINGS[spelling])], listener.connections

    results, connections = run(case())
    assert connections == 0
    assert not tried
    assert results
    for result in results:
        reason = fault(result).reason
        assert reason in CLOSED or (way == "robots.txt" and reason is Reason.ROBOTS_UNREACHABLE)


async def answers(way: str, url: str, meant: str) -> AsyncIterator[Fetched | Fault]:
    """Ask for ``url`` in one of the ways; yields what came of each asking."""
    robots = way == "robots.txt"
    async with site(host=FRONT) as front:
        front.pages["/"] = answer(b"public")
        if way == "rebinding":
            good = [FRONT]
            for second in ([meant], [FRONT, meant], [meant, FRONT], [url.split("/")[2]]):
                name = rebinding(good, second)
                there = f"http://rebinding.invalid:{front.port}/"
                async with fetcher(allow_networks=OPEN, resolve=name) as client:
                    first = await client.get_page(there)
                    assert isinstance(first, Fetched), first
                # Another client, since this one would go on with the connection that it has.
                async with fetcher(allow_networks=OPEN, resolve=name) as client:
                    yield await client.get_page(there)
            return
        target = url.encode().decode("latin-1")
        async with fetcher(
            allow_networks=OPEN, resolve=offline, robots_for_pages=robots, robots_for_feeds=robots
        ) as client:
            if way == "redirect":
                front.pages["/"] = redirect(target)
                yield await client.get_page(front.url())
                yield await client.get_feed(front.url(), Validators(etag='"1"'))
                return
            if robots:
                front.pages["/robots.txt"] = redirect(target)
                yield await client.get_page(front.url())
                assert not front.asked("/")
            yield await client.get_page(url)
            yield await client.get_feed(url, Validators())


def rebinding(first: Iterable[str], then: Iterable[str]) -> transport.Resolve:
    asked = 0

    async def resolve(_: str, __: int) -> list[str]:
        nonlocal asked
        asked += 1
        return list(first if asked == 1 else then)

    return resolve


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, EntryState], int]:
    """A feed whose entries link to every spelling was crawled: the entries, and connections."""
    folder = tmp_path_factory.mktemp("crawled")

    async def numeric(_: transport.SystemResolver, host: str, port: int) -> tuple[str, ...]:
        return await offline(host, port)

    async def case() -> int:
        async with listening() as listener, site(host=FRONT) as front:
            items = "".join(
                f"<item><guid isPermaLink='false'>{escape(spelling)}</guid><title>t</title>"
                f"<link>http://{escape(spelling)}:{listener.port}/{number}</link></item>"
                for number, spelling in enumerate(SPELLINGS)
            )
            front.pages["/feed"] = answer(
                f"<rss version='2.0'><channel>{items}</channel></rss>".encode()
            )
            config = configure(folder, front.url("/feed"))
            await crawl(config, config.feeds, clock=system_clock, observer=Tally())
            return listener.connections

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport.SystemResolver, "__call__", numeric)
        connections = run(case())
    ledger = SqliteLedger(folder / "data" / "state" / "ledger.db")
    try:
        return ledger.known_entries("front"), connections
    finally:
        ledger.close()


def configure(folder: Path, url: str) -> Config:
    return Config(
        data=folder / "data",
        fetch=FetchSettings(
            allow_networks=OPEN,
            per_host=PerHost(concurrency=8, delay=timedelta(0)),
            deadline=timedelta(seconds=20),
        ),
        workers=WorkerSettings(count=1),
        feeds=(Feed(id="front", url=url, name="Front"),),
    )


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_is_connected_to_as_an_articles_link(
    spelling: str, crawled: tuple[dict[str, EntryState], int]
) -> None:
    entries, connections = crawled
    assert connections == 0
    entry = entries[spelling]
    assert entry.reason in CLOSED | {Reason.NO_LINK, Reason.ROBOTS_UNREACHABLE}
    assert entry.outcome in {Outcome.SKIPPED, Outcome.FAILED, Outcome.PENDING}


@pytest.mark.parametrize(
    "spelling",
    ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.1", "127\u30020.0.1", "a@127.0.0.1"],
)
def test_an_allowed_network_is_reached_by_the_same_spellings(spelling: str) -> None:
    async def case() -> tuple[Fetched | Fault, int]:
        loopback = (IPv4Network("127.0.0.0/8"),)
        async with listening() as listener, fetcher(allow_networks=loopback) as client:
            result = await client.get_page(f"http://{spelling}:{listener.port}/")
            return result, listener.connections

    result, connections = run(case())
    assert isinstance(result, Fetched), result
    assert connections == 1


# How a name is resolved is the proxy's business, but for those that mean this machine.
@pytest.mark.parametrize("spelling", [s for s in SPELLINGS if s != "localhost.localdomain"])
def test_no_spelling_is_handed_to_a_proxy(spelling: str) -> None:
    async def case() -> tuple[Fetched | Fault, int]:
        async with site(host=FRONT) as proxy, fetcher(proxy=proxy.url(), allow_networks=OPEN) as c:
            return await c.get_page(f"http://{spelling}:8080/"), proxy.connections

    result, connections = run(case())
    assert isinstance(result, Fault), result
    assert connections == 0, result
