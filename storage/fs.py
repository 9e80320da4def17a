"""The one door to the disk: changes to files that are still there after a power cut.

A written file is durable once it is synced; its name is durable once the folder that holds the
name is synced too (POSIX ``fsync``, and the notes of Linux's fsync(2) on folders).
"""

import os
import shutil
from collections.abc import Callable
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
            os.fsync(source.fileno())

    def rename(self, source: Path, target: Path) -> None:
        """Give a file or folder another name, over what had it; durable with both folders."""
        self.on_step("rename")
        source.replace(target)

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

    def sweep(self, folder: Path) -> None:
        """Remove all that lies in a folder, which need not exist."""
        if folder.is_dir():
            for path in folder.iterdir():
                self.remove(path)


DISK = Files()
"""The disk as it is, with nobody told."""


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
