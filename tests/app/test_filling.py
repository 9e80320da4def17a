"""A feed that turns over completely between two polls, on sites with and without a sitemap."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import storage
from ingest.config import Config, load
from ingest.inspection.health import notes_on
from storage.model import FeedState
from tests.app.answering import Answer, open_answering
from tests.app.test_polling import DAY, HOUR, MINUTE, START, House, configured
from tests.cli.runner import newsfold as command

MISSED = "no entry in common with the last poll: some may have been missed"
LETTERS = str.maketrans("0123456789", "ghijklmnop")
WORDS = [sha256(b"%d" % n).hexdigest()[:7].translate(LETTERS) for n in range(400)]
NEWS = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
)


@dataclass
class Newsroom:
    """A site that publishes a story every three minutes, in two sections by turns.

    Its feed shows the newest ``shown``, of all of them or of those in ``section``.
    """

    house: House
    shown: int = 6
    section: str = ""
    begun: datetime = START
    stories: dict[str, datetime] = field(default_factory=dict)

    def publish(self, number: int) -> None:
        """Publish so many more stories, and let the time go by that this takes."""
        for _ in range(number):
            count = len(self.stories)
            path = f"/{('sport', 'city')[count % 2]}/story-{count}"
            self.house.now += 3 * MINUTE
            self.stories[path] = self.house.now
            words = random.Random(count).choices(WORDS, k=220)
            body = f"<title>{path}</title><article><p>{' '.join(words)}.</p></article>"
            self.house.web.answers[path] = Answer(
                body=f"<html>{body}</html>".encode(), headers={"Content-Type": "text/html"}
            )
        own = [path for path in self.stories if path.startswith(f"/{self.section}")]
        self.feed(*own[-self.shown :])

    def feed(self, *paths: str, guid: str = "") -> None:
        """Have the feed show these stories, under the GUIDs ``guid`` begins."""
        items = "".join(
            f'<item><guid isPermaLink="false">{guid}{path}</guid><title>{path}</title>'
            f"<link>{self.house.web.base}{path}</link>"
            f"<description>{' '.join(random.Random(path).choices(WORDS, k=40))}</description>"
            f"<pubDate>{format_datetime(self.stories[path])}</pubDate></item>"
            for path in reversed(paths)
        )
        body = f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'
        self.house.web.answers["/feed"] = Answer(body=body.encode())

    def sitemap(self) -> bytes:
        """Return a news sitemap of all stories."""
        listed = "".join(
            f"<url><loc>{self.house.web.base}{path}</loc><news:news><news:title>{path}</news:title>"
            f"<news:publication_date>{at.isoformat()}</news:publication_date></news:news></url>"
            for path, at in self.stories.items()
        )
        return f'<?xml version="1.0"?><urlset {NEWS}>{listed}</urlset>'.encode()

    def robots(self, *lines: str) -> None:
        self.house.web.answers["/robots.txt"] = Answer(body="\n".join(lines).encode())

    def name(self, answer: Answer | None = None, path: str = "/news.xml") -> None:
        """Name a news sitemap in robots.txt; that of all stories, unless another is given."""
        body = self.sitemap()
        whole = Answer(body=body, headers={"ETag": f'"{len(body)}"'}, conditional=True)
        self.house.web.answers[path] = answer or whole
        self.robots(f"Sitemap: {self.house.web.base}{path}")

    def poll(self, *, after: timedelta = MINUTE) -> FeedState:
        self.house.web.seen.clear()
        return self.house.poll(after=after)

    def last(self) -> tuple[dict[str, Any], str]:
        """Return the last poll's ``extra`` and ``detail``."""
        row = self.house.polls()[-1]
        return json.loads(row["extra"]), row["detail"] or ""

    def outcomes(self) -> dict[str, str]:
        """Return by GUID how the entries stand, outcome and reason."""
        with storage.open(self.house.config.data) as store:
            rows = store.sql(
                "SELECT guid, arg_max(outcome || ' · ' || reason, changed_at) AS told FROM outcomes"
                " WHERE outcome <> 'pending' GROUP BY guid"
            ).to_pylist()
        return {row["guid"]: row["told"] for row in rows}

    def filled(self) -> set[str]:
        """Return the stories that were taken from a sitemap."""
        mark = f"sitemap:{self.house.web.base}"
        return {guid.removeprefix(mark) for guid in self.outcomes() if guid.startswith(mark)}

    def asked(self) -> list[str]:
        return [seen.path for seen in self.house.web.seen if seen.path.endswith(".xml")]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    with open_answering() as web:
        yield Newsroom(House(web, configured(web, tmp_path, "/feed")))


