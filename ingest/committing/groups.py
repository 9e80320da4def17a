"""Work handed in piece by piece and done in groups, so that a group shares what each would cost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# A group is what came together while the last one was worked on, and never more than this.
GROUP = 64


class Groups(Generic[T, R]):
    """Hands items to ``work`` in groups of at most 64, in the order they came, one at a time.

    ``work`` returns a result for each item of a group: its value, or the exception that whoever
    handed it in is to get. What ``work`` itself raises, all of the group get.
    """

    def __init__(self, work: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]]) -> None:
        self._work = work
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def put(self, item: T) -> R:
        """Hand in an item; returns once its group is done. Who gives up waiting stops no work."""
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run())
        return await done

    async def drain(self) -> None:
        """Wait until all that was handed in is done."""
        if self._worker is not None:
            await self._worker

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            results: Sequence[R | Exception]
            try:
                results = await self._work([item for item, _ in group])
            except Exception as error:  # noqa: BLE001 - each waiter raises it in its own task
                results = [error] * len(group)
            for (_, done), result in zip(group, results, strict=True):
                if done.done():
                    continue
                if isinstance(result, Exception):
                    done.set_exception(result)
                else:
                    done.set_result(result)
