"""The real daemon as a process, on the real newsroom."""

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from ingest.clock import system_clock
from ingest.daemon import keeping_time
from ingest.demo.newsroom import Newsroom
from ingest.demo.play import read_back
from storage.ledger.sqlite import SqliteLedger
from tests.app.support import (
    differences,
    eventually,
    finish,
    flaws,
    group_is_gone,
    slay,
    start,
    write_config,
)

QUICK = "daemon: {tick: 1s}\nflush: {every: 1s}\n"


class House:
    """A newsroom, a configuration for it, and the daemons started on it."""

    def __init__(self, newsroom: Newsroom, folder: Path) -> None:
        self.newsroom = newsroom
        self.config = write_config(newsroom, folder, more=QUICK)
        self.data = folder / "data"
        self.daemons: list[subprocess.Popen[str]] = []

    def daemon(self) -> subprocess.Popen[str]:
        """Start a daemon and wait until it holds the data folder."""
        log = (self.config.parent / f"daemon-{len(self.daemons)}.log").open("w")
        with log:
            process = start(self.config, "daemon", stderr=log)
        self.daemons.append(process)
        pid = self.data / "state" / "daemon.pid"

        def up() -> bool:
            assert process.poll() is None, self.said()
            return pid.is_file() and pid.read_text().strip() == str(process.pid)

        eventually(up, "the daemon is up")
        return process

    def said(self) -> str:
        """Return what the newest daemon logged."""
        return (self.config.parent / f"daemon-{len(self.daemons) - 1}.log").read_text()

    def run(self, *arguments: str) -> tuple[int, str, str]:
        return finish(start(self.config, *arguments))

    def stop(self, process: subprocess.Popen[str]) -> float:
        """Tell a daemon to stop; it must end well. Returns how long it took in seconds."""
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, _, _ = finish(process)
        assert code == 0, self.said()
        return time.monotonic() - began

    def due(self) -> dict[str, datetime | None]:
        ledger = SqliteLedger(self.data / "state" / "ledger.db")
        try:
            return {feed.feed_id: feed.next_due_at for feed in ledger.feeds()}
        finally:
            ledger.close()

    def waiting(self) -> int:
        """Return how many entries have not been tried yet, or -1 before there are any."""
        ledger = SqliteLedger(self.data / "state" / "ledger.db")
        try:
            entries = ledger.entries_with(list(ledger.count_outcomes()), limit=1000)
            polled = all(feed.polled_at for feed in ledger.feeds())
        finally:
            ledger.close()
        return sum(entry.reason == "waiting" for entry in entries) if entries and polled else -1


def test_jobs_go_on_when_the_clock_is_set_back() -> None:
    async def case() -> int:
        ran = asyncio.Event()
        runs = 0

        async def work() -> None:
            nonlocal runs
            runs += 1
            ran.set()

        scheduler = AsyncIOScheduler()
        job = scheduler.add_job(work, "interval", seconds=3600)
        scheduler.start()
        async with asyncio.timeout(30), keeping_time(scheduler, look=timedelta(milliseconds=10)):
            # As the clock would have it that was a day ahead when it was last looked at.
            job.modify(next_run_time=datetime.now(UTC) + timedelta(days=1))
            await ran.wait()
        assert job.next_run_time <= datetime.now(UTC) + timedelta(hours=1)
        scheduler.shutdown(wait=False)
        return runs

    assert asyncio.run(case()) == 1


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with Newsroom(now=system_clock()) as newsroom:
        opened = House(newsroom, tmp_path)
        yield opened
        for process in opened.daemons:
            slay(process)
            process.communicate()


def test_what_the_disk_refuses_a_daemon_is_one_line_and_done_once_it_can_be(house: House) -> None:
    in_the_way = house.data / "articles"
    house.data.mkdir()
    in_the_way.touch()
    daemon = house.daemon()
    eventually(lambda: "the disk refuses" in house.said(), "a flush is refused")
    in_the_way.unlink()
    eventually(lambda: any(in_the_way.glob("dt=*/*.parquet")), "it is done")
    eventually(lambda: house.waiting() == 0, "every feed polled and every entry tried")
    house.stop(daemon)
    assert str(in_the_way) in house.said()
    assert "Traceback" not in house.said()
    assert flaws(house.data) == []
    assert differences(house.newsroom.truths(1), read_back(house.data)) == []


def test_a_daemon_polls_what_is_due_drains_at_sigterm_and_keeps_its_times_over_a_restart(
    house: House,
) -> None:
    first = house.daemon()
    eventually(lambda: house.waiting() == 0, "every feed polled and every entry tried")
    due = house.due()
    now = system_clock()
    assert all(moment and moment > now + timedelta(minutes=3) for moment in due.values())
    took = house.stop(first)
    assert took < 30
    assert "stopping" in house.said()
    eventually(lambda: group_is_gone(first.pid), "its workers end with it")
    assert not (house.data / "state" / "daemon.pid").exists()
    ledger = SqliteLedger(house.data / "state" / "ledger.db")
    assert ledger.journal_state().rows == 0
    ledger.close()
    assert flaws(house.data) == []
    assert differences(house.newsroom.truths(1), read_back(house.data)) == []

    house.newsroom.clear_requests()
    second = house.daemon()
    eventually(lambda: "the daemon is up" in house.said(), "its first tick is done")
    time.sleep(2.5)  # for two ticks more, in which nothing may happen
    assert house.newsroom.requests == ()
    assert house.due() == due
    house.stop(second)


def test_one_daemon_a_data_folder_with_everything_else_beside_it(house: House) -> None:
    first = house.daemon()

    code, out, err = house.run("daemon")
    assert (code, out) == (1, "")
    assert str(first.pid) in err
    assert first.poll() is None

    eventually(lambda: house.waiting() == 0, "every feed polled and every entry tried")
    code, out, err = house.run("--json", "query", "SELECT count(*) AS n FROM articles")
    assert code == 0, err
    articles = len(house.newsroom.truths(1).articles)
    assert json.loads(out) == [{"n": articles}]

    house.newsroom.publish(2)
    code, out, err = house.run("--json", "crawl")
    assert code == 0, err
    counts = json.loads(out)["entries"]
    assert counts["revised"] > 0
    assert first.poll() is None
    eventually(lambda: house.waiting() == 0, "what the crawl found is settled")
    house.stop(first)
    assert flaws(house.data) == []
    assert differences(house.newsroom.truths(2), read_back(house.data)) == []


def test_a_killed_daemon_leaves_no_lock_and_the_next_one_goes_on(house: House) -> None:
    first = house.daemon()
    eventually(lambda: len(house.newsroom.requests) > 20, "pages are being fetched")
    first.kill()
    first.wait()
    eventually(lambda: group_is_gone(first.pid), "its workers end with it")

    second = house.daemon()
    eventually(lambda: house.waiting() == 0, "every feed polled and every entry tried")
    house.stop(second)
    assert flaws(house.data) == []
    assert differences(house.newsroom.truths(1), read_back(house.data), polls=False) == []


def test_a_crawl_and_a_daemon_started_together_share_the_work(house: House) -> None:
    daemon = house.daemon()
    code, _, err = house.run("-q", "crawl")
    assert code == 0, err
    eventually(lambda: house.waiting() == 0, "every feed polled and every entry tried")
    house.stop(daemon)
    assert flaws(house.data) == []
    assert differences(house.newsroom.truths(1), read_back(house.data), polls=False) == []
