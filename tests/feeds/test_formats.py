"""Each format by its specification, with the slips that are common in it."""

from datetime import UTC, datetime

import pytest

from ingest.types import ParsedEntry, ParsedFeed
from tests.feeds.documents import NOW, URL, atom, item, parsed, rss
from tests.feeds.test_jsonfeed import JSON, document

RDF_SPACE = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
ITEM = "<item><title>One</title><link>https://example.org/1</link></item>"
CHANNEL = "<channel><title>Ex</title><link>https://example.org/</link></channel>"
RSS090 = (
    f'<rdf:RDF {RDF_SPACE} xmlns="http://my.netscape.com/rdf/simple/0.9/">{CHANNEL}{ITEM}</rdf:RDF>'
)
RSS10 = f'<rdf:RDF {RDF_SPACE} xmlns="http://purl.org/rss/1.0/">{CHANNEL}{ITEM}</rdf:RDF>'
NETSCAPE = (
    '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
    '"http://my.netscape.com/publish/formats/rss-0.91.dtd">'
)


def versioned(version: str) -> str:
    return f'<rss version="{version}">{CHANNEL[:-10]}{ITEM}</channel></rss>'


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (RSS090, "rss090"),
        (versioned("0.91"), "rss091u"),
        (NETSCAPE + versioned("0.91"), "rss091n"),
        (versioned("0.92"), "rss092"),
        (versioned("0.93"), "rss093"),
        (versioned("0.94"), "rss094"),
        (RSS10, "rss10"),
        (versioned("2.0"), "rss20"),
        (versioned("2.0.11"), "rss20"),
        (versioned("2"), "rss"),
        (versioned("3.0"), "rss"),
        (versioned(""), "rss"),
    ],
)
def test_every_rss_is_read(text: str, form: str) -> None:
    feed = parsed(text.encode())
    assert (feed.format, feed.title, feed.link) == (form, "Ex", "https://example.org/")
    (entry,) = feed.entries
    assert (entry.title, entry.link, entry.guid) == ("One", *("https://example.org/1",) * 2)
    assert feed.flaw is None


def one(feed: ParsedFeed) -> ParsedEntry:
    (entry,) = feed.entries
    return entry


@pytest.mark.parametrize(
    ("attributes", "entry", "link"),
    [
        ('xml:base="https://base.example/x/"', '<link href="a"/>', "https://base.example/x/a"),
        ('xml:base="/deep/"', '<link href="a"/>', "https://feeds.example.org/deep/a"),
        ("", '<link xml:base="https://b.example/y/" href="a"/>', "https://b.example/y/a"),
        ("", '<link href="a"/>', "https://feeds.example.org/news/a"),
        ("", '<link href="/a"/>', "https://feeds.example.org/a"),
        ("", '<link rel="alternate" type="text/html" href="//c.example/a"/>', "https://c.example/a"),
        ("", '<link rel="enclosure" href="/a.mp3"/><link href="/b"/>', "https://feeds.example.org/b"),
        ("", '<link rel="self" href="/s"/><link rel="alternate" href="/b"/>', "https://feeds.example.org/b"),
        ("", '<link rel="edit" href="/e"/>', None),
        ("", '<content src="https://example.org/c"/>', None),
    ],
)  # fmt: skip
def test_the_base_of_links_in_atom(attributes: str, entry: str, link: str | None) -> None:
    body = atom(f"<entry><id>urn:1</id>{entry}</entry>", attributes)
    assert one(parsed(body)).link == link


@pytest.mark.parametrize(
    ("opening", "channel", "link", "absolute"),
    [
        ("", "<link>https://site.example/a/</link>", "b", "https://site.example/a/b"),
        ("", "<link>https://site.example/a/</link>", "?p=7", "https://site.example/a/?p=7"),
        (' xml:base="https://base.example/x/"', "", "b", "https://base.example/x/b"),
        ("", '<atom:link rel="self" href="https://self.example/"/>', "/b", "https://feeds.example.org/b"),
        ("", '<atom:link rel="self" href="https://self.example/"/><link>https://site.example/</link>',
         "/b", "https://site.example/b"),
        ("", "<image><link>https://image.example/</link></image><link>https://site.example/</link>",
         "/b", "https://site.example/b"),
        ("", "<link/>", "b", "https://feeds.example.org/news/b"),
    ],
)  # fmt: skip
def test_the_base_of_links_in_rss(opening: str, channel: str, link: str, absolute: str) -> None:
    body = rss(f"<item><title>T</title><link>{link}</link></item>", channel)
    assert one(parsed(body.replace(b"<channel>", f"<channel{opening}>".encode()))).link == absolute
    assert URL.startswith("https://feeds.example.org/news/")


def test_links_within_a_text_are_absolute_too() -> None:
    inner = "<description>&lt;a href='b'&gt;x&lt;/a&gt;</description>"
    entry = one(parsed(rss(item(1, inner), "<link>https://site.example/a/</link>")))
    assert entry.summary is not None
    assert "https://site.example/a/b" in entry.summary


