from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.config import as_file, load
from ingest.feeds.subscriptions import (
    MOST_FEEDS,
    Subscription,
    Subscriptions,
    parse_subscriptions,
    write_opml,
)
from ingest.types import Fault, Feed


def opml(body: str, version: str = "2.0") -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><opml version="{version}"><head><title>L</title>'
        f"</head><body>{body}</body></opml>"
    ).encode()


def outline(number: int, more: str = "") -> str:
    return f'<outline type="rss" text="F{number}" xmlUrl="https://e.example/{number}" {more}/>'


def read(body: bytes) -> Subscriptions:
    result = parse_subscriptions(body)
    assert isinstance(result, Subscriptions), result
    return result


def refused(body: bytes) -> str:
    result = parse_subscriptions(body)
    assert isinstance(result, Fault), result
    return result.detail


def test_names_and_categories_are_read() -> None:
    body = opml(
        '<outline text="News &amp; more"><outline text="UK">'
        '<outline text="Köln 海" title="other" xmlUrl=" https://e.example/?a=1&amp;b=2 " '
        'category="/press/dailies,local"/></outline></outline>' + outline(2)
    )
    assert read(body).feeds == (
        Subscription(
            url="https://e.example/?a=1&b=2",
            name="Köln 海",
            tags=("press", "dailies", "local", "News & more", "UK"),
        ),
        Subscription(url="https://e.example/2", name="F2"),
    )


@pytest.mark.parametrize("version", ["1.0", "1.1", "2.0", "", "9"])
def test_every_version_is_read(version: str) -> None:
    assert len(read(opml(outline(1), version)).feeds) == 1


@pytest.mark.parametrize(
    ("body", "feeds"),
    [
        (opml(""), 0),
        (opml(outline(1) + outline(1)), 1),
        (opml(outline(1))[:-10], 1),
        (opml(outline(1)).partition(b"?>")[2], 1),
        (b"\xef\xbb\xbf" + opml(outline(1)), 1),
        (opml(outline(1)).decode().encode("utf-16"), 1),
        (opml(outline(1, 'x="&nbsp;&#xD800;<"')), 1),
        (opml(outline(1).replace("xmlUrl", "xmlurl")), 1),
        (opml(outline(1).replace(' type="rss"', "")), 1),
        (opml("<outline text='empty group'/>" + outline(1)), 1),
        (opml("<outline xmlUrl=''/>" + outline(1)), 1),
        (opml("<outline text='a'>" * 300 + outline(1) + "</outline>" * 300), 1),
        (opml("<outline/>" * 1000 + outline(1)), 1),
    ],
)
def test_a_flawed_list_yields_what_can_be_saved(body: bytes, feeds: int) -> None:
    assert len(read(body).feeds) == feeds


def test_lists_of_lists_are_told_apart() -> None:
    inner = '<outline type="include" text="x" url="https://e.example/more.opml"/>'
    found = read(opml(inner + outline(1)))
    assert found.lists == ("https://e.example/more.opml",)
    assert len(found.feeds) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"<rss><channel/></rss>", "a feed, not a list"),
        (b"<html><body/></html>", "a document <html>"),
        (b'<!DOCTYPE o [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><opml>&b;</opml>', "entities"),
        (b'<!DOCTYPE o [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml/>', "entities"),
        (b"https://e.example/\n" * (MOST_FEEDS + 1), f"of at most {MOST_FEEDS}"),
    ],
)
def test_what_is_no_list_is_refused(body: bytes, words: str) -> None:
    assert words in refused(body)


def test_a_plain_list_has_an_address_a_line_and_comments() -> None:
    body = (
        b"# mine\n\nhttps://e.example/1\r\n  feed://e.example/2\nfeed:https://e.example/3\nno url"
    )
    assert [feed.url for feed in read(body).feeds] == [
        "https://e.example/1",
        "http://e.example/2",
        "https://e.example/3",
        "no url",
    ]


def test_an_address_alone_is_a_list_and_not_fetched() -> None:
    assert read(b"http://127.0.0.1:9/x.opml").feeds[0].url == "http://127.0.0.1:9/x.opml"


WORDS = st.text(
    st.characters(categories=["L", "N", "P", "S"], exclude_characters="\x00"), min_size=1
).filter(lambda text: text.isprintable())
FEEDS = st.lists(
    st.builds(
        Feed,
        id=st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True),
        url=st.from_regex(r"https://[a-z]{1,8}\.example/[a-z&;=?%]{0,8}", fullmatch=True),
        name=WORDS,
        tags=st.lists(WORDS, max_size=4, unique=True).map(tuple),
    ),
    max_size=5,
    unique_by=(lambda feed: feed.id, lambda feed: feed.url),
)


@given(FEEDS)
def test_what_is_written_as_opml_is_read_again(feeds: list[Feed]) -> None:
    found = read(write_opml(feeds, title="T")).feeds
    assert [feed.url for feed in found] == [feed.url for feed in feeds]
    for written, feed in zip(found, feeds, strict=True):
        assert [written.name] == [*names_of(feed.name)]
        assert set(written.tags) == {tag for each in feed.tags for tag in names_of(each)}


def names_of(text: str) -> list[str]:
    """A name as the reading side cleans any name."""
    found = read(opml(f'<outline text="{escaped(text)}" xmlUrl="https://e.example/"/>')).feeds
    return [found[0].name] if found[0].name else []


def escaped(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


@given(FEEDS)
def test_what_is_written_as_yaml_is_the_same_feeds(
    tmp_path_factory: pytest.TempPathFactory, feeds: list[Feed]
) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "exported.yml"
    path.write_text(as_file(feeds), encoding="utf-8")
    assert list(load(path).feeds) == feeds


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_raise(body: bytes, wrapped: bool) -> None:
    result = parse_subscriptions(b"<opml><body>" + body if wrapped else body)
    assert isinstance(result, Subscriptions | Fault)
