from datetime import UTC, datetime, timedelta

import pytest

from tests.feeds.documents import NAMESPACES, NOW, atom, item, parsed, refused, rss

RDF = (
    f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    f'xmlns="http://purl.org/rss/1.0/" {NAMESPACES}>'
    '<channel rdf:about="https://example.org/"><title>R</title><link>https://example.org/</link>'
    '</channel><item rdf:about="https://example.org/1"><title>One</title>'
    "<link>https://example.org/1</link><dc:date>2026-11-20T10:00:00Z</dc:date>"
    "<dc:creator>Ann</dc:creator></item></rdf:RDF>"
).encode()
ATOM03 = (
    b'<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><id>1</id>'
    b"<title>One</title></entry></feed>"
)
NETSCAPE = (
    b'<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
    b'"http://my.netscape.com/publish/formats/rss-0.91.dtd">'
)


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (rss(item(1)), "rss20"),
        (b'<rss version="0.91"><channel>' + item(1).encode() + b"</channel></rss>", "rss091u"),
        (
            NETSCAPE + b'<rss version="0.91"><channel>' + item(1).encode() + b"</channel></rss>",
            "rss091n",
        ),
        (b'<rss version="0.92"><channel>' + item(1).encode() + b"</channel></rss>", "rss092"),
        (b"<rss><channel>" + item(1).encode() + b"</channel></rss>", "rss"),
        (b"<channel>" + item(1).encode() + b"</channel>", "rss"),
        (RDF, "rss10"),
        (atom("<entry><id>1</id><title>One</title></entry>"), "atom10"),
        (ATOM03, "atom03"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1"}]}', "json11"),
    ],
)
@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream", "image/png"])
def test_the_content_says_what_the_format_is(body: bytes, form: str, content_type: str) -> None:
    feed = parsed(body, content_type)
    assert feed.format == form
    assert len(feed.entries) == 1


def test_a_whole_rss_item_is_read() -> None:
    inner = (
        "<pubDate>Fri, 20 Nov 2026 11:00:00 +0100</pubDate><dc:creator>Ann Lee</dc:creator>"
        "<dc:creator>Bo</dc:creator><category>World</category><category>World</category>"
        "<category>Trade &amp; Co</category><description>Short &lt;b&gt;words&lt;/b&gt;."
        "</description><content:encoded><![CDATA[<p>Long text</p><img src='/i.png'>]]>"
        '</content:encoded><media:content url="/m.jpg" medium="image"/>'
    )
    (entry,) = parsed(rss(item(1, inner))).entries
    assert entry.guid == entry.link == "https://example.org/1"
    assert entry.title == "Story 1"
    assert entry.authors == ("Ann Lee", "Bo")
    assert entry.published_at == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    assert entry.updated_at is None
    assert entry.raw_date == "Fri, 20 Nov 2026 11:00:00 +0100"
    assert entry.tags == ("World", "Trade & Co")
    assert entry.summary == "Short <b>words</b>."
    assert entry.content is not None
    assert "<p>Long text</p>" in entry.content
    assert "https://example.org/i.png" in entry.content
    assert entry.image_url == "https://example.org/m.jpg"


def test_a_whole_atom_entry_is_read() -> None:
    body = atom(
        '<entry xml:base="https://example.org/deep/" xml:lang="de-AT"><id>tag:example.org,1</id>'
        '<title type="html">Grüße &amp;amp; &lt;i&gt;mehr&lt;/i&gt;</title>'
        '<link rel="self" href="self"/><link href="story"/><author><name>Ann</name></author>'
        "<published>2026-11-20T10:00:00Z</published><updated>2026-11-21T10:00:00Z</updated>"
        '<category term="World"/><summary>5 &lt; 6</summary>'
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Text</p></div></content>'
        "</entry>"
    )
    (entry,) = parsed(body).entries
    assert entry.guid == "tag:example.org,1"
    assert entry.title == "Grüße & mehr"
    assert entry.link == "https://example.org/deep/story"
    assert entry.published_at == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    assert entry.updated_at == datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    assert entry.language == "de-at"
    assert entry.summary == "5 &lt; 6"
    assert entry.content is not None
    assert "<p>Text</p>" in entry.content


