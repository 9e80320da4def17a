"""The one door to the disk: changes to files that are still there after a power cut.

A written file is durable once it is synced; its name is durable once the folder that holds the
name is synced too (POSIX ``fsync``, and the notes of Linux's fsync(2) on folders).
"""

import ctypes
import errno
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

OnStep = Callable[[str], None]
"""Told the name of each operation on the disk, before it is done; what it raises prevents it.

So a test stops, kills or refuses the first, the second, the third … operation of anything durable.
"""


def no_hook(_step: str) -> None:
    """Let every step pass."""


@dataclass(frozen=True, slots=True)
class Files:
    """What is done to files, each operation told to ``on_step`` first.

    Raises:
        OSError: of each operation, when the disk is full or refuses.
    """

    on_step: OnStep = no_hook

    def make_folders(self, folder: Path) -> None:
        """Make a folder and those above it, unless they are there."""
        self.on_step("make folders")
        folder.mkdir(parents=True, exist_ok=True)

    def create(self, file: Path) -> BinaryIO:
        """Open a file to be written from its beginning; to be closed by the caller."""
        self.on_step("write")
        return file.open("wb")

    def sync(self, file: Path) -> None:
        """Make a file's content durable."""
        self.on_step("sync")
        with file.open("rb") as source:
            _sync(source.fileno(), file)

    def rename(self, source: Path, target: Path) -> None:
        """Give a file or folder another name, over what had it; durable with both folders."""
        self.on_step("rename")
        source.replace(target)

    def exchange(self, one: Path, other: Path) -> None:
        """Exchange two files' or folders' names in one step; durable with the folders of both.

        Raises:
            OSError: with one of ``NO_EXCHANGE`` where system or filesystem cannot do it.
        """
        self.on_step("exchange")
        exchange(one, other)

    def remove_folder(self, folder: Path) -> None:
        """Remove a folder if it is empty."""
        self.on_step("remove folder")
        with suppress(OSError):
            folder.rmdir()

    def remove(self, path: Path) -> None:
        """Remove a file, or a folder with all that lies in it. One that is gone is no fault."""
        self.on_step("remove")
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def sync_folders(self, folder: Path, *, root: Path) -> None:
        """Make the names in ``folder``, and its own name in each folder up to ``root``, durable.

        All of them are synced every time: a folder that exists may have been made by a process
        that was killed before it could sync the folder above.
        """
        self.on_step("sync folders")
        sync_folder(folder)
        while folder != root:
            folder = folder.parent
            sync_folder(folder)

    def sweep(self, folder: Path, *, but: Collection[Path] = ()) -> None:
        """Remove all that lies in a folder, which need not exist."""
        if folder.is_dir():
            for path in folder.iterdir():
                if path not in but:
                    self.remove(path)


DISK = Files()
"""The disk as it is, with nobody told."""


def is_full(error: BaseException) -> bool:
    """Whether an error says that the disk, or what one may have of it, is full."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    # The second: no room for the file that processes share the write-ahead log's index by.
    full = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) in full


def can_write(folder: Path) -> bool:
    """Whether this process may make files in a folder: its disk and its owner let it."""
    return os.access(folder, os.W_OK | os.X_OK)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _sync(handle, folder)
    finally:
        os.close(handle)


def _sync(handle: int, path: Path) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        error.filename = str(path)  # which fsync(2) does not know
        raise


NO_EXCHANGE = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # sys/stdio.h of macOS


def exchange(one: Path, other: Path) -> None:
    """Exchange two names in one step: renameat2(2) of Linux, renamex_np(2) of macOS.

    Raises:
        OSError: with one of ``NO_EXCHANGE`` where system or filesystem cannot do it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        failed = libc.renamex_np(*names, ctypes.c_uint(_RENAME_SWAP))
    elif hasattr(libc, "renameat2"):
        failed = libc.renameat2(
            _AT_FDCWD, names[0], _AT_FDCWD, names[1], ctypes.c_uint(_RENAME_EXCHANGE)
        )
    else:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(one))
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one), None, str(other))
