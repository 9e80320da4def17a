"""Worker processes that can be killed: hostile input costs one worker, never the run.

Parsing a feed or a page is CPU work on bytes from strangers. It runs in its own process under a
wall clock and a memory limit; a worker that exceeds either is killed and replaced, and the
caller gets a ``Fault``. Workers end by themselves when the process they work for is gone.
"""

import asyncio
import fcntl
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext, ForkServerContext
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from ingest.config import WorkerSettings
from ingest.types import Fault
from storage.model import Reason

P = ParamSpec("P")
T = TypeVar("T")

# A worker is replaced after so many tasks, so that no library's leak can grow for days.
TASKS_BEFORE_REPLACEMENT = 1_000

# How often a task is begun anew where the pool around it broke down, as when an idle worker
# is killed from outside.
ATTEMPTS = 3

# A pool that broke down does not tell those whose tasks it had not handed out yet.
LOOK_SECONDS = 1.0

# A worker whose parent is gone, and so cannot time its task, ends it this much later.
GRACE_SECONDS = 3.0

# What a worker ends with that ran out of memory, and one that found too little left of it for
# another task.
OUT_OF_MEMORY = 70
WORN_OUT = 71

_MIB = 1024 * 1024

# Room for the next page on its way to a worker, which else crosses only while the worker reads it,
# 64 KiB at a time. As much as Linux grants to all; the limit is in /proc/sys/fs/pipe-max-size.
PIPE_BYTES = _MIB

_STATM = Path("/proc/self/statm")
_DATA_FIELD = 5  # data and stack, in pages: proc_pid_statm(5)

# Set once in each worker: the bytes of data after which it takes no further task.
_most_data: int | None = None


class Workers:
    """A pool of worker processes, started at the first task.

    Args:
        settings: how many, how long a task may take, how much memory it may use.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._pool: ProcessPool | None = None
        self._opening = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._opening:
            self._closed = True
            self._close(kindly=kind is None)

    async def run(
        self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T | Fault:
        """Run ``function`` in a worker and return its value, or a ``Fault`` if it was killed.

        An exception raised by ``function`` itself is a bug of ours and is raised here.
        """
        limit = self._settings.timeout.total_seconds()
        try:
            result: T = await self._attempt(function, args, kwargs, limit)
        except TimeoutError:
            return Fault(
                reason=Reason.WORKER_TIMEOUT, detail=f"not done after {limit:g} s of processing"
            )
        except ProcessExpired as expired:
            if expired.exitcode == OUT_OF_MEMORY:
                return Fault(
                    reason=Reason.WORKER_CRASHED,
                    detail=f"needed more than {self._settings.memory_mb} MB of memory",
                )
            return Fault(
                reason=Reason.WORKER_CRASHED,
                detail=f"the worker process ended with code {expired.exitcode}",
            )
        return result

    async def _attempt(
        self,
        function: Callable[..., T],
        args: Sequence[object],
        kwargs: Mapping[str, object],
        limit: float,
    ) -> T:
        # Each worker may be found worn out once.
        for _ in range(ATTEMPTS - 1 + self._settings.count):
            try:
                return await self._once(await self._ready(), function, args, kwargs, limit)
            except BrokenProcessPool:
                continue
        return await self._once(await self._ready(), function, args, kwargs, limit)

    async def _ready(self) -> ProcessPool:
        """Return the pool, a new one if there is none or it broke down."""
        pool = self._pool
        if pool is not None and pool.active:
            return pool
        # In a thread: while the fork server loads its libraries, requests must not run out of time.
        return await asyncio.to_thread(self._open)

    def _open(self) -> ProcessPool:
        with self._opening:
            if self._closed:
                raise RuntimeError("the workers were sent home")
            if self._pool is not None and not self._pool.active:
                self._close()
            if self._pool is None:
                pool = _start(self._settings)
                assert pool.active, "asking starts it"
                self._pool = pool
            return self._pool

    async def _once(
        self,
        pool: ProcessPool,
        function: Callable[..., T],
        args: Sequence[object],
        kwargs: Mapping[str, object],
        limit: float,
    ) -> T:
        task = pool.schedule(_under_alarm, args=(limit, function, args, kwargs), timeout=limit)
        future: asyncio.Future[T] = asyncio.wrap_future(task)
        try:
            while not future.done():
                await asyncio.wait([future], timeout=LOOK_SECONDS)
                if not future.done() and not pool.active:
                    raise BrokenProcessPool("the pool of workers broke down")
            return future.result()
        except ProcessExpired as expired:
            if expired.exitcode != WORN_OUT:
                raise
            raise BrokenProcessPool("the worker was worn out") from None
        finally:
            future.cancel()

    def _close(self, *, kindly: bool = False) -> None:
        """End the workers; ``kindly`` lets one that is just starting get to its end undisturbed."""
        if self._pool is not None:
            if kindly:
                self._pool.close()  # type: ignore[no-untyped-call]
            else:
                self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None


def _start(settings: WorkerSettings) -> ProcessPool:
    return ProcessPool(
        max_workers=settings.count,
        max_tasks=TASKS_BEFORE_REPLACEMENT,
        initializer=_prepare,
        initargs=(settings.memory_mb,),
        context=_context(),
    )


def _context() -> BaseContext:
    """Return a context whose workers start clean: never a fork of this threaded process.

    With the fork server the libraries are loaded once, so a replacement is quick.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = _RoomyContext()
    context.set_forkserver_preload(["ingest.workers.warm"])
    return context


class _RoomyContext(ForkServerContext):
    """The fork server's context with larger pipes, where the system has them: see pipe(7)."""

    def Pipe(  # noqa: N802 - the name it has in multiprocessing
        self, duplex: bool = True
    ) -> tuple[Connection, Connection]:
        ends = super().Pipe(duplex)
        if not duplex and hasattr(fcntl, "F_SETPIPE_SZ"):
            # Refused to a user who has many such pipes: then it is as large as any.
            with suppress(OSError):
                fcntl.fcntl(ends[1].fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        return ends


def _prepare(memory_mb: int) -> None:
    """Make this process a worker: deaf to Ctrl-C (its parent decides) and bounded in memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    limit = memory_mb * _MIB
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or hard > limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    data = _data()
    global _most_data  # noqa: PLW0603 - a worker process has no other place
    _most_data = None if data is None or data >= limit else (data + limit) // 2


def _data() -> int | None:
    """Return the bytes of memory that count against the limit, where the system tells."""
    try:
        return int(_STATM.read_text().split()[_DATA_FIELD]) * resource.getpagesize()
    except OSError:
        return None


def _under_alarm(
    limit: float,
    function: Callable[..., T],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> T:
    """Run a task with a timer of the system's that ends this process.

    The parent times the task as well, and first. The timer is for a parent that was killed: it
    needs nobody, not even the interpreter, which a regular expression may hold for hours.

    A process that ran out of memory ends, and so does one of which a task has left more than half
    of the room taken: what is freed is in pieces, and an innocent document would pay for it.
    """
    if _most_data is not None and (_data() or 0) > _most_data:
        os._exit(WORN_OUT)
    signal.setitimer(signal.ITIMER_REAL, limit + GRACE_SECONDS)
    try:
        return function(*args, **kwargs)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
