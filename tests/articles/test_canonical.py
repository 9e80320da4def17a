"""Which address a page is believed to have."""

import pytest

from tests.articles.extracting import STORY, URL, article, found_in
from tests.articles.pages import paragraphs_html


def canonical(link: str) -> str:
    return f'<link rel="canonical" href="{link}">'


@pytest.mark.parametrize(
    ("url", "head", "address"),
    [
        (f"{URL}?utm_source=rss", "", URL),
        (f"{URL}?print=1", canonical(URL), URL),
        (f"{URL}?print=1", canonical("/2026/11/harbour-road/"), URL),
        (f"{URL}?print=1", f'<meta property="og:url" content="{URL}">', URL),
        (URL, canonical("https://other.example.net/story"), URL),
        (URL, canonical("https://www.example.com/story"), "https://www.example.com/story"),
        (URL, canonical("https://news.example.com/"), URL),
        (URL, canonical("javascript:x"), URL),
        (URL, canonical("http://[bad"), URL),
        (URL, canonical("/a") + canonical("/b"), URL),
        ("https://news.example.com/", canonical("https://www.example.com/"),
         "https://www.example.com/"),
        ("http://127.0.0.11:8080/x", canonical("https://news.example.com/x"),
         "http://127.0.0.11:8080/x"),
        ("http://127.0.0.11:8080/x?amp=1", "", "http://127.0.0.11:8080/x"),
    ],
)  # fmt: skip
def test_a_canonical_link_is_believed_within_its_site(url: str, head: str, address: str) -> None:
    found = found_in(article(paragraphs_html(STORY), head), url=url)
    assert found.canonical_url == address


@pytest.mark.parametrize("mark", ["amp", "⚡", 'amp=""'])
def test_an_amp_page_names_the_page_it_is_the_twin_of(mark: str) -> None:
    body = article(paragraphs_html(STORY), canonical(URL))
    twin = body.replace(b"<html", f"<html {mark}".encode(), 1)
    assert found_in(twin, url=f"{URL}amp/").amp_of == URL
    assert found_in(twin, url=URL).amp_of is None
    assert found_in(body, url=f"{URL}amp/").amp_of is None
    elsewhere = twin.replace(URL.encode(), b"https://other.example.net/story")
    assert found_in(elsewhere, url=f"{URL}amp/").amp_of is None
