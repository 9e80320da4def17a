"""Hooks that refuse or end what a store does to its files; see ``storage.fs``."""

import errno
import os
import signal
import sqlite3
from collections.abc import Collection
from pathlib import Path

from storage.errors import StoreError
from storage.ledger.database import BEGIN, CHECKPOINT, COMMIT

_SQLITE = {BEGIN, COMMIT, CHECKPOINT}
_SQLITE_SAYS = {
    errno.ENOSPC: "database or disk is full",
    errno.EROFS: "attempt to write a readonly database",
    errno.EACCES: "unable to open database file",
    errno.EIO: "disk I/O error",
}
REFUSALS = (OSError, sqlite3.OperationalError, StoreError)
"""What a crawl may raise then: the last, with the reason in it, where a ledger is not opened."""


def refusal(step: str, code: int) -> Exception:
    """Return what an operation raises that the system refuses with an error number."""
    if step in _SQLITE:
        return sqlite3.OperationalError(_SQLITE_SAYS[code])
    return OSError(code, os.strerror(code), step)


class Refusing:
    """Refuses the ``number``-th operation, of all or of those ``among``; the later ones too if
    ``lasting``.
    """

    def __init__(
        self, number: int, code: int, *, lasting: bool, among: Collection[str] | None = None
    ) -> None:
        self._number = number
        self._code = code
        self._lasting = lasting
        self._among = among
        self.seen = 0

    @property
    def refused(self) -> bool:
        return self.seen >= self._number

    def __call__(self, step: str) -> None:
        if self._among is not None and step not in self._among:
            return
        self.seen += 1
        if self.seen == self._number or (self._lasting and self.refused):
            raise refusal(step, self._code)


class Quota:
    """Refuses every operation that writes once a folder's files have a number of bytes."""

    def __init__(self, root: Path, limit: int) -> None:
        self._root = root
        self._limit = limit
        self.refused = False

    def __call__(self, step: str) -> None:
        if step in {"remove", CHECKPOINT, BEGIN}:
            return
        used = sum(file.stat().st_size for file in self._root.rglob("*") if file.is_file())
        if used > self._limit:
            self.refused = True
            raise refusal(step, errno.ENOSPC)


class Deadly:
    """Kills its process with SIGKILL at the ``number``-th operation."""

    def __init__(self, number: int) -> None:
        self._left = number

    def __call__(self, _step: str) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
