"""Archived pages copied into one file, record by record as they stand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from storage.archive.reader import Damage, Kept, archive_files, captures
from storage.archive.records import info

_STEP: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied, and the files of which not all could be."""

    pages: int
    damages: Sequence[Damage]


def copy_captures(
    root: Path, target: IO[bytes], *, name: str, software: str, wanted: Callable[[Kept], bool]
) -> Copied:
    """Write the wanted captures of a data folder's archive, oldest file first.

    Args:
        root: The data folder.
        target: Where to.
        name: The file's name, for its first record.
        software: Who writes it.
        wanted: Tells of a capture, which has no body here, whether it is.

    Raises:
        OSError: the disk is full or refuses.
    """
    target.write(info(name, software))
    pages = 0
    damages = []
    for file in archive_files(root):
        with file.open("rb") as source:
            for kept in captures(file, bodies=False):
                if isinstance(kept, Damage):
                    damages.append(kept)
                elif wanted(kept):
                    source.seek(kept.offset)
                    _copy(source, target, kept.length)
                    pages += 1
    return Copied(pages=pages, damages=damages)


def _copy(source: IO[bytes], target: IO[bytes], length: int) -> None:
    while length > 0 and (data := source.read(min(length, _STEP))):
        target.write(data)
        length -= len(data)
