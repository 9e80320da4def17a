import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.types import Fault, ParsedFeed
from tests.feeds.documents import outcome, parsed

JSON = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"


def document(*items: object, **fields: object) -> bytes:
    return json.dumps({"version": VERSION, "title": "J", "items": items, **fields}).encode()


def test_a_whole_item_of_1_1_is_read() -> None:
    body = document(
        {
            "id": 42,
            "url": "/42",
            "title": "Fish &amp; chips\u202e",
            "content_html": "<p>Text</p>",
            "summary": "5 < 6",
            "date_published": "2026-11-20T11:00:00+01:00",
            "date_modified": "2026-11-21T10:00:00Z",
            "authors": [{"name": "Ann"}, {"name": "Bo"}, {"url": "https://example.org"}],
            "tags": ["World", "World", 7],
            "image": "/i.png",
        },
        home_page_url="https://example.org/",
        language="de-AT",
    )
    feed = parsed(body, JSON)
    (entry,) = feed.entries
    assert (feed.format, feed.title, feed.link, feed.flaw) == (
        "json11",
        "J",
        "https://example.org/",
        None,
    )
    assert entry.guid == "42"
    assert entry.link == "https://feeds.example.org/42"
    assert entry.title == "Fish & chips"
    assert entry.content == "<p>Text</p>"
    assert entry.summary == "5 &lt; 6"
    assert entry.published_at == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    assert entry.updated_at == datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    assert entry.authors == ("Ann", "Bo")
    assert entry.tags == ("World",)
    assert entry.language == "de-at"
    assert entry.image_url == "https://feeds.example.org/i.png"


def test_an_item_of_1_0_is_read() -> None:
    body = document(
        {
            "id": "a",
            "external_url": "https://example.org/a",
            "content_text": "One & two\n\nThree",
            "author": {"name": "Ann"},
            "attachments": [{"url": "https://example.org/p.jpg", "mime_type": "image/jpeg"}],
        },
        version="https://jsonfeed.org/version/1",
    )
    feed = parsed(body, JSON)
    (entry,) = feed.entries
    assert feed.format == "json1"
    assert entry.link == "https://example.org/a"
    assert entry.content == "<p>One &amp; two</p><p>Three</p>"
    assert entry.authors == ("Ann",)
    assert entry.image_url == "https://example.org/p.jpg"


@pytest.mark.parametrize(
    ("body", "entries", "flaw"),
    [
        (document(), 0, None),
        (document({"id": "1"}, "no object", 7, None), 1, "3 items that are no objects"),
        (document({"title": "no id"}, {"title": "none either"}), 2, None),
        (document({"id": "1"}, {"id": "1"}), 1, None),
        (document({"id": "1", "title": "\ud800x"}), 1, None),
        (document({"id": "1"}) + b"\n\x00", 1, None),
        (document({"id": "1"}) + b" trailing", 1, "text after the document"),
        (b"\xef\xbb\xbf" + document({"id": "1"}), 1, None),
        (b"  \n" + document({"id": "1"}), 1, None),
        (document({"id": "1", "title": "a"}).replace(b'"a"', b'"a\nb"'), 1, None),
        (document({"id": "1", "url": "x"}, version=None), 1, "no JSON Feed version"),
        (document({"id": "1", "url": 5, "tags": "x", "authors": {}, "attachments": 1}), 1, None),
    ],
)
def test_a_flawed_document_yields_what_can_be_saved(
    body: bytes, entries: int, flaw: str | None
) -> None:
    feed = parsed(body, JSON)
    assert len(feed.entries) == entries
    assert feed.flaw == flaw


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    [
        *("id", "url", "external_url", "title", "content_html", "content_text", "summary", "image"),
        *("banner_image", "date_published", "date_modified", "authors", "author", "tags"),
        *("language", "attachments"),
    ]
)


@given(st.lists(st.dictionaries(FIELDS, VALUES), max_size=4), st.dictionaries(FIELDS, VALUES))
def test_fields_of_any_kind_never_raise(
    items: list[dict[str, object]], fields: dict[str, object]
) -> None:
    result = outcome(document(*items, **fields), JSON)
    assert isinstance(result, ParsedFeed)
    assert len(result.entries) <= len(items)
    assert len({entry.guid for entry in result.entries}) == len(result.entries)


@given(VALUES)
def test_any_json_is_a_feed_or_a_fault(value: object) -> None:
    assert isinstance(outcome(json.dumps({"items": value}).encode(), JSON), ParsedFeed | Fault)
