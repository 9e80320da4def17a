import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.clock import system_clock
from ingest.config import WorkerSettings
from ingest.demo.newsroom import Newsroom
from ingest.demo.play import read_back
from ingest.types import Fault
from ingest.workers.pool import GRACE_SECONDS, PIPE_BYTES, Workers
from storage.ledger.sqlite import SqliteLedger
from storage.model import Outcome, Reason
from tests.app import tasks
from tests.app.support import (
    PATIENCE,
    differences,
    eventually,
    finish,
    flaws,
    group_is_gone,
    slay,
    start,
    write_config,
)

SETTINGS = WorkerSettings(count=1, timeout=timedelta(seconds=20), memory_mb=512)
HASTY = WorkerSettings(count=1, timeout=timedelta(seconds=1), memory_mb=512)


def test_a_task_runs_in_another_process_and_its_value_comes_back() -> None:
    async def scenario() -> None:
        with Workers(SETTINGS) as workers:
            assert await workers.run(tasks.double, 21) == 42
            assert await workers.run(tasks.process_id) != os.getpid()

    asyncio.run(scenario())


@pytest.mark.parametrize("holds_the_interpreter", [False, True])
def test_a_task_that_hangs_is_killed_at_its_time_and_the_next_one_works(
    holds_the_interpreter: bool,
) -> None:
    async def scenario() -> None:
        with Workers(HASTY) as workers:
            assert await workers.run(tasks.double, 1) == 2
            began = time.monotonic()
            found: object
            if holds_the_interpreter:
                found = await workers.run(tasks.backtrack)
            else:
                found = await workers.run(tasks.sleep, 3600.0)
            assert isinstance(found, Fault)
            assert found.reason is Reason.WORKER_TIMEOUT
            assert 1 <= time.monotonic() - began < 15
            assert await workers.run(tasks.double, 2) == 4

    asyncio.run(scenario())


def test_a_task_that_eats_memory_is_a_fault_and_the_next_one_works() -> None:
    async def scenario() -> None:
        with Workers(SETTINGS) as workers:
            found = await workers.run(tasks.devour)
            assert isinstance(found, Fault)
            assert found.reason is Reason.WORKER_CRASHED
            assert "512 MB" in found.detail
            assert await workers.run(tasks.double, 2) == 4

    asyncio.run(scenario())


def test_a_worker_that_is_left_with_little_memory_is_replaced_before_the_next_task() -> None:
    async def scenario() -> None:
        with Workers(WorkerSettings(count=1, memory_mb=768)) as workers:
            first = await workers.run(tasks.bloat, 350)
            assert isinstance(first, int)
            second = await workers.run(tasks.bloat, 200)
            assert isinstance(second, int)
            assert first != second

    asyncio.run(scenario())


def test_a_worker_that_ran_out_of_memory_serves_nobody_else() -> None:
    async def scenario() -> None:
        with Workers(SETTINGS) as workers:
            before = await workers.run(tasks.process_id)
            found = await workers.run(tasks.devour)
            assert isinstance(found, Fault)
            assert await workers.run(tasks.process_id) != before

    asyncio.run(scenario())


def test_a_task_that_ends_its_process_is_a_fault_and_the_next_one_works() -> None:
    async def scenario() -> None:
        with Workers(SETTINGS) as workers:
            for found in (await workers.run(tasks.die, 3), await workers.run(tasks.crash)):
                assert isinstance(found, Fault)
                assert found.reason is Reason.WORKER_CRASHED
                assert await workers.run(tasks.double, 2) == 4

    asyncio.run(scenario())


def test_hostile_tasks_cost_their_neighbours_nothing() -> None:
    async def scenario() -> None:
        settings = WorkerSettings(count=2, timeout=timedelta(seconds=2), memory_mb=512)
        with Workers(settings) as workers:
            answers = await asyncio.gather(
                *(workers.run(tasks.double, n) for n in range(10)),
                workers.run(tasks.die, 1),
                workers.run(tasks.sleep, 3600.0),
                workers.run(tasks.devour),
                *(workers.run(tasks.double, n) for n in range(10, 20)),
            )
        faults = [answer.reason for answer in answers if isinstance(answer, Fault)]
        assert faults == [Reason.WORKER_CRASHED, Reason.WORKER_TIMEOUT, Reason.WORKER_CRASHED]
        values = [answer for answer in answers if isinstance(answer, int)]
        assert values == [2 * n for n in range(20)]

    asyncio.run(scenario())


