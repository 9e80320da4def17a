import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.articles.extract import EXTRACTOR, extract_feed_text, extract_page
from ingest.articles.urls import site_of
from ingest.dedup.signature import fingerprint
from ingest.types import Extracted, Fault, Page, ParsedEntry
from storage.model import Reason, TextSource
from tests.articles.extracting import STORY, URL, article, found_in
from tests.articles.pages import form_inside_article, page, paragraphs_html

STAGES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
ENTRY = ParsedEntry(
    guid="1",
    link=URL,
    title="The feed's title",
    authors=("Fay Feed",),
    published_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    updated_at=datetime(2026, 11, 23, 9, 45, tzinfo=UTC),
    summary="<p>The feed&#8217;s summary.</p>",
    language="en",
    tags=("feed tag",),
    image_url="https://img.example.com/feed.jpg",
)


def linked_data(**fields: object) -> str:
    node = {"@context": "https://schema.org", "@type": "NewsArticle", **fields}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def test_a_page_without_html_and_body_tags_is_an_article() -> None:
    told = f"<article><h1>The road</h1>{paragraphs_html(STORY[:2])}</article>"
    found = found_in(f"<!doctype html><title>The road</title>{told}".encode())
    assert (found.title, found.text) == ("The road", "\n\n".join(STORY[:2]))


def test_paragraphs_are_parted_by_blank_lines() -> None:
    found = found_in(article(paragraphs_html(STORY)))
    assert found.text == "\n\n".join(STORY)
    assert found.word_count == 61
    own = fingerprint(found.text, site=site_of(found.canonical_url), title=found.title)
    assert found.fingerprint == own
    assert found.extractor == EXTRACTOR
    assert found.text_source is TextSource.PAGE
    assert found.language == "en"


def test_an_article_in_many_sections_is_not_cut_to_its_first() -> None:
    """By its rules trafilatura takes the container with the best name, which holds the lead."""
    lead = f'<div class="entry-content"><p>{STORY[0]}</p></div>'
    told = [f"In the {name} stage {STORY[1].lower()} {STORY[2]}" for name in STAGES]
    sections = "".join(
        f'<section class="block"><div class="text"><h2>The {name} stage</h2><p>{part}</p></div>'
        "</section>"
        for name, part in zip(STAGES, told, strict=True)
    )
    found = found_in(page(f"<main><h1>A headline of some length</h1>{lead}{sections}</main>"))
    assert [part for part in (STORY[0], *told) if part not in found.text] == []


def test_text_comes_out_normalised() -> None:
    first = (
        "Der Rat be\u00adschloß am Dienstag die Schließung "
        "der Hafenstraße fu\u0308r alle Last\u200bwagen."
    )
    found = found_in(article(paragraphs_html((first, *STORY))))
    expected = "Der Rat beschloß am Dienstag die Schließung der Hafenstraße für alle Lastwagen."
    assert found.text.split("\n\n")[0] == expected


def test_headings_lists_quotes_tables_and_breaks_become_paragraphs() -> None:
    body = f"""<p>{STORY[0]}</p><h2>What changes</h2><ul><li>No lorries by day</li>
    <li>No lorries by <b>night</b></li></ul><blockquote><p>{STORY[1]}</p></blockquote>
    <p>{STORY[2]}<br><br>A second thought<br>on two lines.<br>A third.</p>
    <table><tr><th>Year</th><th>Lorries</th></tr><tr><td>2024</td><td>900</td></tr></table>
    <p>{STORY[3]}</p>"""
    assert found_in(article(body)).text.split("\n\n") == [
        STORY[0],
        "What changes",
        "No lorries by day",
        "No lorries by night",
        STORY[1],
        STORY[2],
        "A second thought on two lines.",
        "A third.",
        "Year | Lorries",
        "2024 | 900",
        STORY[3],
    ]


def test_a_very_short_article_is_found() -> None:
    assert found_in(article(f"<h1>Road shut</h1><p>{STORY[0]}</p>")).text == STORY[0]


