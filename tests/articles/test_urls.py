from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.articles.identity import article_id
from ingest.articles.urls import (
    canonical_url,
    is_amp_address,
    is_front_page,
    same_site,
    site_of,
)
from ingest.articles.wrappers import unwrapped


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://WWW.Example.COM/News", "http://www.example.com/News"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com?id=3", "https://example.com/?id=3"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("http://example.com:80/a", "http://example.com/a"),
        ("http://example.com:8080/a", "http://example.com:8080/a"),
        ("http://127.0.0.11:8080/x?b=2&a=1#top", "http://127.0.0.11:8080/x?a=1&b=2"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://bücher.example/straße", "https://xn--bcher-kva.example/stra%C3%9Fe"),
        ("https://example.com/%7euser/%c3%a4", "https://example.com/~user/%C3%A4"),
        ("https://example.com/a/./b/../c", "https://example.com/a/c"),
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("https://user:secret@example.com/a", "https://example.com/a"),
        (" https://example.com/a\n", "https://example.com/a"),
    ],
)
def test_a_url_has_one_form(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "query",
    [
        "utm_source=feed&utm_medium=rss",
        "fbclid=x",
        "gclid=x&msclkid=y",
        "mc_cid=1&mc_eid=2",
        "at_medium=RSS&at_campaign=KARANGA",
        "cmpid=rss",
        "ref=rss",
        "xtor=RSS-3208",
        "amp",
        "amp=1",
        "outputType=amp",
        "UTM_Source=Feed",
    ],
)
def test_what_tells_only_where_a_reader_came_from_is_dropped(query: str) -> None:
    assert canonical_url(f"https://example.com/a?{query}") == "https://example.com/a"
    assert canonical_url(f"https://example.com/a?{query}&id=7") == "https://example.com/a?id=7"


@pytest.mark.parametrize("query", ["id=7", "p=12", "page=2", "story=x&v=3", "amp=2", "s=1"])
def test_what_may_name_a_document_is_kept(query: str) -> None:
    assert canonical_url(f"https://example.com/a?{query}") == f"https://example.com/a?{query}"


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "javascript:alert(1)", "http://", "http://[::1/", "http://a:99999/"],
)  # fmt: skip
def test_what_is_no_web_address_comes_back_stripped(url: str) -> None:
    assert canonical_url(f"  {url}\n") == url
    assert site_of(url) == ""
    assert not same_site(url, url)


URLS = st.builds(
    lambda scheme, host, port, rest: f"{scheme}://{host}{port}{rest}",
    st.sampled_from(["http", "https", "HTTP"]),
    st.sampled_from(["example.com", "Bücher.Example", "127.0.0.1", "[::1]", "a.b.co.uk", "x.com."]),
    st.sampled_from(["", ":80", ":443", ":8080"]),
    st.text(alphabet=st.sampled_from("/?#&=%+;:@.~ aZ0éß中\\25fFutm_ref[]|\"'<>"), max_size=30).map(
        lambda text: "/" + text
    ),
)


@given(URLS | st.text(max_size=40))
def test_the_canonical_form_of_a_canonical_form_is_itself(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once


@given(URLS)
def test_tracking_never_changes_the_article(url: str) -> None:
    plain = url.partition("#")[0]
    joiner = "&" if "?" in plain else "?"
    tracked = f"{plain}{joiner}utm_source=x"
    assert article_id(canonical_url(tracked)) == article_id(canonical_url(plain))


@given(URLS)
def test_a_url_and_its_canonical_form_are_of_one_site(url: str) -> None:
    assert site_of(url) == site_of(canonical_url(url))


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.bbc.co.uk/news", "bbc.co.uk"),
        ("https://news.example.com/a", "example.com"),
        ("https://someone.blogspot.com/a", "someone.blogspot.com"),
        ("http://127.0.0.11:8080/x", "127.0.0.11:8080"),
        ("http://127.0.0.11/x", "127.0.0.11"),
        ("http://[::1]:8080/x", "[::1]:8080"),
        ("http://localhost:9000/", "localhost:9000"),
        ("http://news.internal/", "news.internal"),
    ],
)
def test_a_site_is_what_one_owner_can_register(url: str, site: str) -> None:
    assert site_of(url) == site


