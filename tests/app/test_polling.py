"""The polling policy with the real parts: over a real server and ledger, with the clock set."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import storage
from ingest.app import crawl
from ingest.config import Config, load
from ingest.feeds.cadence import wishes
from ingest.observe import Tally
from ingest.types import Fetched, ParsedFeed
from storage.ledger.sqlite import SqliteLedger
from storage.model import FeedState, Reason
from tests.app.answering import Answer, Answering, open_answering
from tests.cli.runner import newsfold as command

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class House:
    """A server, a configuration that reads ``/feed`` there, and a clock that a test moves."""

    web: Answering
    config: Config
    now: datetime = START
    tallies: list[Tally] = field(default_factory=list)

    def poll(self, *, after: timedelta = timedelta(0), due: bool = False) -> FeedState:
        """Poll all feeds once, ``after`` so long; return the state of the first."""
        self.now += after
        tally = Tally()
        asyncio.run(
            crawl(
                self.config,
                self.config.feeds,
                clock=lambda: self.now,
                observer=tally,
                only_due=due,
            )
        )
        self.tallies.append(tally)
        return self.state()

    def state(self, feed_id: str = "f0") -> FeedState:
        ledger = SqliteLedger(self.config.data / "state" / "ledger.db")
        try:
            state = ledger.feed(feed_id)
            assert state is not None
            return state
        finally:
            ledger.close()

    def polls(self) -> list[dict[str, Any]]:
        """Return the rows of all polls, oldest first."""
        with storage.open(self.config.data) as store:
            found: list[dict[str, Any]] = store.sql("FROM polls ORDER BY polled_at").to_pylist()
            return found


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_answering() as web:
        yield House(web, configured(web, tmp_path, "/feed"))


def configured(web: Answering, folder: Path, *paths: str) -> Config:
    feeds = "\n".join(f"  - {{id: f{n}, url: '{web.base}{path}'}}" for n, path in enumerate(paths))
    path = folder / "feeds.yml"
    path.write_text(
        "defaults: {full_text: feed}\nfetch:\n  allow_networks: [127.0.0.0/8]\n"
        f"  per_host: {{delay: 0s}}\n  deadline: 5s\nworkers: {{count: 1}}\nfeeds:\n{feeds}\n",
        "utf-8",
    )
    return load(path)


def rss(*guids: str, more: str = "") -> bytes:
    items = "".join(
        f'<item><guid isPermaLink="false">{guid}</guid><title>Item {guid}</title><pubDate>'
        f"{format_datetime(START - HOUR * number)}</pubDate></item>"
        for number, guid in enumerate(guids)
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel>{more}{items}</channel></rss>'.encode()
    )


def test_a_feed_without_validators_is_asked_by_date_and_once_a_day_for_all_of_it(
    house: House,
) -> None:
    house.web.answers["/feed"] = Answer(body=rss("a", "b"), dated=START)
    asked = []
    due = START
    while due < START + 3 * DAY:
        state = house.poll(after=due - house.now, due=True)
        assert state.next_due_at is not None
        asked.append((due, house.web.seen[-1]))
        due = state.next_due_at
    assert len(house.web.seen) == len(asked) > 6
    whole = [at for at, seen in asked if "if-modified-since" not in seen.headers]
    assert len(whole) == 3
    assert all(later - earlier >= DAY for earlier, later in pairwise(whole))
    dates = {seen.headers.get("if-modified-since") for _, seen in asked}
    assert dates == {None, format_datetime(START, usegmt=True)}


def test_a_permanent_move_is_taken_over_after_a_week_and_told(house: House) -> None:
    new = f"{house.web.base}/new"
    house.web.answers |= {
        "/feed": Answer(status=301, headers={"Location": "/new"}),
        "/new": Answer(body=rss("a"), headers={"ETag": '"1"'}, conditional=True),
    }
    states = [house.poll(after=DAY if day else HOUR * 0) for day in range(8)]
    assert [state.address for state in states] == [None] * 7 + [new]
    # All but the first were conditional where it counts, though the address redirected.
    etags = [seen.headers.get("if-none-match") for seen in house.web.asked("/new")]
    assert etags == [None] + ['"1"'] * 7
    assert all("if-none-match" not in seen.headers for seen in house.web.asked("/feed"))
    house.web.seen.clear()
    house.poll(after=DAY)
    assert [seen.path for seen in house.web.seen] == ["/new"]
    event, last = house.polls()[-2:]
    assert (last["url"], event["ok"]) == (new, True)
    assert f"moved for good to {new}, which it said for 7 d" in event["detail"]
    config = str(house.config.path)
    told = command("--config", config, "why", "f0").out
    assert f"moved for good to {new}: newsfold uses it; put it into feeds.yml" in " ".join(
        told.split()
    )
    assert "Why the next poll is then" in told
    assert "→" in command("--config", config, "feeds", "list").out
    assert command("--config", config, "--json", "why", "f0").json["feed"]["address"] == new


def test_a_gap_is_counted_told_and_shortens_the_interval(house: House) -> None:
    house.web.answers["/feed"] = Answer(body=rss("a", "b", "c"))
    before = house.poll()
    house.web.answers["/feed"] = Answer(body=rss("d", "e", "f"))
    after = house.poll(after=HOUR)
    assert (before.gaps, after.gaps, after.gap_at) == (0, 1, START + HOUR)
    polls = house.polls()
    assert [json.loads(poll["extra"]) for poll in polls] == [{}, {"gap": True}]
    assert "no entry in common" in polls[1]["detail"]
    house.web.answers["/feed"] = Answer(body=rss("g", "f", "e"))
    assert house.poll(after=HOUR).gaps == 1


def test_a_delta_is_taken_in_and_is_no_gap(house: House) -> None:
    house.web.answers["/feed"] = Answer(body=rss("a", "b", "c"), headers={"ETag": '"1"'})
    house.poll()
    delta = Answer(status=226, body=rss("d", "e", "f"), headers={"ETag": '"2"', "IM": "feed"})
    house.web.answers["/feed"] = delta
    state = house.poll(after=HOUR)
    assert (state.gaps, state.etag, state.body_hash) == (0, '"2"', None)
    assert house.tallies[-1].entries["seen"] == 3
    # The same delta again is parsed again: it says nothing of the whole.
    assert house.poll(after=HOUR).reason == "fetched"
    assert house.web.seen[-1].headers["if-none-match"] == '"2"'


def test_a_host_on_hold_is_left_alone_by_a_later_run_and_by_its_other_feeds(
    tmp_path: Path,
) -> None:
    with open_answering() as web:
        house = House(web, configured(web, tmp_path, "/feed", "/other"))
        web.answers |= {"/feed": Answer(body=rss("a")), "/other": Answer(body=rss("b"))}
        house.poll()
        web.answers["/feed"] = Answer(status=429, headers={"Retry-After": "7200"})
        only_first = House(web, configured(web, tmp_path, "/feed"), now=house.now + HOUR)
        assert only_first.poll().held_until == START + 3 * HOUR
        web.seen.clear()
        house.config = configured(web, tmp_path, "/feed", "/other")
        house.poll(after=HOUR * 2)
        assert web.seen == []
        other = house.state("f1")
        assert (other.ok, other.failures, other.reason) == (True, 0.0, "fetched")
        assert other.held_until == START + 3 * HOUR
        assert house.tallies[-1].feeds == {"on_hold": 2}
        house.poll(after=HOUR + MINUTE)
        assert {seen.path for seen in web.seen} == {"/feed", "/other"}


def test_a_feed_that_is_gone_is_asked_only_by_name_and_lives_again_when_it_answers(
    house: House,
) -> None:
    house.web.answers["/feed"] = Answer(status=410)
    assert house.poll().retired
    house.web.answers["/feed"] = Answer(body=rss("a"))
    house.web.seen.clear()
    house.poll(after=DAY)
    assert house.web.seen == []
    assert "newsfold crawl f0" in " ".join(
        command("--config", str(house.config.path), "why", "f0").out.split()
    )
    assert command("--config", str(house.config.path), "crawl", "f0").code == 0
    assert not house.state().retired


def test_a_bug_in_what_is_learnt_of_one_feed_is_that_feeds_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = wishes.heard

    def heard(state: FeedState, parsed: ParsedFeed | None, fetched: Fetched) -> wishes.Wishes:
        if state.feed_id == "f0":
            raise RuntimeError("a bug")
        return real(state, parsed, fetched)

    monkeypatch.setattr("ingest.feeds.cadence.success.heard", heard)
    with open_answering() as web:
        web.answers |= {path: Answer(body=rss("a")) for path in ("/feed", "/other")}
        house = House(web=web, config=configured(web, tmp_path, "/feed", "/other"))
        bad = house.poll()
        assert (bad.ok, bad.reason) == (False, Reason.INTERNAL_ERROR)
        assert bad.next_due_at is not None
        assert house.state("f1").ok


def test_wishes_of_the_document_outlast_a_304(house: House) -> None:
    wish = "<ttl>300</ttl><skipHours><hour>19</hour></skipHours>"
    house.web.answers["/feed"] = Answer(
        body=rss("a", "b", more=wish), headers={"ETag": '"1"'}, conditional=True
    )
    house.poll()
    state = house.poll(after=6 * HOUR)
    assert state.reason == "not_modified"
    assert state.next_due_at is not None
    assert state.next_due_at >= house.now + 5 * HOUR
    assert any("lengthened by the feed's ttl, 5 h" in reason for reason in state.schedule)
