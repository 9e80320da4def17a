"""The archive that a run writes: pages as they were fetched, in files that no other run touches.

::

    archive/dt=2026-11-23/newsfold-20261123120000-<run>-00000.warc.gz        whole
    archive/dt=2026-11-23/newsfold-20261123120000-<run>-00001.warc.gz.open   being written

A page is with the operating system once ``put`` returns, so that it outlasts this process, and on
the disk once ``sync`` does. The file being written is locked; one that is not was left by a process
that was killed, and is cut to its last whole record by the next run.
"""

import fcntl
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path
from typing import BinaryIO, Final

from storage.archive.members import whole_length
from storage.archive.records import Capture, info, packed
from storage.fs import Files, OnStep, no_hook

FOLDER: Final = "archive"
OPEN: Final = ".open"
MAX_BYTES: Final = 256 * 1024 * 1024
"""A file that has so many bytes is followed by another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A file that a killed process left. ``cut`` bytes at its end were half a record."""

    file: Path
    cut: int


@dataclass(slots=True, kw_only=True)
class _Current:
    """The file being written, and how much of it is whole."""

    path: Path
    stream: BinaryIO
    day: date
    length: int = 0


class Archive:
    """The archive of one data folder, for one run to add to. Threads may share it.

    ``run_id`` names its files; ``software`` is who wrote them. ``on_step`` is told of each
    operation on a file; see ``storage.fs``.
    """

    def __init__(
        self,
        root: Path,
        *,
        run_id: str,
        software: str,
        max_bytes: int = MAX_BYTES,
        on_step: OnStep = no_hook,
    ) -> None:
        self._root = root
        self._folder = root / FOLDER
        self._run_id = run_id
        self._software = software
        self._max_bytes = max_bytes
        self._files = Files(on_step)
        self._lock = threading.Lock()
        self._current: _Current | None = None
        self._serial = 0

    def put(self, capture: Capture) -> None:
        """Add a page.

        Raises:
            OSError: the disk is full or refuses; nothing of the page is kept.
        """
        data = packed(capture)
        day = capture.at.astimezone(UTC).date()
        with self._lock:
            current = self._current
            if current is not None and (current.day != day or current.length >= self._max_bytes):
                self._seal(current)
                current = None
            if current is None:
                current = self._begin(capture, day)
            self._append(current, data)

    def sync(self) -> None:
        """Make durable what was added."""
        with self._lock:
            if self._current is not None:
                self._files.sync(self._current.path)
                self._files.sync_folders(self._current.path.parent, root=self._root)

    def close(self) -> None:
        """Give the file being written its name, durably."""
        with self._lock:
            if self._current is not None:
                self._seal(self._current)

    def seal_left(self) -> list[Sealed]:
        """Cut what killed processes left to whole records, and give it its name.

        Raises:
            OSError: the disk refuses.
        """
        found = [self._seal_left(file) for file in sorted(self._folder.glob(f"dt=*/*{OPEN}"))]
        return [each for each in found if each is not None]

    def _begin(self, capture: Capture, day: date) -> _Current:
        folder = self._folder / f"dt={day.isoformat()}"
        self._files.make_folders(folder)
        begun = capture.at.astimezone(UTC).strftime("%Y%m%d%H%M%S")
        while True:
            name = f"newsfold-{begun}-{self._run_id}-{self._serial:05}.warc.gz"
            self._serial += 1
            path = folder / (name + OPEN)
            stream = self._files.create(path)
            fcntl.flock(stream, fcntl.LOCK_EX)
            # A run that begins this moment may have found the empty file before it was locked.
            if os.fstat(stream.fileno()).st_nlink:
                break
            stream.close()
        self._current = _Current(path=path, stream=stream, day=day)
        self._append(self._current, info(name, self._software))
        return self._current

    def _append(self, current: _Current, data: bytes) -> None:
        """Write whole records, or nothing."""
        try:
            self._files.on_step("write")
            current.stream.write(data)
            current.stream.flush()
        except OSError:
            # What was written of it would keep what follows from being read. What cannot be taken
            # back ends the file, and the next run cuts it.
            with suppress(OSError):
                current.stream.close()
            self._current = None
            with suppress(OSError):
                self._seal_left(current.path)
            raise
        current.length += len(data)

    def _seal(self, current: _Current) -> None:
        self._current = None
        with current.stream:
            current.stream.flush()
            self._name(current.path)

    def _seal_left(self, file: Path) -> Sealed | None:
        with file.open("r+b") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return None
            if not file.exists():
                return None
            length = whole_length(file)
            cut = os.fstat(stream.fileno()).st_size - length
            if not length:
                self._files.remove(file)
                return Sealed(file=file, cut=cut)
            stream.truncate(length)
            return Sealed(file=self._name(file), cut=cut)

    def _name(self, file: Path) -> Path:
        """Give a whole file the name that says so."""
        target = file.with_name(file.name.removesuffix(OPEN))
        self._files.sync(file)
        self._files.rename(file, target)
        self._files.sync_folders(target.parent, root=self._root)
        return target