def between(room: Newsroom, first: int, last: int) -> set[str]:
    return set(list(room.stories)[first:last])


def test_a_feed_of_twenty_that_turned_over_is_filled_from_its_sites_news_sitemap(
    room: Newsroom,
) -> None:
    room.shown = 20
    room.publish(20)
    room.name()
    room.poll()
    assert room.asked() == []  # nothing is missed at a first poll
    room.publish(32)
    room.name()
    state = room.poll()
    assert room.filled() == between(room, 20, 32)
    source = f"{room.house.web.base}/news.xml"
    assert room.last() == (
        {"gap": True, "filled": 12},
        f"{MISSED}; 12 missed entries were taken from {source}",
    )
    row = room.house.polls()[-1]
    assert (row["entries"], row["new"], state.gaps) == (32, 32, 1)
    assert room.house.tallies[-1].entries["new"] == 32
    filled = {f"sitemap:{room.house.web.base}{path}" for path in room.filled()}
    assert {room.outcomes()[guid] for guid in filled} == {"new · first_seen"}
    told = " ".join(command("--config", str(room.house.config.path), "why", "f0").out.split())
    assert "gaps 1, the last" in told
    assert "12 missed entries were filled in" in told
    (note,) = notes_on(state, now=room.house.now)
    assert note.endswith("(12 of them were taken from its site's news sitemap)")


def test_what_was_filled_in_and_comes_with_the_feed_later_is_known_by_its_address(
    room: Newsroom,
) -> None:
    room.publish(6)
    room.poll()
    room.publish(9)
    room.name()
    room.poll()
    late, *_ = sorted(room.filled())
    room.feed(late, *list(room.stories)[-3:], guid="")
    room.house.config = with_pages(room)
    room.poll(after=HOUR)
    assert room.outcomes()[late] == "unchanged · known_url"
    assert room.outcomes()[f"sitemap:{room.house.web.base}{late}"] == "new · first_seen"
    assert not room.house.web.asked(late)
    with storage.open(room.house.config.data) as store:
        assert store.sql("FROM duplicates").to_pylist() == []


def with_pages(room: Newsroom) -> Config:
    """The configuration with texts from pages, since from a feed's text nothing is known."""
    path = room.house.config.path
    assert path is not None
    path.write_text(path.read_text("utf-8").replace("full_text: feed", "full_text: auto"), "utf-8")
    return load(path)


def test_an_index_leads_to_the_news_sitemaps_alone(room: Newsroom) -> None:
    room.publish(6)
    room.poll()
    room.publish(9)
    room.name(path="/news-1.xml")
    listed = "".join(f"<sitemap><loc>/{name}.xml</loc></sitemap>" for name in ("posts", "news-1"))
    index = f"<sitemapindex>{listed}</sitemapindex>".encode()
    room.house.web.answers["/sitemap.xml"] = Answer(body=index)
    room.robots("Sitemap: /sitemap.xml")
    room.poll()
    assert room.asked() == ["/sitemap.xml", "/news-1.xml"]
    assert room.filled() == between(room, 6, 9)
    # A day later, both are asked for on the condition that they changed.
    room.publish(9)
    room.poll(after=DAY)
    assert room.asked() == ["/sitemap.xml", "/news-1.xml"]
    assert "if-none-match" in room.house.web.asked("/news-1.xml")[0].headers
    assert "say nothing new" in room.last()[1]


def test_where_a_site_names_no_sitemap_the_gap_is_told(room: Newsroom) -> None:
    room.publish(6)
    room.poll()
    room.publish(9)
    state = room.poll()
    assert room.asked() == []
    assert (state.gaps, room.last()[0]) == (1, {"gap": True})
    assert "its site names no news sitemap" in room.last()[1]