def test_json_ld_outweighs_meta_tags_and_both_the_feed() -> None:
    head = (
        linked_data(
            headline="Harbour road &amp; bridge shut",
            author=[{"@type": "Person", "name": "Ann Lee"}, {"@type": "Person", "name": "Bo Ek"}],
            publisher={"@type": "Organization", "name": "Example Gazette"},
            datePublished="2026-11-23T10:00:00+02:00",
            dateModified="2026-11-23T12:00:00+02:00",
            image={"@type": "ImageObject", "url": "/road.jpg"},
            keywords=["roads", "Northbridge"],
        )
        + '<meta property="og:title" content="Another title"><meta name="author" content="X Y">'
        '<meta name="description" content="A page&#39;s summary">'
    )
    found = found_in(article(paragraphs_html(STORY), head), entry=ENTRY)
    assert found.title == "Harbour road & bridge shut"
    assert found.authors == ("Ann Lee", "Bo Ek")
    assert found.published_at == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert found.modified_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert found.image_url == "https://news.example.com/road.jpg"
    assert found.tags == ("roads", "Northbridge")
    assert found.summary == "A page's summary"
    assert found.sources == {
        "title": "json-ld",
        "authors": "json-ld",
        "published_at": "json-ld",
        "modified_at": "json-ld",
        "image_url": "json-ld",
        "tags": "json-ld",
        "summary": "meta",
    }


def test_the_feed_tells_what_the_page_does_not() -> None:
    found = found_in(article(paragraphs_html(STORY), title=""), entry=ENTRY)
    assert found.title == "The feed's title"
    assert found.authors == ("Fay Feed",)
    assert found.published_at == ENTRY.published_at
    assert found.modified_at == ENTRY.updated_at
    assert found.summary == "The feed’s summary."  # noqa: RUF001 - typographic
    assert found.tags == ("feed tag",)
    assert found.image_url == ENTRY.image_url
    assert set(found.sources.values()) == {"feed"}


@pytest.mark.parametrize(
    ("shown", "day"),
    [
        ("Updated by the desk, July 4, 2025", datetime(2025, 7, 4, tzinfo=UTC)),
        ("© 2024 The editors of this page", None),
    ],
)
def test_a_day_nobody_states_is_guessed_from_the_text_and_a_year_is_no_day(
    shown: str, day: datetime | None
) -> None:
    body = f"<main><h1>A headline of some length</h1>{paragraphs_html(STORY)}<p>{shown}</p></main>"
    assert found_in(body.encode(), url="https://news.example.com/harbour-road").published_at == day


def test_the_site_name_is_no_part_of_the_title_and_no_author() -> None:
    head = (
        '<meta property="og:site_name" content="Example Gazette">'
        '<meta property="og:title" content="Road shut | Example Gazette">'
        '<meta name="author" content="Example Gazette">'
    )
    found = found_in(article(paragraphs_html(STORY), head))
    assert found.title == "Road shut"
    assert found.authors == ()


@pytest.mark.parametrize(
    ("stated", "at"),
    [
        ("2026-11-23T11:30:00", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
        ("2026-11-23T11:30:00+03:00", datetime(2026, 11, 23, 8, 30, tzinfo=UTC)),
        ("2025-01-02", datetime(2025, 1, 2, tzinfo=UTC)),
    ],
)
def test_a_date_without_zone_yields_to_the_feeds_of_the_same_day(stated: str, at: datetime) -> None:
    head = linked_data(datePublished=stated)
    assert found_in(article(paragraphs_html(STORY), head), entry=ENTRY).published_at == at


def test_the_node_that_names_the_page_is_taken_among_several() -> None:
    graph = [
        {"@type": "NewsArticle", "headline": "Another story", "url": "/other"},
        {"@type": ["Article", "NewsArticle"], "headline": "This story", "mainEntityOfPage": URL,
         "author": {"@id": "#ann"}},
        {"@type": "Person", "@id": "#ann", "name": "Ann Lee"},
    ]  # fmt: skip
    head = f'<script type="application/ld+json">{json.dumps({"@graph": graph})}</script>'
    found = found_in(article(paragraphs_html(STORY), head))
    assert (found.title, found.authors) == ("This story", ("Ann Lee",))


def test_linked_data_that_points_at_itself_ends() -> None:
    head = linked_data(
        headline={"@id": "#a"}, author=[[[[{"@id": "#a"}]]]], **{"@id": "#a", "name": {"@id": "#a"}}
    )
    assert found_in(article(paragraphs_html(STORY), head), entry=ENTRY).authors == ("Fay Feed",)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"%PDF-1.7", "application/pdf"), (b"\xff\xd8\xff\xe0", ""), (b'{"a": 1}', "text/html")],
)
def test_what_is_no_html_is_a_fault(body: bytes, content_type: str) -> None:
    found = extract_page(Page(url=URL, body=body, content_type=content_type), None)
    assert isinstance(found, Fault)
    assert found.reason is Reason.NOT_HTML


