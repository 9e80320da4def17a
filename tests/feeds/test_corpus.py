from pathlib import Path

import pytest

from ingest.feeds.parse import parse_feed
from ingest.types import ParsedFeed
from tests.feeds.documents import NOW

FEEDS = Path(__file__).parents[2].parent / "shared" / "corpus" / "feeds"
FILES = sorted(FEEDS.glob("*.xml"))


@pytest.mark.skipif(not FILES, reason="the corpus of real feeds is not on this machine")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_feed_is_read_whole(path: Path) -> None:
    body = path.read_bytes()
    feed = parse_feed(body, url="https://feeds.example.org/f", content_type="text/xml", now=NOW)
    assert isinstance(feed, ParsedFeed)
    assert feed.flaw is None
    assert feed.title
    assert feed.link
    assert len(feed.entries) == body.count(b"<item>") + body.count(b"<item ") + body.count(
        b"<entry>"
    )
    assert all(entry.link for entry in feed.entries)
    assert all(entry.title or entry.summary or entry.content for entry in feed.entries)
    dated = [entry for entry in feed.entries if entry.published_at]
    assert len(dated) == (len(feed.entries) if dated else 0)
