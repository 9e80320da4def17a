"""Rows of common tools are understood, and what cannot be is told."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.imports.names import lookup
from ingest.imports.row import Row, extract_row, moment, read_row
from ingest.types import Extracted

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TEXT = "The ferry was late.\n\nNobody knew why, and nobody asked."


def taken(record: dict[str, Any], **given_names: str) -> Extracted:
    row = read_row(record, lookup(given_names))
    assert isinstance(row, Row), row
    return extract_row(row, {"file": "f", "row": 1}, now=NOW)


@pytest.mark.parametrize(
    "record",
    [
        {  # news-please, Common Crawl news
            "url": "https://example.org/a",
            "maintext": TEXT,
            "title": "Late ferry",
            "authors": ["Ann Lee", "Bo Ek"],
            "date_publish": "2026-11-20 10:30:00",
            "language": "en",
            "source_domain": "example.org",
        },
        {  # fundus
            "html": {"responded_url": "https://example.org/a", "crawl_date": "2026-11-21"},
            "title": "Late ferry",
            "authors": ["Ann Lee", "Bo Ek"],
            "body": {
                "summary": [],
                "sections": [{"headline": [], "paragraphs": TEXT.split("\n\n")}],
            },
            "publishing_date": "2026-11-20T10:30:00+00:00",
        },
        {  # newspaper and the like
            "link": "https://example.org/a",
            "Content": TEXT,
            "headline": "Late ferry",
            "author": "By Ann Lee and Bo Ek",
            "publish_date": 1795170600,
            "lang": "en-GB",
        },
        {  # a feed's markup; schema.org
            "url": "https://example.org/a",
            "articleBody": "<p>The ferry was late.</p><p>Nobody knew why, and nobody asked.</p>",
            "headline": "Late ferry",
            "author": [{"@type": "Person", "name": "Ann Lee"}, {"name": "Bo Ek"}],
            "datePublished": datetime(2026, 11, 20, 10, 30),  # noqa: DTZ001 - as Parquet has them
        },
    ],
    ids=["news-please", "fundus", "newspaper", "schema.org"],
)
def test_the_names_of_common_tools_are_known(record: dict[str, Any]) -> None:
    article = taken(record)
    assert article.canonical_url == "https://example.org/a"
    assert article.text == TEXT
    assert article.title == "Late ferry"
    assert article.authors == ("Ann Lee", "Bo Ek")
    assert article.published_at == datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    assert article.language == "en"
    assert article.extra == {"imported": {"file": "f", "row": 1}}


def test_a_persons_names_come_first() -> None:
    record = {"url": "https://example.org/a", "text": "not this", "Story": TEXT}
    assert taken(record, story="text").text == TEXT
    with pytest.raises(ValueError, match="no field"):
        lookup({"story": "texts"})


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"text": TEXT}, "it has no url; its fields: text"),
        ({"url": "ftp://example.org/a", "text": TEXT}, "is not an http or https URL"),
        ({"url": ["x\ny"], "text": TEXT}, "is not an http or https URL"),
    ],
)
def test_a_row_without_a_usable_address_says_so(record: dict[str, Any], why: str) -> None:
    found = read_row(record, lookup({}))
    assert isinstance(found, str)
    assert why in found


def test_a_canonical_address_is_believed_within_its_site_alone() -> None:
    row = {"url": "https://m.example.org/a?utm_source=x", "text": TEXT}
    claimed = {"canonical_url": "https://www.example.org/a"}
    assert taken(row | claimed).canonical_url == "https://www.example.org/a"
    elsewhere = {"canonical_url": "https://www.example.net/a"}
    assert taken(row | elsewhere).canonical_url == "https://m.example.org/a"


def test_cells_of_our_own_csv_are_undone() -> None:
    record = {"url": "https://example.org/a", "text": "'=1+1 is two", "title": "'-40 in Oslo"}
    article = taken(record | {"authors": '["A","B"]', "tags": '["x"]', "extra": '{"k": 1}'})
    assert (article.text, article.title) == ("=1+1 is two", "-40 in Oslo")
    assert (article.authors, article.tags) == (("A", "B"), ("x",))
    assert article.extra["k"] == 1


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (date(2026, 11, 20), datetime(2026, 11, 20, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 10:30:00 +0100", datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
        (1795170600000, datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
        (True, None),
        (float("1795170600.5"), datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
        ("2126-01-01", None),
        ("soon", None),
        ({}, None),
    ],
)
def test_dates_are_read_in_every_shape(value: object, found: datetime | None) -> None:
    assert moment(value, now=NOW) == found


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["text", "title", "authors", "date", "tags", "lang", "extra", "image"]),
        VALUES,
    )
)
def test_no_value_of_any_shape_fails(record: dict[str, Any]) -> None:
    taken({"url": "https://example.org/a"} | record)


@given(st.text())
def test_a_text_that_was_cleaned_once_stays_as_it_is(text: str) -> None:
    first = taken({"url": "https://example.org/a", "text": text}).text
    assert taken({"url": "https://example.org/a", "text": first}).text == first


def test_a_date_that_cannot_be_read_is_not_lost() -> None:
    record = {"url": "https://example.org/a", "text": TEXT, "modified": "2026-11-20"}
    article = taken(record | {"date": "the day\nbefore"})
    assert article.published_at is None
    assert article.extra["imported"] == {
        "file": "f",
        "row": 1,
        "unread": {"published_at": "the day before"},
    }
    assert taken(record | {"date": "2026-11-19"}).extra["imported"] == {"file": "f", "row": 1}


def test_an_author_may_stand_alone() -> None:
    record = {"url": "https://example.org/a", "text": TEXT}
    article = taken(record | {"author": {"@type": "Person", "name": "Ann Lee"}})
    assert article.authors == ("Ann Lee",)
