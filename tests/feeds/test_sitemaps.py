from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.feeds.children import Child, chosen, remembered, with_children
from ingest.feeds.reading import MOST_ENTRIES
from ingest.feeds.sitemaps import promise
from ingest.types import Fault, ParsedFeed, Sitemap
from tests.feeds.documents import outcome, parsed

SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)
INDEX_URL = "https://feeds.example.org/sitemap.xml"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def urlset(*urls: str, spaces: str = SPACES) -> bytes:
    return f'<?xml version="1.0"?><urlset {spaces}>{"".join(urls)}</urlset>'.encode()


def index(*sitemaps: str) -> bytes:
    listed = "".join(f"<sitemap>{each}</sitemap>" for each in sitemaps)
    return f"<sitemapindex {SPACES}>{listed}</sitemapindex>".encode()


def news(number: int, inner: str = "", *, name: str = "The Example", more: str = "") -> str:
    return (
        f"<url><loc>https://example.org/{number}</loc>{more}<news:news><news:publication>"
        f"<news:name>{name}</news:name><news:language>en</news:language></news:publication>"
        f"<news:publication_date>2026-11-{number:02}T10:00:00+01:00</news:publication_date>"
        f"<news:title>Story {number}</news:title>{inner}</news:news></url>"
    )


def test_a_whole_news_entry_is_read() -> None:
    more = (
        "<lastmod>2026-11-19T11:30:00Z</lastmod><image:image><image:loc>/i.jpg</image:loc>"
        "<image:title>no title of the story</image:title></image:image>"
    )
    feed = parsed(urlset(news(19, "<news:keywords>Port, ferry ,,Port</news:keywords>", more=more)))
    (entry,) = feed.entries
    assert (feed.format, feed.title, feed.language) == ("sitemap-news", "The Example", "en")
    assert feed.link == "https://feeds.example.org/"
    assert feed.flaw is None
    assert entry.guid == entry.link == "https://example.org/19"
    assert entry.title == "Story 19"
    assert entry.published_at == datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
    assert entry.updated_at == datetime(2026, 11, 19, 11, 30, tzinfo=UTC)
    assert entry.raw_date == "2026-11-19T10:00:00+01:00"
    assert entry.language == "en"
    assert entry.tags == ("Port", "ferry")
    assert entry.image_url == "https://feeds.example.org/i.jpg"


def test_a_plain_sitemap_has_addresses_and_times_of_change() -> None:
    body = urlset(
        "<url><loc> https://example.org/a </loc><lastmod>2026-11-01</lastmod></url>",
        "<url><loc><![CDATA[/b?x=1&y=2]]></loc><lastmod>2026-11-19T01:00Z</lastmod></url>",
        "<url><loc>https://example.org/c</loc><lastmod>yesterday</lastmod></url>",
    )
    feed = parsed(body, "text/html")
    assert feed.format == "sitemap"
    assert [(e.link, e.updated_at) for e in feed.entries] == [
        ("https://feeds.example.org/b?x=1&y=2", datetime(2026, 11, 19, 1, tzinfo=UTC)),
        ("https://example.org/a", datetime(2026, 11, 1, tzinfo=UTC)),
        ("https://example.org/c", None),
    ]
    assert feed.entries[2].raw_date == "yesterday"


def test_a_time_of_change_that_all_share_is_when_the_file_was_made() -> None:
    same = "<lastmod>2026-11-19T11:30:00Z</lastmod>"
    feed = parsed(urlset(news(18, more=same), news(19, more=same)))
    assert [entry.updated_at for entry in feed.entries] == [None, None]
    assert parsed(urlset(news(18, more=same))).entries[0].updated_at is not None


