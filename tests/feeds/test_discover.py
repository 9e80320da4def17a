import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.feeds.discover import Announced, discover

URL = "https://example.org/section/"
OTHER_BASE = """
    <base href="https://other.example/x/">
    <link rel="alternate feed" type="application/feed+json; charset=utf-8" href="c">
"""
THREE = """
    <link rel="alternate" type="application/rss+xml" href="/a">
    <link rel="alternate" type="application/rss+xml" href="/a" title="again">
    <link rel="alternate" type="application/atom+xml" href="/b">
"""


@pytest.mark.parametrize(
    ("markup", "feeds"),
    [
        (
            '<link rel="alternate" type="application/rss+xml" title="All &amp; sundry" href="/a">',
            [Announced(url="https://example.org/a", kind="rss", title="All & sundry")],
        ),
        (
            "<LINK REL=ALTERNATE TYPE=application/atom+xml HREF=b>",
            [Announced(url="https://example.org/section/b", kind="atom")],
        ),
        (
            OTHER_BASE,
            [Announced(url="https://other.example/x/c", kind="json")],
        ),
        (
            '<body><a rel="alternate" type="application/rdf+xml" href="//x.example/d">RSS</a>',
            [Announced(url="https://x.example/d", kind="rdf")],
        ),
        (
            THREE,
            [
                Announced(url="https://example.org/a", kind="rss"),
                Announced(url="https://example.org/b", kind="atom"),
            ],
        ),
        ('<link rel="alternate" hreflang="de" href="/de">', []),
        ('<link rel="alternate" type="application/rss+xml" href="javascript:x">', []),
        ('<link rel="alternate" type="application/rss+xml">', []),
        ('<link rel="stylesheet" type="application/rss+xml" href="/a">', []),
        ('<!-- <link rel="alternate" type="application/rss+xml" href="/a"> -->', []),
        ("", []),
        ("no markup", []),
    ],
)
def test_announced_feeds_are_found(markup: str, feeds: list[Announced]) -> None:
    assert list(discover(markup.encode(), url=URL)) == feeds


def test_an_encoding_of_the_page_is_obeyed() -> None:
    page = '<link rel=alternate type=application/rss+xml href=/a title="Köln">'.encode("cp1252")
    (found,) = discover(page, url=URL, content_type="text/html; charset=iso-8859-1")
    assert found.title == "Köln"


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    assert discover(b"<html>" + body, url=URL) is not None
    assert discover(body, url=URL) is not None
