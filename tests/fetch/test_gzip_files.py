"""Documents that are gzip files themselves, as ``sitemap.xml.gz`` is on most servers."""

import gzip

import pytest

from ingest.types import Fault, Fetched, Validators
from storage.model import Reason
from tests.fetch.server import answer, site
from tests.fetch.support import fault, fetched, fetcher, run

XML = b"<urlset>" + b"<url/>" * 500 + b"</urlset>"


def asked(body: bytes, *headers: str, limit: int = 100_000, page: bool = False) -> Fetched | Fault:
    async def case() -> Fetched | Fault:
        async with site({"/f": answer(body, *headers)}) as server, fetcher(max_bytes=limit) as door:
            url = server.url("/f")
            return await (door.get_page(url) if page else door.get_feed(url, Validators()))

    return run(case())


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Type: application/gzip",),
        ("Content-Type: application/x-gzip",),
        ("Content-Type: application/octet-stream",),
        ("Content-Type: application/xml",),
        (),
    ],
)
def test_a_gzip_file_is_opened_whatever_type_it_is_sent_as(headers: tuple[str, ...]) -> None:
    found = fetched(asked(gzip.compress(XML), *headers))
    assert found.body == XML
    assert found.wire_bytes == len(gzip.compress(XML))


def test_one_that_was_compressed_again_for_the_way_is_opened_too() -> None:
    assert fetched(asked(gzip.compress(XML), "Content-Encoding: gzip")).body == XML
    twice = gzip.compress(gzip.compress(XML))
    assert fetched(asked(twice, "Content-Encoding: gzip")).body == XML


def test_it_is_opened_once_and_no_deeper() -> None:
    once = gzip.compress(XML)
    assert fetched(asked(gzip.compress(once))).body == once


@pytest.mark.parametrize("cut", [3, 12, 40])
def test_one_that_was_cut_is_a_fault(cut: int) -> None:
    assert fault(asked(gzip.compress(XML)[:cut])).reason is Reason.TRUNCATED


def test_one_that_is_broken_inside_is_a_fault() -> None:
    data = bytearray(gzip.compress(XML))
    data[12:20] = b"\xff" * 8
    assert fault(asked(bytes(data))).reason is Reason.BAD_ENCODING


def test_it_may_not_grow_beyond_the_limit_of_a_document() -> None:
    assert fault(asked(gzip.compress(bytes(50_000_000)))).reason is Reason.TOO_LARGE


def test_a_page_is_not_opened() -> None:
    assert fetched(asked(gzip.compress(XML), page=True)).body == gzip.compress(XML)