@pytest.mark.parametrize(
    ("body", "entries", "flaw"),
    [
        (urlset(), 0, None),
        (urlset("<url/>", news(1)), 1, "1 of its elements have no address"),
        (urlset("<url><loc>mailto:a@b.example</loc></url>"), 0, "1 of its elements"),
        (urlset(news(1), news(1)), 1, None),
        (urlset(news(1), news(2))[:-40], 2, "no well-formed XML"),
        (urlset(news(1).replace("Story", "A & B &nbsp; &#xD800;")), 1, "no well-formed XML"),
        (urlset(news(1), spaces=""), 1, "no well-formed XML"),
        (urlset(news(1)).replace(b"news:", b"n:").replace(b"s:news", b"s:n"), 1, None),
        (b"\n\n<!-- made by x -->" + urlset(news(1))[21:], 1, None),
        (b'<?xml-stylesheet href="/s.xsl"?>' + urlset(news(1))[21:], 1, None),
        (urlset(news(1)).replace(b"urlset", b"URLSET"), 1, None),
        (urlset("<url><loc>/a</loc><loc>/b</loc></url>"), 1, None),
        (urlset("<x>" * 5000 + "<url><loc>/a</loc></url>"), 0, "no well-formed XML"),
        (urlset("<url><loc><x>/a</x></loc></url>"), 0, "1 of its elements"),
    ],
)
def test_a_flawed_sitemap_yields_what_can_be_saved(
    body: bytes, entries: int, flaw: str | None
) -> None:
    feed = parsed(body)
    assert len(feed.entries) == entries
    assert (feed.flaw or "").startswith(flaw or "")
    assert (feed.flaw is None) is (flaw is None)


def test_of_too_many_the_newest_are_read_and_it_is_said() -> None:
    pages = (
        f"<url><loc>/{n}</loc><lastmod>2026-{1 + n % 11:02}-{1 + n % 28:02}</lastmod></url>"
        for n in range(MOST_ENTRIES + 5)
    )
    feed = parsed(urlset(*pages))
    assert len(feed.entries) == MOST_ENTRIES
    assert feed.flaw == f"{MOST_ENTRIES + 5} entries, of which the newest {MOST_ENTRIES} are read"
    moments = [entry.updated_at for entry in feed.entries if entry.updated_at]
    assert len(moments) > MOST_ENTRIES / 2
    assert moments == sorted(moments, reverse=True)


def test_entities_declared_in_a_sitemap_are_refused() -> None:
    body = b'<!DOCTYPE u [<!ENTITY a "b">]>' + urlset("<url><loc>&a;</loc></url>")[21:]
    result = outcome(body)
    assert isinstance(result, Fault)
    assert "declares entities" in result.detail


def test_an_index_lists_the_most_promising_first() -> None:
    body = index(
        "<loc>/post-sitemap1.xml</loc>",
        "<loc>/post-sitemap12.xml</loc>",
        "<loc>/category-sitemap.xml</loc><lastmod>2026-11-20T11:00:00Z</lastmod>",
        "<loc>/post-sitemap2.xml</loc><lastmod>2026-11-20T10:00:00Z</lastmod>",
        "<loc>/sitemap-news.xml</loc>",
        "<loc>/sitemap-news.xml</loc>",
        "<loc>javascript:x</loc>",
        "",
    )
    feed = parsed(body)
    assert (feed.format, feed.entries) == ("sitemap-index", ())
    assert [sitemap.url.rpartition("/")[2] for sitemap in feed.sitemaps] == [
        "sitemap-news.xml",
        "post-sitemap2.xml",
        "post-sitemap12.xml",
        "post-sitemap1.xml",
        "category-sitemap.xml",
    ]
    assert feed.flaw == "2 of its elements have no address"