def test_in_rdf_the_dublin_core_date_is_when_it_was_published() -> None:
    (entry,) = parsed(RDF).entries
    assert entry.published_at == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    assert entry.updated_at is None
    assert entry.authors == ("Ann",)


@pytest.mark.parametrize(
    "inner",
    [
        "<description>Words</description>",
        "<description>Words</description><media:description>More</media:description>",
        "<description>Words</description><itunes:summary>More</itunes:summary>",
    ],
)
def test_a_description_alone_is_a_summary_and_no_content(inner: str) -> None:
    (entry,) = parsed(rss(item(1, inner))).entries
    assert entry.summary == "Words"
    assert entry.content is None


def test_content_alone_is_content_and_no_summary() -> None:
    (entry,) = parsed(rss(item(1, "<content:encoded>Words</content:encoded>"))).entries
    assert (entry.summary, entry.content) == (None, "Words")


@pytest.mark.parametrize(
    ("channel", "link", "absolute"),
    [
        ("<link>https://site.example/</link>", "/a", "https://site.example/a"),
        ("<link>https://site.example/x/</link>", "a", "https://site.example/x/a"),
        ("<link><![CDATA[https://site.example/]]></link>", "/a", "https://site.example/a"),
        ("<link>/home/</link>", "a", "https://feeds.example.org/home/a"),
        ("", "/a", "https://feeds.example.org/a"),
        ("", "a", "https://feeds.example.org/news/a"),
        ("", "//cdn.example/a", "https://cdn.example/a"),
        ("", "https://other.example/a?b=1&amp;c=2", "https://other.example/a?b=1&c=2"),
        ("", "javascript:alert(1)", None),
        ("", "mailto:a@example.org", None),
        ("", "http://[bad/", None),
    ],
)
def test_links_are_absolute_against_the_right_base(
    channel: str, link: str, absolute: str | None
) -> None:
    body = rss(f"<item><title>T</title><link>{link}</link></item>", channel)
    (entry,) = parsed(body).entries
    assert entry.link == absolute


def test_an_item_without_a_link_is_known_by_its_permalink_guid() -> None:
    body = rss("<item><title>T</title><link></link><guid>https://example.org/p</guid></item>")
    assert parsed(body).entries[0].link == "https://example.org/p"


def test_the_publishers_own_link_goes_before_a_proxys() -> None:
    inner = "<feedburner:origLink>https://example.org/own</feedburner:origLink>"
    (entry,) = parsed(rss(item(1, inner))).entries
    assert entry.link == "https://example.org/own"


def test_an_entry_always_has_a_guid() -> None:
    body = rss("<item><link>https://example.org/1</link></item><item><title>T</title></item>")
    first, second = parsed(body).entries
    assert first.guid == "https://example.org/1"
    assert second.guid.startswith("sha256:")
    assert parsed(body).entries[1].guid == second.guid


def test_a_guid_used_again_is_told_apart_whatever_the_order() -> None:
    items = [
        f"<item><guid>same</guid><title>{t}</title><link>https://example.org/{t}</link></item>"
        for t in "abc"
    ]
    forward = parsed(rss("".join(items))).entries
    backward = parsed(rss("".join(reversed(items)))).entries
    shorter = parsed(rss("".join(items[:2]))).entries
    assert len({entry.guid for entry in forward}) == 3
    assert {e.guid: e.title for e in forward} == {e.guid: e.title for e in backward}
    assert {entry.guid for entry in shorter} < {entry.guid for entry in forward}


