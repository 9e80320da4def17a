"""One part: a batch of one table and one day as a Parquet file, and how it is read back whole."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from storage.fs import DISK, Files
from storage.model import Row
from storage.schema import SCHEMA_VERSION, TABLES, TIME_COLUMNS, time_of, to_table

ROW_GROUP_ROWS = 8_192
"""Between 5,000 and 10,000: large enough to compress, small enough for statistics to skip."""

_MAGIC = b"PAR1"
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
    groups = (data[at : at + ROW_GROUP_ROWS] for at in range(0, data.num_rows, ROW_GROUP_ROWS))
    write_groups(file, table, groups, rows=data.num_rows, scheme=scheme, files=files)


def write_groups(
    file: Path,
    table: str,
    groups: Iterable[pa.Table],
    *,
    rows: int,
    scheme: str,
    files: Files = DISK,
) -> int:
    """Write row groups of at most ``ROW_GROUP_ROWS`` to a Parquet file, as ``write_part`` does.

    ``rows`` is about how many come; they are sorted by the table's time column through all groups.
    Returns how many came.

    Raises:
        OSError: the disk is full, or the file cannot be written.
    """
    schema = TABLES[table].with_metadata(
        {
            "schema_version": str(SCHEMA_VERSION),
            "signature_scheme": scheme,
            "writer": f"newsfold {_version()}",
        }
    )
    bloom = {
        name: {"ndv": min(max(rows, 1), ROW_GROUP_ROWS), "fpp": _BLOOM_FPP}
        for name in _BLOOM_COLUMNS
        if name in schema.names
    }
    written = 0
    with (
        files.create(file) as sink,
        pq.ParquetWriter(
            sink,
            schema,
            compression="zstd",
            compression_level=3,
            write_page_checksum=True,
            bloom_filter_options=bloom,
            sorting_columns=[pq.SortingColumn(schema.get_field_index(TIME_COLUMNS[table]))],
        ) as writer,
    ):
        for group in groups:
            writer.write_table(group.cast(schema), row_group_size=ROW_GROUP_ROWS)
            written += group.num_rows
    return written


def row_groups(table: str, pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield rows that come in pieces of any size in row groups, which are full but for the last."""
    rest = TABLES[table].empty_table()
    for piece in pieces:
        rest = pa.concat_tables([rest, piece])
        while rest.num_rows >= ROW_GROUP_ROWS:
            yield rest[:ROW_GROUP_ROWS]
            rest = rest[ROW_GROUP_ROWS:]
    if rest.num_rows:
        yield rest


def scheme_of(file: Path) -> str:
    """Return how a part's signatures were made, as its metadata says.

    Raises:
        OSError: the file cannot be read.
        pyarrow.ArrowException: the file is not Parquet.
    """
    said: dict[bytes, bytes] = pq.read_metadata(file).metadata or {}
    return said.get(b"signature_scheme", b"").decode()


def is_part(file: Path) -> bool:
    """Whether a file is there and begins as Parquet does; see ``storage.lake.exchange``."""
    try:
        with file.open("rb") as source:
            return source.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def has_footer(file: Path) -> bool:
    """Whether a file is there and ends as Parquet does, with metadata that can be read."""
    try:
        pq.read_metadata(file)
    except (OSError, pa.ArrowException, ValueError):
        return False
    return True


def is_whole(file: Path, *, sha256: str | None) -> bool:
    """Whether a file is what was written: its digest, or else the checksum of every page."""
    try:
        if sha256 is not None:
            return measure(file)[1] == sha256
        with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
            for _ in parquet.iter_batches():
                pass
    # The last: pyarrow decodes the names in a damaged footer.
    except (OSError, pa.ArrowException, ValueError):
        return False
    return True


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
