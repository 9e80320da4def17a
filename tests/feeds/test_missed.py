"""Which entries of a news sitemap a feed has missed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.feeds import missed as rules
from ingest.feeds.missed import home_of, missed, section_of
from ingest.types import ParsedEntry, ParsedFeed

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
SINCE = NOW - timedelta(hours=6)
SITE = "https://www.example.org"


def entry(path: str, hours: float | None, language: str | None = None) -> ParsedEntry:
    """An entry of a page, published so many hours ago."""
    at = None if hours is None else NOW - timedelta(hours=hours)
    link = path if "://" in path else SITE + path
    return ParsedEntry(guid=link, link=link, published_at=at, language=language)


def feed(*entries: ParsedEntry, language: str | None = None) -> ParsedFeed:
    return ParsedFeed(format="rss20", entries=entries, language=language)


def paths(entries: Sequence[ParsedEntry]) -> list[str]:
    return [(each.link or "").removeprefix(SITE) for each in entries]


WHOLE = feed(entry("/sport/9", 0.1), entry("/city/8", 0.5), entry("/city/7", 1))
SPORT = feed(entry("/sport/9", 0.1), entry("/sport/8", 0.5), entry("/sport/7", 1))
FLAT = feed(entry("/a-9", 0.1), entry("/a-8", 0.5), entry("/a-7", 1))


def test_entries_between_the_last_poll_and_the_document_are_missed() -> None:
    listed = [
        *WHOLE.entries,
        entry("/city/6", 2),
        entry("/sport/5", 5),
        entry("/city/4", 6.4),  # dated before the last poll, which may not have shown it yet
        entry("/city/3", 6.6),
        entry("/city/future", 0.05),  # newer than the feed's newest: it has yet to show it
        entry("/city/undated", None),
    ]
    found = missed(WHOLE, listed, since=SINCE, now=NOW)
    assert paths(found.entries) == ["/city/6", "/sport/5", "/city/4"]
    assert found.left_out == {}


def test_what_the_document_has_under_another_form_of_its_address_is_not_missed() -> None:
    again = entry(f"{SITE}:443/city/7?utm_source=rss#top", 1)
    found = missed(WHOLE, [again, entry("/city/6", 2)], since=SINCE, now=NOW)
    assert paths(found.entries) == ["/city/6"]


def test_a_page_that_is_listed_twice_is_missed_once() -> None:
    listed = [*WHOLE.entries, entry("/city/6", 2), entry("/city/6?utm_medium=x", 2)]
    assert len(missed(WHOLE, listed, since=SINCE, now=NOW).entries) == 1


@pytest.mark.parametrize(
    ("document", "listed", "taken", "left_out"),
    [
        pytest.param(
            WHOLE,
            [*WHOLE.entries, entry("/sport/5", 3), entry("/culture/4", 4)],
            ["/sport/5", "/culture/4"],
            {},
            id="a feed that spreads over the sections has those that it does not show now",
        ),
        pytest.param(
            WHOLE,
            [*WHOLE.entries, entry("https://shop.example.org/x/1", 3)],
            [],
            {rules.OTHER_SECTION: 1},
            id="but not those of another host",
        ),
        pytest.param(
            SPORT,
            [*SPORT.entries, entry("/city/8", 0.4), entry("/sport/5", 3), entry("/city/4", 4)],
            ["/sport/5"],
            {rules.OTHER_SECTION: 2},
            id="a feed of one section has no other",
        ),
        pytest.param(
            SPORT,
            [entry("/sport/5", 3), entry("/city/4", 4), entry("/culture/3", 5)],
            ["/sport/5"],
            {rules.OTHER_SECTION: 2},
            id="also where nothing listed is of its document's time",
        ),
        pytest.param(
            SPORT,
            [
                SPORT.entries[0],
                *(entry(f"/sport/x{n}", 0.6) for n in range(5)),
                entry("/sport/5", 3),
            ],
            [],
            {rules.SELECTION: 6},
            id="a feed that shows a few of a section makes a choice that cannot be known",
        ),
        pytest.param(
            FLAT,
            [*FLAT.entries, entry("/a-6", 2)],
            ["/a-6"],
            {},
            id="a site without sections, all of which is in the feed",
        ),
        pytest.param(
            FLAT,
            [FLAT.entries[0], *(entry(f"/b-{n}", 0.6) for n in range(5)), entry("/a-6", 2)],
            [],
            {rules.SELECTION: 6},
            id="a site without sections, a part of which is in the feed",
        ),
        pytest.param(
            FLAT,
            [entry("/a-6", 2), entry("/b-5", 3)],
            [],
            {rules.UNTOLD: 2},
            id="a site without sections, and nothing to compare",
        ),
        pytest.param(
            feed(*WHOLE.entries, language="de-at"),
            [
                *WHOLE.entries,
                entry("/city/6", 2, "de"),
                entry("/city/5", 3, "en"),
                entry("/city/4", 4),
            ],
            ["/city/6", "/city/4"],
            {rules.OTHER_LANGUAGE: 1},
            id="another language than the feed's",
        ),
        pytest.param(
            feed(entry("/sport/9", None), entry("/sport/8", None)),
            [entry("/sport/5", 3), entry("/city/4", 4)],
            ["/sport/5"],
            {rules.OTHER_SECTION: 1},
            id="a feed without dates has what is of its sections",
        ),
    ],
)
def test_only_what_belongs_to_the_feed_is_missed(
    document: ParsedFeed, listed: list[ParsedEntry], taken: list[str], left_out: dict[str, int]
) -> None:
    found = missed(document, listed, since=SINCE, now=NOW)
    assert (paths(found.entries), found.left_out) == (taken, left_out)


def test_of_more_than_can_be_filled_in_the_newest_are() -> None:
    listed = [*WHOLE.entries, *(entry(f"/city/m{n}", 2 + n / 1000) for n in range(510))]
    found = missed(WHOLE, listed, since=SINCE, now=NOW)
    assert paths(found.entries) == [f"/city/m{n}" for n in range(rules.MOST_FILLED)]
    assert found.left_out == {rules.TOO_MANY: 10}


@pytest.mark.parametrize(
    ("url", "section"),
    [
        ("https://www.example.org/sport/ferry-sails", "example.org/sport"),
        ("https://example.org/sport/football/ferry/", "example.org/sport"),
        ("https://example.org/2026/11/23/ferry", "example.org/"),
        ("https://example.org/2026/Sport/ferry", "example.org/sport"),
        ("https://example.org/de/sport/ferry", "example.org/de/sport"),
        ("https://sport.example.org/ferry", "sport.example.org/"),
        ("https://example.org/", "example.org/"),
        ("https://example.org", "example.org/"),
    ],
)
def test_a_section_is_a_host_and_a_first_folder(url: str, section: str) -> None:
    assert section_of(url) == section


def test_a_feed_is_at_home_where_most_of_its_entries_lead() -> None:
    elsewhere = entry("https://other.example/1", 1)
    assert home_of(feed(*SPORT.entries, elsewhere)) == f"{SITE}/sport/7"
    assert home_of(feed(SPORT.entries[0], elsewhere)) is None
    assert home_of(feed(ParsedEntry(guid="a"))) is None


PLACES = st.tuples(
    st.sampled_from(["", "/sport", "/city", "/2026/11"]),
    st.integers(0, 12),
    st.integers(-60, 60 * 24),
).map(lambda drawn: entry(f"{drawn[0]}/{drawn[1]}", drawn[2] / 60))


@given(st.lists(PLACES, min_size=1, max_size=12), st.lists(PLACES, max_size=40))
def test_what_is_missed_is_listed_in_time_and_not_the_feeds_own(
    own: list[ParsedEntry], listed: list[ParsedEntry]
) -> None:
    found = missed(feed(*own), listed, since=SINCE, now=NOW)
    links = [each.link for each in found.entries]
    assert len(set(links)) == len(links)
    assert set(links) <= {each.link for each in listed} - {each.link for each in own}
    newest = max(each.published_at for each in own if each.published_at)
    for each in found.entries:
        assert each.published_at is not None
        assert SINCE - rules.SHOWN_LATE <= each.published_at <= newest
    assert len(links) + sum(found.left_out.values()) <= len(listed)
