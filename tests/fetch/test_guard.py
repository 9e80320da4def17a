from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.fetch.guard import first_refused, refusal
from ingest.types import Fault, Fetched
from storage.model import Reason
from tests.fetch.server import answer, redirect, site
from tests.fetch.support import fault, fetcher, offline, run

REFUSED = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255"),
    *("127.0.0.1", "127.255.255.254", "169.254.0.1", "169.254.169.254", "172.16.0.1"),
    *("172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.9", "192.0.0.170", "192.0.2.1"),
    *("192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7"),
    *("203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:1::"),
    *("2001:2::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1"),
    *("5f00::1", "fc00::1", "fdff::1", "fe80::1", "fe80::1%lo", "febf::1", "fec0::1", "ff02::1"),
    *("ff0e::1", "4000::1", "1fff::1", "e000::1"),
]
ALLOWED = [
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"),
    *(
        "126.255.255.255",
        "128.0.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "223.255.255.255",
    ),
    *("2001:200::1", "2001:4860:4860::8888", "2606:4700::1111", "2a00:1450::1", "3ffe::1"),
]
# Ways to write loopback, this host or a private address that resolvers understand.
SPELLINGS = [
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1"),
    *("017700000001", "0x7f.0x0.0x0.0x1", "0177.0.0.01", "127.0.0.1.", "0", "0.0.0.0", "0x0"),
    *("10.1", "0xa.1", "012.1", "167772161", "192.168.257", "0xc0a80101", "3232235777"),
    *("169.254.43518", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376"),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[fe80::1]", "[fec0::1]"),
    *("[fc00::1]", "[ff02::1]", "localhost", "LOCALHOST", "localhost."),
    *("\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "\u2460\u2461\u2466.0.0.1"),
]
# Strict parsers take some spellings for no URL or no name at all.
NEVER_CONNECTED = {
    Reason.ADDRESS_REFUSED,
    Reason.DNS_FAILED,
    Reason.BAD_URL,
    Reason.BAD_REDIRECT,
}


@pytest.mark.parametrize("address", REFUSED)
def test_a_special_address_is_refused(address: str) -> None:
    assert refusal(ip_address(address)) is not None


@pytest.mark.parametrize("address", ALLOWED)
def test_a_public_address_is_allowed(address: str) -> None:
    assert refusal(ip_address(address)) is None


@given(st.ip_addresses())
def test_what_is_allowed_is_global_unicast(address: IPv4Address | IPv6Address) -> None:
    if refusal(address) is None:
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@given(st.ip_addresses(v=4), st.integers(8, 32))
def test_an_allowed_network_opens_itself_and_nothing_else(address: IPv4Address, size: int) -> None:
    network = IPv4Network((address, size), strict=False)
    assert refusal(address, (network,)) is None
    assert refusal(IPv4Address("127.0.0.1"), (network,)) == (
        None if IPv4Address("127.0.0.1") in network else "loopback"
    )
    assert refusal(IPv6Address("::1"), (network,)) == "loopback"


@given(st.lists(st.ip_addresses(v=4).map(str), max_size=5), st.integers(0, 5))
def test_one_private_answer_condemns_a_name(answers: list[str], place: int) -> None:
    assert first_refused([*answers[:place], "10.0.0.1", *answers[place:]]) is not None


def test_an_open_ipv4_network_does_not_open_its_mapped_twin() -> None:
    loopback = (IPv4Network("127.0.0.0/8"),)
    assert refusal(ip_address("::ffff:127.0.0.1"), loopback) is not None
    assert refusal(ip_address("::1"), (*loopback, IPv6Network("::1/128"))) is None


def test_an_answer_that_is_no_address_is_refused() -> None:
    assert first_refused(["not an address"]) == ("not an address", "not an IP address")


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_reaches_a_private_address(host: str) -> None:
    async def case() -> tuple[list[Fetched | Fault], int]:
        async with (
            site({"/": answer(b"secret")}) as inner,
            site({"/": answer(b"")}, host="127.0.0.9") as outer,
            fetcher(allow_networks=(IPv4Network("127.0.0.9/32"),), resolve=offline) as client,
        ):
            target = f"http://{host}:{inner.port}/"
            direct = await client.get_page(target)
            escaped = f"http://{host}:{inner.port}/".encode().decode("latin-1")
            outer.pages["/"] = redirect(escaped)
            redirected = await client.get_page(outer.url())
            return [direct, redirected], inner.connections

    results, connections = run(case())
    assert connections == 0
    for result in results:
        assert fault(result).reason in NEVER_CONNECTED


def test_a_refusal_names_the_address_and_the_setting() -> None:
    async def case() -> Fetched | Fault:
        async with fetcher(allow_networks=()) as client:
            return await client.get_page("http://127.0.0.1:1/")

    result = fault(run(case()))
    assert result.reason is Reason.ADDRESS_REFUSED
    assert "127.0.0.1" in result.detail
    assert "loopback" in result.detail
    assert "fetch.allow_networks" in result.detail


def test_a_name_is_resolved_once_and_its_checked_address_is_used() -> None:
    answers = [["127.0.0.5"], ["127.0.0.1"]]
    asked: list[str] = []

    async def rebinding(host: str, _: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    async def case() -> tuple[Fetched | Fault, Fetched | Fault, int]:
        async with (
            site({"/": answer(b"secret")}) as inner,
            fetcher(allow_networks=(IPv4Network("127.0.0.5/32"),), resolve=rebinding) as client,
        ):
            url = f"http://rebinding.example:{inner.port}/"
            return await client.get_page(url), await client.get_page(url), inner.connections

    first, second, connections = run(case())
    assert fault(first).reason is Reason.CONNECT_FAILED
    assert fault(second).reason is Reason.ADDRESS_REFUSED
    assert connections == 0
    assert asked == ["rebinding.example"] * 2


def test_a_public_answer_beside_a_private_one_is_not_used() -> None:
    async def mixed(_: str, __: int) -> list[str]:
        return ["127.0.0.1", "10.0.0.1"]

    async def case() -> tuple[Fetched | Fault, int]:
        async with site({"/": answer(b"x")}) as server, fetcher(resolve=mixed) as client:
            return await client.get_page(f"http://mixed.example:{server.port}/"), server.connections

    result, connections = run(case())
    assert fault(result).reason is Reason.ADDRESS_REFUSED
    assert connections == 0


def test_a_dead_address_leaves_the_next_one_its_chance() -> None:
    async def two(_: str, __: int) -> list[str]:
        return ["127.0.0.77", "127.0.0.1"]

    async def case() -> Fetched | Fault:
        async with site({"/": answer(b"here")}) as server, fetcher(resolve=two) as client:
            return await client.get_page(f"http://two.example:{server.port}/")

    result = run(case())
    assert isinstance(result, Fetched)
    assert result.body == b"here"


def test_a_name_without_addresses_is_a_dns_fault() -> None:
    async def none(_: str, __: int) -> list[str]:
        return []

    async def case() -> Fetched | Fault:
        async with fetcher(resolve=none) as client:
            return await client.get_page("http://nowhere.example/")

    assert fault(run(case())).reason is Reason.DNS_FAILED