@pytest.mark.parametrize(
    ("guid", "link", "known_as", "leads_to"),
    [
        ("<guid>tag:1</guid>", "<link>https://example.org/1</link>", "tag:1", "https://example.org/1"),
        ('<guid isPermaLink="false">https://example.org/p</guid>', "", "https://example.org/p",
         "https://example.org/p"),
        ('<guid isPermaLink="true">77</guid>', "", "77", None),
        ("<guid>https://example.org/p</guid>", "<link>https://example.org/1</link>",
         "https://example.org/p", "https://example.org/1"),
        ("<guid> spaced </guid>", "", "spaced", None),
        ("<guid/>", "<link>https://example.org/1</link>", "https://example.org/1",
         "https://example.org/1"),
    ],
)  # fmt: skip
def test_guids_and_permalinks(guid: str, link: str, known_as: str, leads_to: str | None) -> None:
    entry = one(parsed(rss(f"<item><title>T</title>{guid}{link}</item>")))
    assert (entry.guid, entry.link) == (known_as, leads_to)


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("<pubDate>Fri, 20 Nov 2026 10:00:00 GMT</pubDate>", "2026-11-20T10:00:00"),
        ("<pubDate>Fri, 20 Nov 2026 10:00:00 -0500</pubDate>", "2026-11-20T15:00:00"),
        ("<pubDate>20 Nov 26 10:00 EST</pubDate>", "2026-11-20T15:00:00"),
        ("<dc:date>2026-11-20T10:00:00Z</dc:date>", "2026-11-20T10:00:00"),
        ("<pubDate>Wed, 25 Nov 2026 11:00:00 GMT</pubDate>", "2026-11-25T11:00:00"),
        ("<pubDate>Wed, 25 Nov 2026 13:00:00 GMT</pubDate>", None),
        ("<pubDate>Sun, 31 Dec 1989 23:59:59 GMT</pubDate>", None),
        ("<pubDate>Mon, 01 Jan 1990 00:00:00 GMT</pubDate>", "1990-01-01T00:00:00"),
        ("<pubDate>0000-00-00 00:00:00</pubDate>", None),
        ("<pubDate>soon</pubDate>", None),
        ("<pubDate>Fri, 20 Nov 20026 10:00:00 GMT</pubDate>", None),
    ],
)
def test_a_date_is_credible_or_none_and_its_words_are_kept(date: str, moment: str | None) -> None:
    entry = one(parsed(rss(item(1, date))))
    expected = datetime.fromisoformat(moment).replace(tzinfo=UTC) if moment else None
    assert entry.published_at == expected
    assert entry.raw_date == date.partition(">")[2].partition("<")[0]
    assert datetime(2026, 11, 23, 12, tzinfo=UTC) == NOW


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"url": "https://a.example/1", "external_url": "https://b.example/"}, "https://a.example/1"),
        ({"external_url": "https://b.example/2"}, "https://b.example/2"),
        ({"url": "", "external_url": "https://b.example/2"}, "https://b.example/2"),
        ({"url": "javascript:x"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_where_a_json_item_leads(fields: dict[str, object], expected: str | None) -> None:
    assert one(parsed(document({"id": "1", **fields}), JSON)).link == expected


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"authors": [{"name": "Ann"}]}, ("Ann",)),
        ({"author": {"name": "Ann"}}, ("Ann",)),
        ({"authors": []}, ("Fee",)),
        ({}, ("Fee",)),
        ({"authors": [{"url": "https://a.example/"}]}, ("Fee",)),
    ],
)
def test_a_json_item_without_authors_has_those_of_its_feed(
    fields: dict[str, object], names: tuple[str, ...]
) -> None:
    body = document({"id": "1", **fields}, authors=[{"name": "Fee"}])
    assert one(parsed(body, JSON)).authors == names
    old = document({"id": "1", **fields}, author={"name": "Fee"})
    assert one(parsed(old, JSON)).authors == names


def test_the_outlet_itself_is_no_author() -> None:
    assert one(parsed(document({"id": "1"}, authors=[{"name": "J"}]), JSON)).authors == ()
    by = "<author><name>Example</name></author><entry><id>1</id></entry>"
    assert one(parsed(atom(by))).authors == ()


def test_an_atom_entry_without_authors_has_those_of_its_feed() -> None:
    by = "<author><name>Fee</name></author>"
    own = "<author><name>Ann</name></author>"
    body = atom(f"{by}<entry><id>1</id></entry><entry><id>2</id>{own}</entry>")
    assert [entry.authors for entry in parsed(body).entries] == [("Fee",), ("Ann",)]


def test_text_and_language_of_a_json_item() -> None:
    body = document(
        {"id": "1", "content_text": "a < b\nc", "language": "fr"},
        {"id": "2", "content_html": "<p>x</p>", "content_text": "y"},
        language="de",
    )
    first, second = parsed(body, JSON).entries
    assert (first.content, first.language) == ("a &lt; b<br>c", "fr")
    assert (second.content, second.language) == ("<p>x</p>", "de")
