"""Digests are made where a document is parsed, which can be killed; comparing only reads them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

import ingest.feeds.parse
from ingest.feeds.diff import diff, entry_hash
from ingest.types import Feed, ParsedEntry
from tests.feeds.documents import NOW, URL, atom, item, parsed, rss

FEED = Feed(id="example", url=URL, name="Example")
LATER = NOW + timedelta(hours=1)
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Example",
        "items": [{"id": str(n), "title": f"Story {n}", "content_text": "Words"} for n in range(3)],
    }
).encode()
ATOM_ENTRY = "<entry><id>urn:{0}</id><title>Story {0}</title><summary>Words</summary></entry>"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (rss("".join(item(n) for n in range(3))), "application/rss+xml"),
        (atom("".join(ATOM_ENTRY.format(n) for n in range(3))), "application/atom+xml"),
        (JSON_FEED, "application/feed+json"),
    ],
    ids=["rss", "atom", "json"],
)
def test_every_entry_of_a_parsed_feed_has_its_digest(body: bytes, content_type: str) -> None:
    entries = parsed(body, content_type).entries
    assert len(entries) == 3
    assert [entry.digest for entry in entries] == [entry_hash(entry) for entry in entries]
    assert len({entry.digest for entry in entries}) == 3


def test_a_digest_that_is_given_is_taken_as_it_is() -> None:
    (pending,) = diff(FEED, [ParsedEntry(guid="g", digest="given")], {}, now=NOW).pending
    assert pending.entry_hash == "given"


def test_given_digests_alone_decide_what_has_changed() -> None:
    entry = ParsedEntry(guid="g", title="Before", digest="one")
    (known,) = diff(FEED, [entry], {}, now=NOW).pending
    other_words = replace(entry, title="After")
    same = diff(FEED, [other_words], {"g": known}, now=LATER)
    assert (same.pending, same.unchanged) == ((), (known.entry_id,))
    other_digest = replace(entry, digest="two")
    changed = diff(FEED, [other_digest], {"g": known}, now=LATER)
    assert [state.entry_hash for state in changed.pending] == ["two"]


def test_of_a_feed_longer_than_any_the_first_entries_are_read_and_the_cut_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ingest.feeds.parse, "MOST_ENTRIES", 2)
    feed = parsed(rss("".join(item(n) for n in range(5))))
    assert [entry.title for entry in feed.entries] == ["Story 0", "Story 1"]
    assert feed.flaw is not None
    assert "5 entries, of which the first 2 are read" in feed.flaw
