import json
from calendar import timegm

import feedparser
import pytest

from ingest.demo.feeds import feed_document
from ingest.demo.outlet import Damage, Format, Outlet
from ingest.demo.outlets import EVENING, LIRIO, OUTLETS
from ingest.demo.world import World
from tests.demo.conftest import world_of

VERSIONS = {Format.RSS20: "rss20", Format.RSS10: "rss10", Format.ATOM10: "atom10"}
XML = [o for o in OUTLETS if o.format in VERSIONS and o is not EVENING]


@pytest.mark.parametrize("outlet", XML, ids=lambda o: o.id)
def test_feedparser_reads_every_xml_feed_whole(outlet: Outlet, world: World) -> None:
    body, content_type = feed_document(world, outlet)
    parsed = feedparser.parse(body, response_headers={"content-type": content_type})
    assert parsed.version == VERSIONS[outlet.format]
    assert bool(parsed.bozo) == (outlet.damage is Damage.MALFORMED)
    entries = world.entries(outlet)
    assert len(parsed.entries) == len(entries) > 0
    for read, entry in zip(parsed.entries, entries, strict=True):
        assert (read.id, read.link, read.title) == (entry.guid, entry.link, entry.article.headline)
        date = read.get("published_parsed") or read["updated_parsed"]
        assert timegm(date) == entry.article.published.timestamp()
        assert ("content" in read) == outlet.full_text
        for block in entry.article.copy.blocks if outlet.full_text else ():
            assert block in read.content[0].value


def test_the_json_feed_has_its_articles_whole(world: World) -> None:
    for outlet in OUTLETS:
        if outlet.format is Format.JSON11:
            feed = json.loads(feed_document(world, outlet)[0])
            assert feed["version"] == "https://jsonfeed.org/version/1.1"
            for item, entry in zip(feed["items"], world.entries(outlet), strict=True):
                assert (item["id"], item["url"]) == (entry.guid, entry.link)
                assert all(block in item["content_html"] for block in entry.article.copy.blocks)


def test_all_four_formats_are_published() -> None:
    assert {outlet.format for outlet in OUTLETS} == set(Format)


def test_the_broken_feed_is_broken_in_three_ways() -> None:
    body, _ = feed_document(world_of(1), LIRIO)
    assert b"\x0b" in body
    assert b" & " in body
    assert not body.rstrip().endswith(b"</rss>")


def test_the_hopeless_feed_is_a_page() -> None:
    body, content_type = feed_document(world_of(1), EVENING)
    assert content_type == "text/html"
    assert b"<!DOCTYPE html>" in body


def test_a_silent_correction_keeps_guid_and_dates_and_an_edit_bumps_updated() -> None:
    first, second = world_of(1), world_of(2)
    before, after = (w.article("northline", "turnout") for w in (first, second))
    assert (before.guid, before.headline) == (after.guid, after.headline)
    assert (before.published, before.modified) == (after.published, after.modified)
    changed = [
        (x.split(), y.split())
        for x, y in zip(before.copy.blocks, after.copy.blocks, strict=True)
        if x != y
    ]
    assert [[p for p in zip(x, y, strict=True) if p[0] != p[1]] for x, y in changed] == [
        [("58", "53")]
    ]
    before, after = (w.article("harbour-gazette", "heating") for w in (first, second))
    assert before.guid == after.guid
    assert before.headline != after.headline
    assert before.modified < after.modified
    assert len(after.copy.blocks) == len(before.copy.blocks) + 1


def test_an_original_is_published_before_its_copies() -> None:
    world = world_of(2)
    original = world.article("meridian", "bridge").published
    for outlet in OUTLETS:
        for article in world.articles(outlet):
            if article.item.copy.startswith("bridge-"):
                assert article.published > original
