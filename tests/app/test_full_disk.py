"""The real daemon and the real crawl on a disk that fills up."""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.clock import system_clock
from ingest.demo.newsroom import Newsroom
from ingest.demo.play import read_back
from tests.app.support import differences, eventually, finish, flaws, slay, start, write_config
from tests.faults.disk import SmallDisk, small_disk

DISK = 24 << 20
TIGHT = 700_000
QUICK = "daemon: {tick: 1s}\nflush: {every: 1s}\n"


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(now=system_clock()) as opened:
        yield opened


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", size=DISK) as mounted:
        yield mounted


def configure(newsroom: Newsroom, disk: SmallDisk, tmp_path: Path) -> Path:
    config = write_config(newsroom, tmp_path, more=QUICK)
    text = config.read_text("utf-8").replace(str(tmp_path / "data"), str(disk.place / "data"))
    config.write_text(text, "utf-8")
    return config


def status(config: Path, disk: SmallDisk) -> dict[str, Any]:
    code, out, err = finish(start(config, "--json", "status", within=disk.within))
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def is_paused(config: Path, disk: SmallDisk) -> bool:
    return bool(status(config, disk)["daemon"]["paused"])


def wait_for_pause(config: Path, disk: SmallDisk) -> None:
    ledger = disk.seen / "data" / "state" / "ledger.db"
    eventually(lambda: ledger.exists() and is_paused(config, disk), "it waits for room", pause=0.5)


def assert_all_is_there(newsroom: Newsroom, config: Path, disk: SmallDisk) -> None:
    """Let a crawl end what is left, and compare the store with what the newsroom serves."""
    disk.ballast.unlink(missing_ok=True)
    code, _, err = finish(start(config, "-q", "crawl", within=disk.within))
    assert code == 0, err
    data = config.parent / "copy"  # SQLite resolves the way into the other namespace
    shutil.copytree(disk.seen / "data", data)
    assert flaws(data) == []
    assert differences(newsroom.truths(1), read_back(data), polls=False) == []


def test_a_daemon_waits_for_room_and_goes_on_by_itself(
    newsroom: Newsroom, disk: SmallDisk, tmp_path: Path
) -> None:
    config = configure(newsroom, disk, tmp_path)
    disk.leave(TIGHT)
    log = tmp_path / "daemon.log"
    with log.open("w") as stderr:
        daemon = start(config, "daemon", stderr=stderr, within=disk.within)
    try:
        wait_for_pause(config, disk)
        assert status(config, disk)["free_bytes"] < TIGHT
        disk.ballast.unlink()
        eventually(lambda: not is_paused(config, disk), "it goes on by itself", pause=0.5)
        stored = disk.seen / "data" / "articles"
        eventually(lambda: any(stored.glob("**/*.parquet")), "it stores articles")
        daemon.send_signal(signal.SIGTERM)
        code, _, _ = finish(daemon)
    finally:
        slay(daemon)
    said = log.read_text()
    assert code == 0, said
    assert "Traceback" not in said
    assert "the disk is full" in said
    assert "there is room again" in said
    assert_all_is_there(newsroom, config, disk)


def test_a_daemon_told_to_stop_while_it_waits_says_why_and_the_next_one_goes_on(
    newsroom: Newsroom, disk: SmallDisk, tmp_path: Path
) -> None:
    config = configure(newsroom, disk, tmp_path)
    disk.leave(TIGHT)
    daemon = start(config, "daemon", within=disk.within)
    try:
        wait_for_pause(config, disk)
        daemon.send_signal(signal.SIGTERM)
        code, _, err = finish(daemon)
    finally:
        slay(daemon)
    assert code == 1, err
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("newsfold: the disk is full")
    assert_all_is_there(newsroom, config, disk)


def test_a_crawl_that_fills_the_disk_ends_with_the_reason_and_the_next_one_goes_on(
    newsroom: Newsroom, disk: SmallDisk, tmp_path: Path
) -> None:
    config = configure(newsroom, disk, tmp_path)
    disk.leave(TIGHT)
    code, _, err = finish(start(config, "-q", "crawl", within=disk.within))
    assert code == 1, err
    assert "Traceback" not in err
    assert "newsfold: the disk is full" in err
    assert "what was committed is safe" in err
    assert_all_is_there(newsroom, config, disk)
