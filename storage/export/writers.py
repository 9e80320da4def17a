"""Batches of rows into one file each: Parquet, JSON Lines, CSV. No more than a batch in memory."""

import csv
import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from storage.answers.cells import json_text, records, rows
from storage.answers.formats import csv_cell

BATCH_ROWS: Final = 4_096
"""Rows in memory at once, and in a row group."""


def parquet_writer(file: Path | IO[bytes], schema: pa.Schema) -> pq.ParquetWriter:
    """Open a Parquet file as the store writes them: zstd, with checksums. To be closed."""
    return pq.ParquetWriter(
        file, schema, compression="zstd", compression_level=3, write_page_checksum=True
    )


def write_parquet(file: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write one Parquet file; return the number of rows."""
    count = 0
    with parquet_writer(file, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def write_jsonl(file: Path, batches: Iterable[pa.RecordBatch], *, packed: bool) -> int:
    """Write one JSON object a line, nulls kept, times by RFC 3339; return the number of rows."""
    count = 0
    with _text(file, packed=packed) as stream:
        for batch in batches:
            for record in records(pa.Table.from_batches([batch])):
                stream.write(json_text(record) + "\n")
            count += batch.num_rows
    return count


def write_csv(
    file: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], *, packed: bool
) -> int:
    """Write one CSV file (RFC 4180, UTF-8) whose cells are no formulas; return its rows.

    Lists and structures are JSON, nulls are empty.
    """
    count = 0
    with _text(file, packed=packed) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([csv_cell(name) for name in schema.names])
        for batch in batches:
            for row in rows(pa.Table.from_batches([batch])):
                writer.writerow([csv_cell(cell) for cell in row])
            count += batch.num_rows
    return count


@contextmanager
def _text(file: Path, *, packed: bool) -> Iterator[IO[str]]:
    if packed:
        with gzip.open(file, "wt", encoding="utf-8", newline="", compresslevel=6) as stream:
            yield stream
    else:
        with file.open("w", encoding="utf-8", newline="") as stream:
            yield stream
