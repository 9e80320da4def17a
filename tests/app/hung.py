"""Run as a process: sends its workers to hang, says so, and waits to be killed.

Arguments: the name of a task, the workers' timeout in seconds.
"""

import asyncio
import sys
from datetime import timedelta

from ingest.config import WorkerSettings
from ingest.workers.pool import Workers
from tests.app import tasks


async def hang(name: str, seconds: float) -> None:
    settings = WorkerSettings(count=2, timeout=timedelta(seconds=seconds))
    with Workers(settings) as workers:
        await workers.run(tasks.double, 1)
        print("ready", flush=True)  # noqa: T201 - its parent waits for this
        if name == "sleep":
            await asyncio.gather(*(workers.run(tasks.sleep, 3600.0) for _ in range(2)))
        elif name == "backtrack":
            await asyncio.gather(*(workers.run(tasks.backtrack) for _ in range(2)))
        else:
            await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(hang(sys.argv[1], float(sys.argv[2])))
