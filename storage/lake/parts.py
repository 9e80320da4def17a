"""One part: a batch of one table and one day as a Parquet file, and how it is read back whole."""

import hashlib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from storage.fs import DISK, Files
from storage.model import Row
from storage.schema import SCHEMA_VERSION, TIME_COLUMNS, time_of, to_table

ROW_GROUP_ROWS = 8_192
"""Between 5,000 and 10,000: large enough to compress, small enough for statistics to skip."""

_BLOOM_COLUMNS = ("article_id", "url")
_BLOOM_FPP = 0.01


def arrow_of(table: str, rows: Sequence[Row]) -> pa.Table:
    """Return a batch's rows as a part holds them: by time, and in journal order within a time."""
    return to_table(table, sorted(rows, key=time_of))


def write_part(file: Path, table: str, data: pa.Table, *, scheme: str, files: Files = DISK) -> None:
    """Write rows, sorted by the table's time column, to a Parquet file. The file is not synced.

    ``scheme`` names how the rows' signatures were made; signatures of two schemes must not be
    compared.

    Raises:
        OSError: the disk is full, or the file cannot be written.
    """
    time = data.schema.get_field_index(TIME_COLUMNS[table])
    metadata = {
        "schema_version": str(SCHEMA_VERSION),
        "signature_scheme": scheme,
        "writer": f"newsfold {_version()}",
    }
    bloom = {
        name: {"ndv": min(max(data.num_rows, 1), ROW_GROUP_ROWS), "fpp": _BLOOM_FPP}
        for name in _BLOOM_COLUMNS
        if name in data.column_names
    }
    with files.create(file) as sink:
        pq.write_table(
            data.replace_schema_metadata(metadata),
            sink,
            row_group_size=ROW_GROUP_ROWS,
            compression="zstd",
            compression_level=3,
            write_page_checksum=True,
            bloom_filter_options=bloom,
            sorting_columns=[pq.SortingColumn(time)],
        )


def measure(file: Path) -> tuple[int, str]:
    """Return a file's size in bytes and its SHA-256 in hex."""
    with file.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256")
        return source.tell(), digest.hexdigest()


def read_part(file: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a part, or some of its columns, with the checksum of every page read compared.

    Raises:
        OSError: the file cannot be read, or a page is damaged.
        pyarrow.ArrowException: the file is not Parquet.
    """
    with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
        return parquet.read(columns=None if columns is None else list(columns))


def holds(file: Path, data: pa.Table) -> bool:
    """Whether a file is a whole, readable part with exactly these rows in this order."""
    try:
        return bool(read_part(file).equals(data))
    except (OSError, pa.ArrowException):
        return False


def _version() -> str:
    try:
        return version("newsfold")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "(not installed)"
