"""Segments: immutable files, each with the block of a range of the index's numbers.

A page with the header comes first: a line of JSON between a magic word and a digest. The arrays
follow, each from a page of its own: the keys of the run, its rows, its table of starts, and the
table of articles. A file is written under a temporary name, synced, and renamed, so a segment is
whole or not there; what the disk may do to it later, the header's digest, the file's size and the
arrays' checksums show. All numbers are little endian.
"""

import hashlib
import mmap
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from storage.fs import OnStep, sync_folder
from storage.ledger.fold.block import ROW, Block, Table
from storage.ledger.fold.runs import Keys, Rows, Run

FORMAT = 2
SUFFIX = ".fold"
TEMPORARY = ".tmp"

_PAGE = 4096
_MAGIC = b"newsfold fold\n"
_DIGEST_BYTES = 16
_KEY, _PLACE = np.dtype("<u8"), np.dtype("<u4")


class SegmentError(Exception):
    """A file cannot serve as a segment; the message says why."""


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a segment says of itself.

    It has the articles numbered ``low`` to ``high`` in the ledger ``ledger`` with a text signed
    under ``scheme``, but for those that had been replaced and, at the time it was written, were
    fetched before ``since`` (microseconds). ``checksums`` are CRC-32, one an array.
    """

    format: int
    ledger: str
    scheme: str
    low: int
    high: int
    since: int
    pairs: int
    prefixes: int
    articles: int
    checksums: tuple[int, ...] = ()

    def layout(self) -> tuple[tuple[np.dtype[Any], int, int], ...]:
        """Return for each array its type, its length, and where in the file it begins."""
        lengths: list[tuple[np.dtype[Any], int]] = [
            (_KEY, self.pairs),
            (_PLACE, self.pairs),
            (_PLACE, self.prefixes + 1),
            (ROW, self.articles),
        ]
        begin = _PAGE
        layout: list[tuple[np.dtype[Any], int, int]] = []
        for kind, length in lengths:
            layout.append((kind, length, begin))
            begin += -(-kind.itemsize * length // _PAGE) * _PAGE
        return tuple(layout)

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        kind, length, begin = self.layout()[-1]
        return begin + kind.itemsize * length


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """An open segment: its block lies in the file, read as it is asked for."""

    path: Path
    header: Header
    block: Block

    def is_whole(self) -> bool:
        """Whether every array is as it was written. Reads all of the file."""
        run = self.block.run
        arrays = (run.keys, run.rows, run.starts, self.block.table)
        sums = tuple(zlib.crc32(array.view(np.uint8).data) for array in arrays)
        return sums == self.header.checksums


def open_segment(path: Path, *, ledger: str, scheme: str) -> Segment:
    """Open a file as a segment of a ledger and its scheme, having read its header alone.

    Raises:
        FileNotFoundError: it is gone.
        SegmentError: it is no such segment.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        header = _header(file.read(_PAGE))
        if (header.ledger, header.scheme) != (ledger, scheme):
            raise SegmentError("is of another ledger or another scheme of signatures")
        size = os.fstat(file.fileno()).st_size
        if size != header.size:
            raise SegmentError(f"has {size} bytes instead of {header.size}")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    keys, rows, starts, table = (
        np.frombuffer(mapped, kind, length, begin) for kind, length, begin in header.layout()
    )
    return Segment(path, header, Block(table, Run(keys, rows, starts)))


def segment_name(low: int, high: int) -> str:
    """Return the name of the segment of a range: names sort by where it begins."""
    return f"{low:016}-{high:016}{SUFFIX}"


class SegmentWriter:
    """Writes one segment, each array from its beginning to its end, however the parts alternate.

    ``on_step`` is called before each operation that a kill or a full disk could cut off. To be
    closed also where it fails; only ``finish`` puts the file in place.
    """

    def __init__(self, folder: Path, header: Header, on_step: OnStep) -> None:
        self._path = folder / segment_name(header.low, header.high)
        self._temporary = self._path.with_suffix(f".{os.getpid()}{TEMPORARY}")
        self._header = header
        self._on_step = on_step
        self._written = [begin for _, _, begin in header.layout()]
        self._sums = [0] * len(self._written)
        on_step("create")
        self._file = self._temporary.open("wb")

    def keys(self, keys: Keys) -> None:
        """Write the next keys of the run."""
        self._append(0, keys.astype(_KEY, copy=False))

    def rows(self, rows: Rows) -> None:
        """Write the next rows of the run."""
        self._append(1, rows.astype(_PLACE, copy=False))

    def starts(self, starts: npt.NDArray[np.integer[Any]]) -> None:
        """Write the next of the run's starts."""
        self._append(2, starts.astype(_PLACE))

    def table(self, table: Table) -> None:
        """Write the next articles."""
        self._append(3, np.ascontiguousarray(table))

    def finish(self) -> None:
        """Put the file in place, to stay there.

        Raises:
            OSError: the disk is full or refuses.
        """
        whole = msgspec.structs.replace(self._header, checksums=tuple(self._sums))
        self._on_step("write the header")
        self._file.truncate(whole.size)
        self._file.seek(0)
        self._file.write(_packed(whole))
        self._on_step("sync")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._on_step("rename")
        self._temporary.replace(self._path)
        self._on_step("sync the folder")
        sync_folder(self._path.parent)

    def close(self) -> None:
        """Let go of the file, and of what was written unless it is finished."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _append(self, which: int, array: npt.NDArray[Any]) -> None:
        self._on_step("write")
        data = array.view(np.uint8).data
        self._file.seek(self._written[which])
        self._file.write(data)
        self._written[which] += len(data)
        self._sums[which] = zlib.crc32(data, self._sums[which])


def _packed(header: Header) -> bytes:
    text = _MAGIC + msgspec.json.encode(header) + b"\n"
    return text + hashlib.blake2b(text, digest_size=_DIGEST_BYTES).digest()


def _header(page: bytes) -> Header:
    end = page.find(b"\n", len(_MAGIC)) + 1
    text, digest = page[:end], page[end : end + _DIGEST_BYTES]
    if hashlib.blake2b(text, digest_size=_DIGEST_BYTES).digest() != digest:
        raise SegmentError("has no header that can be read")
    if not text.startswith(_MAGIC):
        raise SegmentError("is no segment")
    try:
        header = msgspec.json.decode(text[len(_MAGIC) :], type=Header)
    except msgspec.DecodeError as error:
        raise SegmentError(f"has a header of another make: {error}") from error
    if header.format != FORMAT:
        raise SegmentError(f"has format {header.format}, this Newsfold writes {FORMAT}")
    return header
