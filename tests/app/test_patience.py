"""A full disk pauses what is written until there is room."""

import asyncio
import errno
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ingest.committing.patience import FIRST_TRY, LONGEST_WAIT, Patience, is_paused

FULL = OSError(errno.ENOSPC, "No space left on device", "a part")


class Disk:
    """Refuses until there is ``room``; counts how often it was asked."""

    def __init__(self, error: Exception = FULL) -> None:
        self.room = False
        self.asked = 0
        self._error = error

    async def write(self) -> str:
        self.asked += 1
        if not self.room:
            raise self._error
        return "written"


class Sleeper:
    """Lets time pass at once; after ``naps`` of them it does what it was given to do."""

    def __init__(self, then: Callable[[], None], *, naps: int) -> None:
        self.seconds: list[float] = []
        self._then = then
        self._naps = naps

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if len(self.seconds) == self._naps:
            self._then()


def patience_of(tmp_path: Path, sleep: Callable[[float], Awaitable[None]]) -> Patience:
    (tmp_path / "state").mkdir()
    return Patience(tmp_path, sleep=sleep)


def test_all_that_was_refused_is_tried_again_together_and_less_and_less_often(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Disk()

    def make_room() -> None:
        assert patience.is_on
        assert is_paused(tmp_path)
        disk.room = True

    sleeper = Sleeper(make_room, naps=8)
    patience = patience_of(tmp_path, sleeper)

    async def case() -> list[str]:
        return await asyncio.gather(*(patience.through(disk.write) for _ in range(5)))

    with caplog.at_level(logging.INFO):
        assert asyncio.run(case()) == ["written"] * 5
    assert sleeper.seconds == [FIRST_TRY, 4, 8, 16, 32, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT]
    assert disk.asked <= 5 * 9
    assert not patience.is_on
    assert not is_paused(tmp_path)
    begun, ended = (record.getMessage() for record in caplog.records)
    assert "No space left on device" in begun
    assert "bytes are free" in begun
    assert "make room" in begun
    assert "polling goes on" in ended


def test_who_waits_when_patience_is_given_up_has_the_error(tmp_path: Path) -> None:
    disk = Disk()
    asked_to_stop = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        asked_to_stop.set()
        await asyncio.Event().wait()

    patience = patience_of(tmp_path, sleep)

    async def stop() -> None:
        await asked_to_stop.wait()
        patience.give_up()

    async def case() -> list[object]:
        waiting = [patience.through(disk.write) for _ in range(3)]
        *found, _ = await asyncio.gather(*waiting, stop(), return_exceptions=True)
        return [*found, *await asyncio.gather(patience.through(disk.write), return_exceptions=True)]

    assert asyncio.run(case()) == [FULL] * 4
    assert not is_paused(tmp_path)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EROFS, "Read-only file system"),
        OSError(errno.EIO, "Input/output error"),
        sqlite3.OperationalError("disk I/O error"),
        ValueError("a mistake of ours"),
    ],
)
def test_what_no_room_would_mend_is_raised_at_once(tmp_path: Path, error: Exception) -> None:
    patience = patience_of(tmp_path, asyncio.sleep)
    with pytest.raises(type(error)):
        asyncio.run(patience.through(Disk(error).write))


def test_a_database_that_may_not_grow_counts_as_a_full_disk(tmp_path: Path) -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE words (word)")
    db.execute("PRAGMA max_page_count = 2")

    def make_room() -> None:
        db.execute("PRAGMA max_page_count = 9")

    async def write() -> None:
        db.execute("INSERT INTO words VALUES (zeroblob(9000))")

    asyncio.run(patience_of(tmp_path, Sleeper(make_room, naps=3)).through(write))
    assert db.execute("SELECT count(*) FROM words").fetchone() == (1,)
    db.close()
