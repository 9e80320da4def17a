"""Pages removed from the archive: each file that has any is written anew without them."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Final

from filelock import FileLock

from storage.archive.reader import Damage, Kept, archive_files, captures
from storage.archive.writer import FOLDER, OPEN
from storage.fs import Files, OnStep, no_hook

_LOCK: Final = "archive.lock"
_TMP: Final = "tmp"
_STEP: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Captures:
    """Which captures are meant: of all days, or of those alone that ``days`` says.

    ``wanted`` is given a capture without its body.
    """

    wanted: Callable[[Kept], bool]
    days: Callable[[date], bool] | None = None

    def of_day(self, day: date) -> bool:
        """Whether any may be of a day (UTC)."""
        return self.days is None or self.days(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A file with captures that are to go: so many of those it has.

    ``is_left`` says that it could not be written anew, since a run is writing to it.
    """

    file: Path
    pages: int
    gone: int
    is_left: bool

    @property
    def day(self) -> str:
        """The UTC day of its captures, ``YYYY-MM-DD``."""
        return self.file.parent.name.removeprefix("dt=")


def touched_files(root: Path, gone: Captures) -> Iterator[Touched]:
    """Yield the files of a data folder's archive that have captures which are to go."""
    return (touched for touched, _, _ in _touched(root, gone))


def remove_captures(root: Path, gone: Captures, *, on_step: OnStep = no_hook) -> Iterator[Touched]:
    """Remove captures from all files of a data folder's archive.

    Yields each file that had any, once it has none, or is left.

    Args:
        root: The data folder.
        gone: Which. Of days that are named nothing may be in the making: a folder that is empty
            then goes.
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
        for touched, going, end in _touched(root, gone):
            if touched.gone == touched.pages and not touched.is_left:
                _remove(touched.file, files, root, with_folder=gone.days is not None)
            elif not touched.is_left:
                _rewrite(touched.file, going, end, files, root)
            yield touched


def _touched(root: Path, gone: Captures) -> Iterator[tuple[Touched, list[Kept], int]]:
    """Yield files with what is to go of each, and where it ends for a reader."""
    for file in archive_files(root):
        if not gone.of_day(date.fromisoformat(file.parent.name.removeprefix("dt="))):
            continue
        found = list(captures(file, bodies=False))
        going = [each for each in found if isinstance(each, Kept) and gone.wanted(each)]
        if not going:
            continue
        # What lies behind damage cannot be read, by anyone, so it cannot be told what it is.
        ends = [each.offset for each in found if isinstance(each, Damage)]
        touched = Touched(
            file=file,
            pages=len(found) - len(ends),
            gone=len(going),
            is_left=file.name.endswith(OPEN),
        )
        yield touched, going, min(ends, default=file.stat().st_size)


def _remove(file: Path, files: Files, root: Path, *, with_folder: bool) -> None:
    files.remove(file)
    if with_folder:
        with suppress(OSError):  # another file is in it
            file.parent.rmdir()
    folder = file.parent if file.parent.is_dir() else file.parent.parent
    files.sync_folders(folder, root=root)


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