@pytest.mark.parametrize(
    "body",
    [
        b"<html><head><title>x</title></head><body></body></html>",
        b"<html><body><nav><a href='/'>Home</a></nav></body></html>",
    ],
)
def test_a_page_without_article_has_no_text(body: bytes) -> None:
    assert found_in(body).text == ""


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 20_000 + b"deep",
        b"<b><i>" * 5_000,
        b"<html " + b"a=b " * 20_000 + b">",
        b"<p>&#xD800;&#0;&#x110000;\x00\x01\xff</p>" * 50,
        b'<script type="application/ld+json">' + b"[" * 100_000 + b"</script><p>x</p>",
        b"<!--" * 1_000 + b"<p>x",
        b"<table>" * 3_000 + b"x",
        b"<p xml:lang='x' a:b:c='1' \xc3\xa4='2'><foo:bar>x</foo:bar></p>",
        b"<?xml version='1.0' encoding='utf-16'?><html><body><p>x</p></body></html>",
    ],
    ids=[
        "divs",
        "inline",
        "attributes",
        "characters",
        "json",
        "comments",
        "tables",
        "names",
        "xml",
    ],
)
def test_hostile_markup_gives_a_value(body: bytes) -> None:
    found = extract_page(Page(url=URL, body=body, content_type="text/html"), ENTRY)
    assert isinstance(found, Extracted | Fault)


SOUP = (
    *("<p>", "</p>", "<div id=respond>", "<form>", "<textarea>", "</form>", "<br>", "<table>"),
    *("<tr><td>", "<a href=x>", "</a>", "<h1>", "<ul><li>", "words of a text. ", "&amp;"),
    *("<article>", "<script type=application/ld+json>{}", "</script>", "<html amp>", "\u200b"),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(SOUP), max_size=40))
def test_any_soup_of_tags_gives_a_value(pieces: list[str]) -> None:
    body = "".join(pieces).encode()
    assert isinstance(
        extract_page(Page(url=URL, body=body, content_type="text/html"), None), Extracted | Fault
    )


def test_what_was_extracted_before_changes_nothing() -> None:
    body = article(paragraphs_html(STORY))
    assert len({found_in(body).text for _ in range(5)}) == 1


def test_a_script_without_spaces_is_extracted_and_counted_by_character() -> None:
    text = "市議会は火曜日に古い港の道路を閉鎖することを決めた。住民は長年この措置を求めていた。"
    body = form_inside_article(paragraphs_html([text] + [f"{text}第{n}項。" for n in range(4)]), "")
    found = found_in(
        page(body).decode().encode("cp932", "ignore"), content_type="text/html; charset=sjis"
    )
    assert found.text.startswith(text)
    assert found.language == "ja"
    assert found.word_count > 150


def test_a_feeds_full_text_becomes_paragraphs() -> None:
    content = (
        f'<p>{STORY[0]}</p><p>{STORY[1]} <a href="/x">More</a> <script>no()</script></p>'
        f"<ul><li>One</li><li>Two</li></ul>{STORY[2]}<br><br>{STORY[3]}"
        '<p>The post <a href="/">Road</a> appeared first on <a href="/">Gazette</a>.</p>'
    )
    entry = ParsedEntry(
        guid="1", title=ENTRY.title, content=content, summary="Short.", language="en"
    )
    found = extract_feed_text(entry, url=f"{URL}?utm_source=rss")
    assert found.text.split("\n\n") == [
        STORY[0],
        f"{STORY[1]} More",
        "One",
        "Two",
        STORY[2],
        STORY[3],
    ]
    assert found.canonical_url == URL
    assert found.text_source is TextSource.FEED
    assert found.summary == "Short."
    own = fingerprint(found.text, site=site_of(found.canonical_url), title=found.title)
    assert found.fingerprint == own


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        ("Plain words.\n\nAnd more.", "Plain words.\n\nAnd more."),
        ("AT&amp;T rose &lt;5%&gt;", "AT&T rose <5%>"),
        ("a < b and no markup", "a < b and no markup"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_feeds_summary_serves_where_it_has_no_content(summary: str | None, text: str) -> None:
    assert extract_feed_text(ParsedEntry(guid="1", summary=summary), url=URL).text == text