ENTITY = b'<!DOCTYPE u [<!ENTITY a "' + b"a" * 9999 + b'">]>'
BOMB = ENTITY + b"<urlset>" + b"<url>&a;</url>" * 9999 + b"</urlset>"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(Answer(body=b"<urlset>" + b" " * 11_000_000), "", id="huge"),
        pytest.param(Answer(body=b"<urlset>", stalls=True), "not done within", id="slow"),
        pytest.param(Answer(body=BOMB), "", id="a bomb of entities"),
        pytest.param(Answer(body=b"<html>No</html>"), "", id="no sitemap"),
        pytest.param(Answer(status=500), "500", id="broken"),
    ],
)
def test_a_sitemap_that_cannot_be_read_costs_the_feed_nothing(
    room: Newsroom, answer: Answer, why: str
) -> None:
    room.publish(6)
    room.poll()
    room.publish(9)
    room.name(answer)
    state = room.poll()
    assert room.asked() == ["/news.xml"]
    extra, detail = room.last()
    assert extra == {"gap": True}
    assert f"its news sitemap could not be read: {room.house.web.base}/news.xml: " in detail
    assert why in detail
    assert state.ok
    assert room.house.tallies[-1].entries["new"] == 6
    # What is missing is looked for again at the next gap.
    room.name()
    room.publish(9)
    room.name()
    room.poll(after=6 * HOUR)
    assert room.filled() == between(room, 6, 9) | between(room, 15, 18)


def test_at_most_ten_sitemaps_are_asked_for(room: Newsroom) -> None:
    room.publish(6)
    room.poll()
    room.publish(9)
    paths = [f"/news-{n:02}.xml" for n in range(14)]
    for path in paths:
        room.name(path=path)
    room.robots(*(f"Sitemap: {path}" for path in paths))
    room.poll()
    assert room.asked() == list(reversed(paths))[:10]
    assert room.filled() == between(room, 6, 9)
    assert f"{paths[-1]} and 9 more" in room.last()[1]


def test_after_two_sitemaps_that_cannot_be_read_no_other_is_asked_for(room: Newsroom) -> None:
    room.publish(6)
    room.poll()
    room.publish(9)
    room.robots(*(f"Sitemap: /news-{n}.xml" for n in range(5)))
    room.poll()
    assert room.asked() == ["/news-4.xml", "/news-3.xml"]
    assert room.house.tallies[-1].entries["new"] == 6


def test_a_feed_of_one_section_takes_that_section_alone(room: Newsroom) -> None:
    room.section = "sport"
    room.publish(12)
    room.poll()
    room.publish(20)
    room.name()
    room.poll()
    assert room.filled() == {path for path in between(room, 12, 20) if "sport" in path}
    extra, detail = room.last()
    assert extra == {"gap": True, "filled": 4}
    assert f"4 missed entries were taken from {room.house.web.base}/news.xml, " in detail
    assert detail.endswith("of other sections left out")


def test_gaps_are_filled_at_most_every_six_hours_and_then_all_of_them(room: Newsroom) -> None:
    room.publish(6)
    room.name()
    room.poll()
    for _ in range(2):
        room.publish(9)
        room.name()
        room.poll()
    assert room.asked() == []
    assert "its site was asked within 6 h" in room.last()[1]
    assert room.filled() == between(room, 6, 9)
    room.publish(9)
    room.name()
    room.poll(after=6 * HOUR)
    assert room.filled() == between(room, 6, 9) | between(room, 15, 18) | between(room, 24, 27)


def test_entries_under_new_guids_are_not_looked_for(room: Newsroom) -> None:
    room.publish(6)
    room.name()
    room.poll()
    room.feed(*list(room.stories)[-6:], guid="other")
    state = room.poll(after=HOUR)
    assert (state.gaps, room.asked()) == (1, [])
    assert "known under other GUIDs" in room.last()[1]


def test_a_feed_that_is_a_sitemap_is_not_filled_from_another(room: Newsroom) -> None:
    def show(first: int, last: int) -> None:
        kept, room.stories = room.stories, {}
        room.stories = dict(list(kept.items())[first:last])
        room.house.web.answers["/feed"] = Answer(body=room.sitemap())
        room.stories = kept

    room.publish(20)
    room.name()
    show(0, 5)
    room.poll()
    show(10, 15)
    assert room.poll(after=HOUR).gaps == 1
    assert room.asked() == []


def test_a_sitemap_that_robots_may_not_have_is_not_asked_for(room: Newsroom) -> None:
    room.publish(6)
    room.poll()
    room.publish(9)
    room.name()
    room.robots("User-agent: *", "Disallow: /news", f"Sitemap: {room.house.web.base}/news.xml")
    room.poll()
    assert room.asked() == []
    assert "disallows /news.xml" in room.last()[1]
