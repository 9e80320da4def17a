"""A bound on what is under way, for those who start more of it to wait on."""

import asyncio
from types import TracebackType
from typing import Self


class Room:
    """Counts what is under way; ``free`` waits until there is less of it than ``places``.

    Nobody holds a place while waiting for something else, so a slow host cannot fill the room for
    the others; in return those who pass together may overfill it.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._taken = 0
        self._freed = asyncio.Event()
        self._freed.set()

    def __enter__(self) -> Self:
        self.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()

    @property
    def is_free(self) -> bool:
        """Whether there is a place now."""
        return self._freed.is_set()

    async def free(self) -> None:
        """Wait until there is a place."""
        await self._freed.wait()

    def enter(self) -> None:
        """Take a place, also if there is none."""
        self._taken += 1
        if self._taken >= self._places:
            self._freed.clear()

    def leave(self) -> None:
        """Give a place back."""
        self._taken -= 1
        if self._taken < self._places:
            self._freed.set()
