from datetime import timedelta

import pytest

from tests.feeds.documents import atom, item, parsed, rss
from tests.feeds.test_jsonfeed import JSON, document

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HUB = '<atom:link rel="hub" href="https://hub.example/"/>'


def skipping(channel: str, *, after: str = "") -> tuple[tuple[int, ...], tuple[int, ...]]:
    feed = parsed(rss(item(1) + after, channel))
    return feed.skip_hours, feed.skip_days


@pytest.mark.parametrize(
    ("inner", "hours"),
    [
        ("<hour>1</hour><hour>2</hour><hour>0</hour>", (0, 1, 2)),
        ("<hour>24</hour>", (0,)),
        ("<hour> 7 </hour>\n<HOUR><![CDATA[8]]></HOUR>", (7, 8)),
        ("<hour>25</hour><hour>99</hour><hour>x</hour><hour>-3</hour><hour/>", ()),
        ("<hour>7</hour><hour>7</hour>", (7,)),
        ("".join(f"<hour>{n}</hour>" for n in range(24)), ()),
        ("".join(f"<hour>{n}</hour>" for n in range(23)), tuple(range(23))),
        ("", ()),
    ],
)
def test_hours_without_polls_are_read(inner: str, hours: tuple[int, ...]) -> None:
    assert skipping(f"<skipHours>{inner}</skipHours>") == (hours, ())


@pytest.mark.parametrize(
    ("inner", "days"),
    [
        ("<day>Saturday</day><day>Sunday</day>", (5, 6)),
        ("<day>monday</day><day> MONDAY </day>", (0,)),
        ("<day>Montag</day><day>Mon</day>", ()),
        (f"<day>{'</day><day>'.join(DAYS)}</day>", ()),
    ],
)
def test_days_without_polls_are_read(inner: str, days: tuple[int, ...]) -> None:
    assert skipping(f"<skipDays>{inner}</skipDays>") == ((), days)


def test_they_may_stand_behind_the_items_and_not_within_them() -> None:
    hours = "<skipHours><hour>3</hour></skipHours>"
    long = item(2, f"<description>{'words ' * 20_000}</description>")
    assert skipping("", after=long + hours) == ((3,), ())
    assert skipping("", after=item(2, hours)) == ((), ())
    assert skipping("", after=item(2, hours) + item(3)) == ((), ())


def test_many_open_elements_are_no_work() -> None:
    assert skipping("<skipHours>" * 20_000) == ((), ())


@pytest.mark.parametrize(
    ("channel", "hub", "topic"),
    [
        (HUB, "https://hub.example/", None),
        (HUB + '<atom:link rel="hub" href="https://two.example/"/>', "https://hub.example/", None),
        ('<atom:link rel="HUB" href="https://hub.example/"/>', "https://hub.example/", None),
        (
            f'{HUB}<atom:link rel="self" href="/feed.xml"/>',
            "https://hub.example/",
            "https://feeds.example.org/feed.xml",
        ),
        ('<atom:link rel="hub" href="javascript:x"/>' + HUB, "https://hub.example/", None),
        ('<atom:link rel="hub"/>', None, None),
        ("", None, None),
    ],
)
def test_the_hub_of_an_rss_feed_is_found(channel: str, hub: str | None, topic: str | None) -> None:
    feed = parsed(rss(item(1), channel))
    assert (feed.hub, feed.topic) == (hub, topic)


def test_an_items_own_links_are_not_the_feeds() -> None:
    inner = '<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="hub" href="https://x.example/"/>'
    assert parsed(rss(item(1, inner))).hub is None


def test_the_hub_of_an_atom_feed_is_found() -> None:
    links = '<link rel="hub" href="https://hub.example/"/><link rel="self" href="self.atom"/>'
    feed = parsed(atom(f"{links}<entry><id>1</id><link href='/1'/></entry>"))
    assert (feed.hub, feed.topic) == (
        "https://hub.example/",
        "https://feeds.example.org/news/self.atom",
    )


def test_the_hub_of_a_json_feed_is_found() -> None:
    hubs = [{"type": "rssCloud", "url": "https://cloud.example/"}, 7]
    hubs += [{"type": "WebSub", "url": "https://hub.example/"}]
    feed = parsed(document({"id": "1"}, hubs=hubs, feed_url="https://example.org/f.json"), JSON)
    assert (feed.hub, feed.topic) == ("https://hub.example/", "https://example.org/f.json")
    broken = parsed(document({"id": "1"}, hubs={"url": 1}, feed_url=5), JSON)
    assert (broken.hub, broken.topic) == (None, None)


@pytest.mark.parametrize(("value", "finished"), [(True, True), (False, False), ("true", False)])
def test_a_json_feed_that_is_finished_is_asked_rarely_and_says_so(
    value: object, *, finished: bool
) -> None:
    feed = parsed(document({"id": "1"}, expired=value), JSON)
    assert feed.ttl == (timedelta(days=365) if finished else None)
    assert feed.flaw == ("it says that it is finished" if finished else None)
