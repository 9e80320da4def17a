"""Changes to files that are still there after a power cut.

A written file is durable once it is synced; its name is durable once the folder that holds the
name is synced too (POSIX ``fsync``, and the notes of Linux's fsync(2) on folders).
"""

import os
import shutil
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folders(folder: Path, *, root: Path) -> None:
    """Make the names in ``folder``, and its own name in each folder up to ``root``, durable.

    All of them are synced every time: a folder that exists may have been made by a process that
    was killed before it could sync the folder above.
    """
    sync_folder(folder)
    while folder != root:
        folder = folder.parent
        sync_folder(folder)


def sweep(folder: Path) -> int:
    """Remove all that lies in a folder, which need not exist. Returns how many names went."""
    if not folder.is_dir():
        return 0
    found = list(folder.iterdir())
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return len(found)
