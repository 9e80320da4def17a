"""Rows of files that others wrote: JSON Lines, CSV or Parquet, one at a time.

A row that cannot be read is told where it stands, and those behind it are read all the same.
"""

import csv
import gzip
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

_BATCH: Final = 256
_LONGEST_LINE: Final = 32 * 1024 * 1024


class RowFormat(StrEnum):
    """What rows are read from."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A row, or all that is left of a file, that is damaged."""

    why: str


_ENDINGS = {
    ".jsonl": RowFormat.JSONL,
    ".ndjson": RowFormat.JSONL,
    ".csv": RowFormat.CSV,
    ".parquet": RowFormat.PARQUET,
}


def format_of(file: Path) -> RowFormat | None:
    """Return the format that a name ends with, before ``.gz``."""
    return _ENDINGS.get(Path(file.name.lower().removesuffix(".gz")).suffix)


def read_rows(file: Path, kind: RowFormat) -> Iterator[tuple[int, Mapping[str, Any] | Unreadable]]:
    """Yield a file's rows by their numbers: of text files the line a row begins in, else from 1.

    Raises:
        OSError: the file cannot be opened.
    """
    match kind:
        case RowFormat.PARQUET:
            return _parquet(file)
        case RowFormat.CSV:
            return _csv(file)
        case RowFormat.JSONL:
            return _jsonl(file)


def _jsonl(file: Path) -> Iterator[tuple[int, Mapping[str, Any] | Unreadable]]:
    number = 0
    with _opened(file) as raw:
        try:
            while line := raw.readline(_LONGEST_LINE):
                number += 1
                if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
                    while (rest := raw.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
                        pass
                    yield number, Unreadable(why=f"longer than {_LONGEST_LINE} bytes")
                elif line.strip():
                    yield number, _object(line)
        except (OSError, EOFError) as error:
            yield number + 1, Unreadable(why=f"the file breaks off here: {error}")


def _object(line: bytes) -> Mapping[str, Any] | Unreadable:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Unreadable(why=f"no JSON: {error}")
    if not isinstance(found, dict):
        return Unreadable(why=f"expected an object, got {type(found).__name__}")
    return found


def _csv(file: Path) -> Iterator[tuple[int, Mapping[str, Any] | Unreadable]]:
    csv.field_size_limit(min(_LONGEST_LINE, sys.maxsize))
    with _opened(file) as raw:
        # A longer line is parted, and so told as rows with the wrong number of cells.
        pieces = iter(partial(raw.readline, _LONGEST_LINE), b"")
        lines = (line.decode("utf-8", "replace").replace("\x00", "") for line in pieces)
        reader = csv.reader(lines)
        head: list[str] | None = None
        begins = 1
        while True:
            try:
                row = next(reader, None)
            except (csv.Error, OSError, EOFError) as error:
                yield begins, Unreadable(why=f"no CSV: {error}")
                if not isinstance(error, csv.Error):
                    return
                continue
            if row is None:
                return
            if head is None:
                head = [name.removeprefix("\ufeff") for name in row]
            elif row and len(row) != len(head):
                yield begins, Unreadable(why=f"it has {len(row)} cells, the head has {len(head)}")
            elif row:
                yield begins, dict(zip(head, row, strict=True))
            begins = reader.line_num + 1


def _parquet(file: Path) -> Iterator[tuple[int, Mapping[str, Any] | Unreadable]]:
    number = 0
    try:
        with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
            for batch in parquet.iter_batches(batch_size=_BATCH):
                for record in batch.to_pylist():
                    number += 1
                    yield number, record
    except (pa.ArrowException, OSError) as error:
        yield number + 1, Unreadable(why=f"the file cannot be read from here: {error}")


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    if file.name.lower().endswith(".gz"):
        with gzip.open(file, "rb") as packed:
            yield packed  # type: ignore[misc]
    else:
        with file.open("rb") as raw:
            yield raw
