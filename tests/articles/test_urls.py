import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.articles.identity import article_id
from ingest.articles.urls import canonical_url, is_front_page, same_site, site_of


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