def test_an_entry_given_twice_is_kept_once_in_its_newest_form() -> None:
    old = item(1, "<pubDate>2026-11-19</pubDate><description>old</description>")
    new = item(1, "<pubDate>2026-11-20</pubDate><description>new</description>")
    for body in (rss(old + new), rss(new + old)):
        (entry,) = parsed(body).entries
        assert (entry.guid, entry.summary) == ("https://example.org/1", "new")


def test_an_incredible_date_becomes_none_and_keeps_its_words() -> None:
    (entry,) = parsed(rss(item(1, "<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>"))).entries
    assert entry.published_at is None
    assert entry.raw_date == "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Fish &amp; chips", "Fish & chips"),
        ("Fish &amp;amp; chips", "Fish & chips"),
        ("&lt;b&gt;Bold&lt;/b&gt; words", "Bold words"),
        ("<![CDATA[It&#8217;s <em>on</em>]]>", "It\u2019s on"),
        ("5 &lt; 6 &gt; 4", "5 < 6 > 4"),
        ("  two\n  lines ", "two lines"),
        ("bidi\u202e\u00ad", "bidi"),
        ("", None),
    ],
)
def test_a_title_is_one_line_of_plain_text(title: str, words: str | None) -> None:
    body = rss(f"<item><guid>1</guid><title>{title}</title></item>")
    assert parsed(body).entries[0].title == words


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("<author>ann@example.org (Ann Lee)</author>", ("Ann Lee",)),
        ("<author>ann@example.org</author>", ()),
        ("<dc:creator>Ann Lee</dc:creator>", ("Ann Lee",)),
        ("<dc:creator> </dc:creator>", ()),
    ],
)
def test_authors_are_names(author: str, names: tuple[str, ...]) -> None:
    assert parsed(rss(item(1, author))).entries[0].authors == names


@pytest.mark.parametrize(
    ("channel", "ttl"),
    [
        ("<ttl>90</ttl>", timedelta(minutes=90)),
        ("<ttl> 0 </ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>often</ttl>", None),
        ("<ttl>9999999</ttl>", timedelta(days=365)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        (
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            timedelta(hours=6),
        ),
        ("<ttl>30</ttl><sy:updatePeriod>daily</sy:updatePeriod>", timedelta(days=1)),
        ("", None),
    ],
)
def test_the_feeds_own_wish_is_read(channel: str, ttl: timedelta | None) -> None:
    assert parsed(rss(item(1), channel)).ttl == ttl


@pytest.mark.parametrize(
    ("inner", "image"),
    [
        ('<media:thumbnail url="https://example.org/t.jpg"/>', "https://example.org/t.jpg"),
        ('<enclosure url="https://example.org/e" type="image/png"/>', "https://example.org/e"),
        ('<enclosure url="https://example.org/e.jpg"/>', "https://example.org/e.jpg"),
        ('<enclosure url="https://example.org/e.mp3" type="audio/mpeg"/>', None),
        ('<media:content url="https://example.org/v.mp4" medium="video"/>', None),
        ('<itunes:image href="https://example.org/i.png"/>', "https://example.org/i.png"),
    ],
)
def test_an_entrys_image_is_found(inner: str, image: str | None) -> None:
    assert parsed(rss(item(1, inner))).entries[0].image_url == image


def test_what_is_no_feed_says_what_it_is_and_what_it_announces() -> None:
    page = (
        b'<!doctype html><html><head><link rel="alternate" type="application/rss+xml" '
        b'href="/feed.xml"></head><body><p>Hello</p></body></html>'
    )
    fault = refused(page, "text/html")
    assert fault.reason == "not_a_feed"
    assert fault.detail == "an HTML page; it announces the feed https://feeds.example.org/feed.xml"


def test_parsing_is_a_function_of_its_input() -> None:
    assert parsed(rss(item(1) + item(2))) == parsed(rss(item(1) + item(2)))
    assert NOW.tzinfo is UTC
