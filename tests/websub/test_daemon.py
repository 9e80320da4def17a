"""The real daemon as a process, with a hub, and what the commands beside it tell of that."""

import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storage.ledger.sqlite import SqliteLedger
from storage.model import Outcome
from storage.subscription import Subscription
from tests.app.support import eventually, finish, slay, start
from tests.app.web import Web, open_web
from tests.websub.house import free_port
from tests.websub.hub import Hub, open_hub


def prose(word: str) -> str:
    """Return a text that no other one is near to."""
    return f"{word} stands here.\n" + " ".join(f"{word}{number}" for number in range(300))


@dataclass(slots=True)
class Town:
    """A feed and a hub, a daemon on them, and the commands beside it."""

    web: Web
    hub: Hub
    folder: Path
    process: subprocess.Popen[str] | None = None

    def __post_init__(self) -> None:
        port = free_port()
        link = f'<{self.hub.base}/>; rel="hub", <{self.web.base}/feed>; rel="self"'
        self.web.headers["/feed"] = {"Link": link}
        self.web.page("/old", prose("old"))
        self.web.feed("/feed", self.web.item("old", "/old"))
        websub = (
            f"websub: {{callback: 'http://127.0.0.1:{port}/hooks/', listen: '127.0.0.1:{port}'}}"
        )
        self.web.config(
            self.folder, "/feed", more=f"{websub}\ndaemon: {{tick: 1s}}\nflush: {{every: 1s}}"
        )

    def begin(self) -> None:
        with (self.folder / "daemon.log").open("a") as log:
            self.process = start(self.folder / "feeds.yml", "daemon", stderr=log)

    def end(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code, _, _ = finish(self.process)
        self.process = None
        return code

    def said(self) -> str:
        return (self.folder / "daemon.log").read_text()

    def run(self, *arguments: str) -> str:
        code, out, err = finish(start(self.folder / "feeds.yml", *arguments))
        assert code == 0, err
        return out

    def settled(self) -> list[str]:
        """Return the paths of the stored articles."""
        return sorted(
            (entry.url or "").removeprefix(self.web.base)
            for entry in self._ask(lambda ledger: ledger.entries_with([Outcome.NEW], 99))
        )

    def subscriptions(self) -> list[Subscription]:
        found: list[Subscription] = self._ask(lambda ledger: ledger.subscriptions.all())
        return found

    def _ask(self, question: Any) -> Any:
        path = self.folder / "data" / "state" / "ledger.db"
        if not path.exists():
            return []
        ledger = SqliteLedger(path)
        try:
            return question(ledger)
        finally:
            ledger.close()

    def push(self, guid: str) -> list[int]:
        self.web.page(f"/{guid}", prose(guid))
        kept = self.web.pages["/feed"]
        self.web.feed("/feed", self.web.item(guid, f"/{guid}"))
        body, self.web.pages["/feed"] = self.web.pages["/feed"].encode(), kept
        return [answer.status for answer in self.hub.publish(f"{self.web.base}/feed", body)]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with open_web() as web, open_hub() as hub:
        opened = Town(web, hub, tmp_path)
        yield opened
        if opened.process is not None:
            slay(opened.process)
            opened.process.communicate()


def test_a_daemon_subscribes_stores_what_is_pushed_and_keeps_the_lease_over_a_restart(
    town: Town,
) -> None:
    town.begin()
    eventually(lambda: bool(town.hub.subscriptions), "the hub has verified")
    eventually(lambda: town.settled() == ["/old"], "the feed was polled once")
    asked = town.web.asked.count("/feed")
    assert town.push("ferry") == [202]
    eventually(lambda: town.settled() == ["/ferry", "/old"], "what was pushed is stored")
    assert town.web.asked.count("/feed") == asked

    told = {
        "status": town.run("status"),
        "status --json": town.run("--json", "status"),
        "why": town.run("why", "f0"),
        "why --json": town.run("--json", "why", "f0"),
        "feeds list --json": town.run("--json", "feeds", "list"),
    }
    assert "1 subscription: 1 relied on" in told["status"]
    assert f"verified at {town.hub.base}/" in told["why"]
    assert "pushed" in told["why"].partition("Last polls")[2]
    records = [
        json.loads(told["status --json"])["feeds"][0]["subscription"],
        json.loads(told["why --json"])["subscription"],
        json.loads(told["feeds list --json"])[0]["subscription"],
    ]
    for record in records:
        assert record["hub"] == f"{town.hub.base}/"
        assert record["topic"] == f"{town.web.base}/feed"
        assert (record["state"], record["reason"]) == ("verified", "confirmed")
        assert (record["pushes"], record["misses"], record["relied_on"]) == (1, 0, True)
    (subscription,) = town.subscriptions()
    secrets = (subscription.token, subscription.secret)
    assert not any(secret in out for secret in secrets for out in told.values())
    rows = json.loads(town.run("--json", "query", "SELECT title FROM articles ORDER BY title"))
    assert rows == [{"title": "Page /ferry"}, {"title": "Page /old"}]

    assert town.end() == 0
    assert not any(secret in town.said() for secret in secrets)
    town.begin()
    eventually(lambda: town.said().count("the daemon is up") == 2, "it is up again")
    assert town.push("quay") == [202]
    eventually(lambda: town.settled() == ["/ferry", "/old", "/quay"], "stored as well")
    assert [fields["hub.mode"] for fields in town.hub.asked] == ["subscribe"]
    assert town.end() == 0
    assert "Traceback" not in town.said()


def test_without_a_callback_nothing_listens_and_what_was_subscribed_to_is_polled_again(
    town: Town,
) -> None:
    town.begin()
    eventually(lambda: bool(town.hub.subscriptions), "the hub has verified")
    assert town.push("ferry") == [202]
    eventually(lambda: town.settled() == ["/ferry", "/old"], "both are stored")
    assert town.end() == 0
    asked = len(town.hub.asked)

    path = town.folder / "feeds.yml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("websub")]
    path.write_text("\n".join(lines))
    town.begin()
    eventually(lambda: town.subscriptions() == [], "it is forgotten")
    assert "not subscribed; the feed names the hub" in town.run("why", "f0")
    assert town.end() == 0
    assert len(town.hub.asked) == asked
    assert town.said().count("hubs reach") == 1


def test_an_address_that_cannot_be_listened_at_ends_the_daemon_with_one_line(town: Town) -> None:
    path = town.folder / "feeds.yml"
    text = path.read_text()
    port = town.hub.base.rpartition(":")[2]
    listen = text.partition("listen: '")[2].partition("'")[0]
    path.write_text(text.replace(f"listen: '{listen}'", f"listen: '127.0.0.1:{port}'"))
    town.begin()
    assert town.process is not None
    code, _, _ = finish(town.process)
    town.process = None
    assert code == 1
    assert f"websub.listen: 127.0.0.1 port {port} cannot be listened at" in town.said()
    assert "Traceback" not in town.said()
