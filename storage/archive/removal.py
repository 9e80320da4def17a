"""Pages removed from the archive: each file that has any is written anew without them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from filelock import FileLock

from storage.archive.reader import Damage, Kept, archive_files, captures
from storage.archive.writer import FOLDER, OPEN
from storage.fs import Files, OnStep, no_hook

_LOCK: Final = "archive.lock"
_TMP: Final = "tmp"
_STEP: Final = 1024 * 1024


def remove_captures(
    root: Path, gone: Callable[[Kept], bool], *, on_step: OnStep = no_hook
) -> Iterator[Path]:
    """Remove captures from all files of a data folder's archive.

    Yields the files that could not be written anew and still have some: a run is writing to it.

    Args:
        root: The data folder.
        gone: Tells of a capture, which has no body here, whether it is to go.
        on_step: Is told of each operation on a file; see ``storage.fs``.

    Raises:
        OSError: the disk is full or refuses; nothing else is lost, and some is done.
    """
    if not (root / FOLDER).is_dir():
        return
    files = Files(on_step)
    # One at a time: what lies in the making is then of a process that was killed.
    with FileLock(root / "state" / _LOCK):
        files.sweep(root / FOLDER / _TMP)
        yield from _remove(root, gone, files)


def _remove(root: Path, gone: Callable[[Kept], bool], files: Files) -> Iterator[Path]:
    for file in archive_files(root):
        found = list(captures(file, bodies=False))
        going = [each for each in found if isinstance(each, Kept) and gone(each)]
        if not going:
            continue
        if file.name.endswith(OPEN):
            yield file
            continue
        # What lies behind damage cannot be read, by anyone, so it cannot be told what it is.
        ends = [each.offset for each in found if isinstance(each, Damage)]
        _rewrite(file, going, min(ends, default=file.stat().st_size), files, root)


def _rewrite(file: Path, going: list[Kept], end: int, files: Files, root: Path) -> None:
    files.make_folders(root / FOLDER / _TMP)
    temporary = root / FOLDER / _TMP / file.name
    with file.open("rb") as source, files.create(temporary) as target:
        for each in going:
            _copy(source, target, each.offset)
            source.seek(each.length, os.SEEK_CUR)
        _copy(source, target, end)
    files.sync(temporary)
    files.rename(temporary, file)
    files.sync_folders(file.parent, root=root)


def _copy(source: IO[bytes], target: IO[bytes], until: int) -> None:
    while data := source.read(min(until - source.tell(), _STEP)):
        target.write(data)
