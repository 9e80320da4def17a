import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.config.feed_ids import made_id, made_ids, same_address, unique_id

URLS = st.lists(
    st.builds(
        lambda host, path: f"https://{host}/{path}",
        st.sampled_from(["a.example", "www.a.example", "feeds.a.example", "bücher.example"]),
        st.text(max_size=90).map(lambda text: re.sub(r"[\x00-\x20\[\]]", "", text)),
    ),
    unique_by=same_address,
    max_size=8,
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.example.org/feed.xml", "example-org"),
        ("https://example.net/atom.xml", "example-net"),
        ("https://feeds.bbci.co.uk/news/world/rss.xml", "bbci-co-uk-news-world"),
        ("https://www.theguardian.com/world/rss", "theguardian-com-world"),
        (
            "https://rss.nytimes.com/services/xml/rss/nyt/World.xml",
            "nytimes-com-services-nyt-world",
        ),
        ("https://www.rte.ie/feeds/rss/?index=/news/", "rte-ie-news"),
        ("http://127.0.0.2:8080/feed", "127-0-0-2"),
        ("https://example.org/" + "long-" * 40, "example-org-long"),
        ("https://example.org/" + "x" * 90, "example-org-" + "x" * 52),
    ],
)
def test_an_id_is_made_of_the_telling_words(url: str, expected: str) -> None:
    assert made_id(url) == expected


@given(URLS, st.randoms(use_true_random=False))
def test_made_ids_are_good_unique_and_the_same_in_any_order(
    urls: list[str],
    random: "st.random.Random",  # type: ignore[name-defined]
) -> None:
    ids = dict(zip(urls, made_ids(urls, ["a-example"]), strict=True))
    assert len({*ids.values(), "a-example"}) == len(urls) + 1
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", feed_id) for feed_id in ids.values())
    random.shuffle(urls)
    assert dict(zip(urls, made_ids(urls, ["a-example"]), strict=True)) == ids


def test_only_a_collision_brings_a_digest() -> None:
    urls = ["https://a.example/rss", "https://www.a.example/feed", "https://b.example/"]
    first, second, third = made_ids(urls, [])
    assert re.fullmatch(r"a-example-[0-9a-f]{6}", first)
    assert re.fullmatch(r"a-example-[0-9a-f]{6}", second)
    assert first != second
    assert third == "b-example"
    assert unique_id(urls[0], {"a-example"}) == first
    assert unique_id(urls[0], {"other"}) == "a-example"


@pytest.mark.parametrize(
    "url", ["HTTP://A.example:80/x#top", "http://a.example/x", "http://A.EXAMPLE/x"]
)
def test_one_address_written_in_several_ways_is_one(url: str) -> None:
    assert same_address(url) == "http://a.example/x"