@pytest.mark.skipif(sys.platform != "linux", reason="pipes of a chosen size are Linux's")
def test_the_next_page_has_room_on_its_way_while_a_worker_is_busy() -> None:
    async def scenario() -> None:
        with Workers(SETTINGS) as workers:
            sizes = await workers.run(tasks.pipes)
            assert isinstance(sizes, list)
            assert sizes.count(PIPE_BYTES) >= 2, "one way to the worker, one back"

    asyncio.run(scenario())


def test_a_bug_in_a_task_is_raised() -> None:
    async def scenario() -> None:
        with Workers(SETTINGS) as workers:
            with pytest.raises(ValueError, match="a bug of ours"):
                await workers.run(tasks.blunder)
            assert await workers.run(tasks.double, 2) == 4

    asyncio.run(scenario())


def test_an_idle_worker_killed_from_outside_is_replaced() -> None:
    async def scenario() -> None:
        with Workers(SETTINGS) as workers:
            for _ in range(2):
                worker = await workers.run(tasks.process_id)
                assert isinstance(worker, int)
                os.kill(worker, signal.SIGKILL)
                async with asyncio.timeout(PATIENCE):
                    assert await workers.run(tasks.double, 2) == 4

    asyncio.run(scenario())


def test_a_task_that_is_cancelled_gives_its_worker_back() -> None:
    async def scenario() -> None:
        with Workers(SETTINGS) as workers:
            assert await workers.run(tasks.double, 1) == 2
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(workers.run(tasks.sleep, 3600.0), timeout=0.5)
            async with asyncio.timeout(PATIENCE):
                assert await workers.run(tasks.double, 2) == 4

    asyncio.run(scenario())


def test_the_event_loop_goes_on_while_the_workers_start() -> None:
    async def scenario() -> None:
        turns = 0
        with Workers(SETTINGS) as workers:
            first = asyncio.create_task(workers.run(tasks.double, 1))
            longest = 0.0
            while not first.done():
                began = time.monotonic()
                await asyncio.sleep(0.01)
                longest = max(longest, time.monotonic() - began)
                turns += 1
        assert turns > 3
        assert longest < 1

    asyncio.run(scenario())


def test_workers_that_never_had_a_task_are_never_started() -> None:
    with Workers(SETTINGS):
        pass


@pytest.mark.parametrize("task", ["none", "sleep", "backtrack"])
def test_workers_end_by_themselves_when_their_parent_is_killed(task: str) -> None:
    timeout = 2.0
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.app.hung", task, str(timeout)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)  # for the tasks to be handed out: before that there is nothing to see
        process.kill()
        process.wait(timeout=PATIENCE)
        eventually(
            lambda: group_is_gone(process.pid),
            "workers and fork server end with their parent",
            timeout=timeout + GRACE_SECONDS + 10,
        )
    finally:
        slay(process)
        finish(process)


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(now=system_clock()) as opened:
        yield opened


def test_ctrl_c_flushes_what_is_committed_and_a_second_run_completes(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    config = write_config(newsroom, tmp_path, deadline="20s")
    data = tmp_path / "data"
    process = start(config, "-q", "crawl")
    try:
        # The slow page keeps it busy long after all else is done.
        eventually(lambda: settled(data) >= 20, "most entries have their outcome")
        # As a terminal does: to the whole group, workers and fork server too.
        os.killpg(process.pid, signal.SIGINT)
        code, _, err = finish(process)
    finally:
        slay(process)
    assert code == 130
    assert err.strip() == "newsfold: interrupted"
    eventually(lambda: group_is_gone(process.pid), "its workers end with it")
    ledger = SqliteLedger(data / "state" / "ledger.db")
    assert ledger.journal_state().rows == 0
    assert ledger.open_batches() == []
    ledger.close()
    assert flaws(data) == []
    assert len(list((data / "articles").glob("**/*.parquet"))) == 1

    config = write_config(newsroom, tmp_path)
    code, _, err = finish(start(config, "-q", "crawl"))
    assert (code, err) == (0, "")
    assert flaws(data) == []
    assert differences(newsroom.truths(1), read_back(data), polls=False) == []


def settled(data: Path) -> int:
    if not (data / "state" / "ledger.db").is_file():
        return 0
    ledger = SqliteLedger(data / "state" / "ledger.db")
    try:
        counts = ledger.count_outcomes()
    finally:
        ledger.close()
    return sum(counts.values()) - counts[Outcome.PENDING]
