"""Files and folders that appear whole or not at all, and take no other's place unasked."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import StoreError
from storage.fs import DISK, sync_folder


class TakenError(StoreError):
    """There is something under the name already."""

    exit_code = 2


def check_free(target: Path, *, force: bool) -> None:
    """Refuse a name that is taken.

    Raises:
        TakenError: there is something, and it is not to be replaced; or its folder is missing.
    """
    if not target.absolute().parent.is_dir():
        raise TakenError(f"{target}: there is no folder {target.absolute().parent}")
    if (target.exists() or target.is_symlink()) and not force:
        raise TakenError(f"{target} exists: --force replaces it, or name another")


@contextmanager
def whole_file(target: Path, *, force: bool) -> Iterator[Path]:
    """Yield a temporary file beside ``target`` that takes its name once it is written.

    Raises:
        TakenError: the name is taken; by a folder also with ``force``.
        OSError: the disk is full or refuses.
    """
    check_free(target, force=force)
    if target.is_dir():
        raise TakenError(f"{target} is a folder: name a file")
    handle, name = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        DISK.sync(temporary)
        check_free(target, force=force)
        DISK.rename(temporary, target)
        sync_folder(target.absolute().parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(target: Path, *, force: bool) -> Iterator[Path]:
    """Yield a temporary folder that takes the name ``target`` once it is filled.

    What stands in the way is replaced with ``force`` only if it was made here: a README.md and a
    folder ``data``, or nothing.

    Raises:
        TakenError: the name is taken.
        OSError: the disk is full or refuses.
    """
    check_free(target, force=force)
    if target.exists() and not _is_ours(target):
        raise TakenError(f"{target} is no dataset folder, and not replaced: name another")
    parent = target.absolute().parent
    temporary = Path(tempfile.mkdtemp(dir=parent, prefix=f".{target.name}."))
    try:
        temporary.chmod(0o777 & ~_umask())
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                DISK.sync(file)
        check_free(target, force=force)
        if target.exists():
            shutil.rmtree(target)
        DISK.rename(temporary, target)
        sync_folder(parent)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and {path.name for path in folder.iterdir()} <= {"README.md", "data"}


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