TOKEN = "CBMiK2h0dHBzOi8vd3d3LmV4YW1wbGUuY29tL3dvcmxkL3N0b3J5LW9mLW5vdGXSAQA"
NEWS = f"https://news.google.com/rss/articles/{TOKEN}"
CACHE = "https://www-example-com.cdn.ampproject.org"
STORY = "https://www.example.com/world/story-of-note"
ESCAPED = "https%3A%2F%2Fwww.example.com%2Fworld%2Fstory-of-note"


@pytest.mark.parametrize(
    "url",
    [
        STORY,
        f"{STORY}/amp",
        f"{STORY}.amp",
        f"{STORY}?amp",
        f"{STORY}?amp=1#top",
        f"{STORY}?outputType=amp&utm_source=x",
        f"{STORY};jsessionid=0A1B2C?PHPSESSID=77",
        f"{CACHE}/c/s/www.example.com/world/story-of-note",
        f"{CACHE}/c/s/www.example.com/world/story-of-note/amp",
        f"{CACHE}/v/s/www.example.com/world/story-of-note?amp_js_v=a6&amp=1&usqp=mq331",
        "https://www.google.com/amp/s/www.example.com/world/story-of-note",
        "https://www.google.com/amp/s/www.example.com/world/story-of-note.amp",
        f"https://www.google.com/url?sa=t&url={ESCAPED}&usg=x",
        f"https://www.google.com/url?q={ESCAPED}&sa=D",
        f"https://l.facebook.com/l.php?u={ESCAPED}%3Ffbclid%3Dq&h=AT0",
        f"https://lm.facebook.com/l.php?u={ESCAPED}",
        f"https://l.instagram.com/?u={ESCAPED}&e=AT1",
        f"https://t.umblr.com/redirect?z={ESCAPED}&t=x",
        f"https://out.reddit.com/t3_abc?url={ESCAPED}&token=x",
        f"https://www.youtube.com/redirect?event=video&q={ESCAPED}",
        f"https://duckduckgo.com/l/?uddg={ESCAPED}&rut=x",
        f"https://www.bing.com/news/apiclick.aspx?ref=FexRss&url={ESCAPED}&c=1",
        f"https://vk.com/away.php?to={ESCAPED}",
        f"https://slack-redir.net/link?url={ESCAPED}",
        f"https://steamcommunity.com/linkfilter/?u={ESCAPED}",
        NEWS,
        f"{NEWS}?oc=5&hl=en",
        f"https://www.google.com/url?url={quote(f'https://l.facebook.com/l.php?u={ESCAPED}')}",
    ],
)
def test_every_way_to_an_article_leads_to_one_address(url: str) -> None:
    assert canonical_url(url) == STORY


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/tags/amp",
        "https://example.com/amp/",
        "https://example.com/amp/story-of-note",
        "https://amp.example.com/world/story-of-note",
        "https://example.com/guitar.amp.html",
        "https://example.com/a-story-of-champ",
        "https://example.com/world/story-of-note/amp/page-2",
        "https://example.com/redirect?url=https%3A%2F%2Fother.example%2F",
        "https://example.com/share?u=https%3A%2F%2Fother.example%2F",
        "https://www.google.com/search?q=https%3A%2F%2Fother.example%2F",
        "https://www.google.com/url?q=words",
        "https://www.google.com/url?q=javascript%3Ax",
        "https://www.google.com/url?q=http%3A%2F%2Flocalhost%2F",
        "https://www.google.com/amp/",
        "https://news.google.com/rss/articles/CBMiAAAAAAAAAAAAAAAA",
        "https://news.google.com/rss/articles/notbase64atall__________",
        "https://news.google.com/topics/CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtVnVHZ0pWVXlnQVAB",
        "https://www.youtube.com/watch?v=redirect",
        "https://old.reddit.com/r/news?url=https%3A%2F%2Fother.example%2F",
        "https://feedproxy.google.com/~r/site/~3/x1/story.html",
        "https://web.archive.org/web/2026/https://example.com/a",
        "http://example.com/a",
        "https://example.com/a",
        "https://example.com/a/",
        "https://www.example.com/a",
        "https://example.com/A",
        "https://example.com/a//b",
        "https://example.com/a/index.html",
        "https://example.com:8443/a",
        "https://example.com/a?page=2",
        "https://example.com/a?source=b",
        "https://example.com/a?sid=7",
        "https://example.com/a;v=2",
    ],
)
def test_what_is_not_sure_stays_as_it_is(url: str) -> None:
    assert canonical_url(url) == url
    assert unwrapped(url) == url


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://\uff25\uff38ample.com/", "https://example.com/"),
        ("https://例え。テスト/", "https://xn--r8jz45g.xn--zckzah/"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://☃.example/", "https://xn--n3h.example/"),
        ("https://foo_bar.example/", "https://foo_bar.example/"),
        ("https://example.com/%2561", "https://example.com/%2561"),
        ("https://example.com/a%2Fb", "https://example.com/a%2Fb"),
        ("https://example.com/?q=a+b&q=c%20d", "https://example.com/?q=a+b&q=c+d"),
        ("https://example.com/?&&a=1&", "https://example.com/?a=1"),
        ("https://example.com/?a", "https://example.com/?a="),
        ("https://example.com/a?#", "https://example.com/a"),
        ("https://example.com/a/amp-story-12345/amp/", "https://example.com/a/amp-story-12345/"),
        ("https://example.com/news/world-12345678.amp", "https://example.com/news/world-12345678"),
        ("https://example.com/the-big-news.amp.html", "https://example.com/the-big-news.html"),
        ("http://www.google.com/amp/www.example.com/x", "http://www.example.com/x"),
    ],
)
def test_names_escapes_and_endings_have_one_form(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


def test_an_address_wrapped_too_often_is_left_alone() -> None:
    url = "https://example.com/"
    for _ in range(12):
        url = f"https://vk.com/away.php?to={quote(url, safe='')}"
    assert canonical_url(canonical_url(url)) == canonical_url(url)


@pytest.mark.parametrize(
    ("url", "marked"),
    [(STORY, False), (f"{STORY}/amp", True), (f"{STORY}?AMP=1", True), ("https://[", False)],
)
def test_an_address_marked_as_amp_is_known(url: str, marked: bool) -> None:
    assert is_amp_address(url) is marked


WRAPPED = st.builds(
    lambda wrapper, url: wrapper + quote(url, safe=""),
    st.sampled_from(
        [
            *("https://www.google.com/url?q=", "https://l.facebook.com/l.php?x=1&u="),
            *("https://out.reddit.com/?url=", "https://a.cdn.ampproject.org/c/s/"),
        ]
    ),
    URLS,
)


@given(URLS | WRAPPED)
def test_only_taking_off_a_wrapper_changes_the_site(url: str) -> None:
    assert same_site(canonical_url(url), unwrapped(url)) or not site_of(url)


@given(WRAPPED | st.text(max_size=60).map("https://www.google.com/amp/".__add__))
def test_unwrapping_ends_and_is_idempotent(url: str) -> None:
    once = unwrapped(url)
    assert unwrapped(once) == once
    assert canonical_url(canonical_url(url)) == canonical_url(url)


def test_hosts_on_two_loopback_addresses_are_two_sites() -> None:
    assert same_site("http://127.0.0.2:80/a", "http://127.0.0.2/b")
    assert not same_site("http://127.0.0.2/a", "http://127.0.0.3/a")
    assert not same_site("http://127.0.0.2:8001/a", "http://127.0.0.2:8002/a")


@pytest.mark.parametrize(
    ("url", "front"),
    [
        ("https://example.com", True),
        ("https://example.com/?utm_source=x#y", True),
        ("https://example.com/?p=1", False),
        ("https://example.com/a", False),
    ],
)
def test_a_front_page_has_neither_path_nor_query(url: str, front: bool) -> None:
    assert is_front_page(url) is front


def test_an_article_id_is_twenty_hex_digits_of_its_address() -> None:
    assert article_id("https://example.com/a") == "2dce0a4c50441bfccfa9"