@pytest.mark.parametrize(
    ("path", "promised"),
    [
        ("/sitemap-news.xml", 2),
        ("/googlenews.xml.gz", 2),
        ("/sitemap.xml?type=news", 2),
        ("/newsletters.xml", 1),
        ("/newsroom-2026.xml", 1),
        ("/sitemap-2026-11.xml", 1),
        ("/post-sitemap.xml", 1),
        ("/wp-sitemap-posts-post-1.xml", 1),
        ("/wp-sitemap-posts-page-1.xml", 0),
        ("/page-sitemap.xml", 0),
        ("/post_tag-sitemap.xml", 0),
        ("/author-sitemap.xml", 0),
        ("/video-sitemap.xml", 0),
    ],
)
def test_an_address_promises_news_articles_or_something_else(path: str, promised: int) -> None:
    assert promise(f"https://news.example.org{path}") == promised


def listed(*paths: str, changed_at: datetime | None = None) -> ParsedFeed:
    sitemaps = tuple(
        Sitemap(url=f"https://feeds.example.org{path}", changed_at=changed_at) for path in paths
    )
    return ParsedFeed(format="sitemap-index", sitemaps=sitemaps)


def test_ten_of_the_best_kind_and_of_the_same_site_are_chosen() -> None:
    many = [f"/posts-{n}.xml" for n in range(30)]
    assert len(chosen(listed(*many, "/tags.xml"), (), url=INDEX_URL)) == 10
    only = chosen(listed("/news.xml", *many), (), url=INDEX_URL)
    assert [child.url for child in only] == ["https://feeds.example.org/news.xml"]
    foreign = ParsedFeed(
        format="sitemap-index", sitemaps=(Sitemap(url="https://victim.example/news.xml"),)
    )
    assert chosen(foreign, (), url=INDEX_URL) == ()
    neighbour = ParsedFeed(
        format="sitemap-index", sitemaps=(Sitemap(url="https://www.example.org/news.xml"),)
    )
    assert len(chosen(neighbour, (), url=INDEX_URL)) == 1


def test_what_is_known_of_a_sitemap_goes_with_it() -> None:
    known = Child(url="https://feeds.example.org/a.xml", etag='"1"', read_as=NOON, body_hash="0")
    (same,) = chosen(listed("/a.xml", changed_at=NOON), [known], url=INDEX_URL)
    assert (same.validators.etag, same.is_current) == ('"1"', True)
    later = NOON.replace(hour=13)
    (changed,) = chosen(listed("/a.xml", changed_at=later), [known], url=INDEX_URL)
    assert not changed.is_current
    assert changed.confirmed().is_current


@pytest.mark.parametrize("told", [None, datetime(2026, 11, 20, tzinfo=UTC)])
def test_a_day_or_nothing_does_not_say_that_a_sitemap_is_current(told: datetime | None) -> None:
    assert not Child(url=INDEX_URL, changed_at=told, read_as=told).is_current


CHILDREN = st.lists(
    st.builds(
        Child,
        url=st.text(max_size=20),
        changed_at=st.none() | st.datetimes(timezones=st.just(UTC)),
        etag=st.none() | st.text(max_size=20),
        body_hash=st.none() | st.text("0123456789abcdef"),
    ),
    max_size=4,
)


@given(CHILDREN)
def test_what_is_remembered_comes_back_and_leaves_the_rest_alone(children: list[Child]) -> None:
    extra = with_children('{"other": [1]}', children)
    assert remembered(extra) == tuple(children)
    assert with_children(extra, ()) == '{"other": [1]}'
    assert remembered("{}") == ()


PIECES = st.sampled_from(
    [
        *("<url>", "</url>", "<loc>", "</loc>", "<lastmod>", "2026-11-20", "<news:news>", "/a"),
        *("<sitemap>", "</sitemap>", "<news:title>", "&#xD800;", "&", "<", "]]>", "<![CDATA["),
        *("http://[", "<image:image>", "<!--", "-->", "<?x?>", "\x00", "</urlset>", "é"),
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join), st.sampled_from(["urlset", "sitemapindex"]))
def test_no_sitemap_raises(text: str, root: str) -> None:
    result = outcome(f"<{root}>{text}</{root}>".encode())
    assert isinstance(result, ParsedFeed | Fault)
