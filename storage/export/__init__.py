"""Rows of a store as files for others: one Parquet, JSON Lines or CSV file, or a dataset folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pyarrow as pa

from storage.export.dataset import write_dataset
from storage.export.files import check_free, whole_file, whole_folder
from storage.export.selection import Selection, View
from storage.export.writers import BATCH_ROWS, write_csv, write_jsonl, write_parquet
from storage.query.session import Session
from storage.schema import TABLES
from storage.store import Store

__all__ = ["Exported", "Kind", "Selection", "View", "export", "kind_of"]


class Kind(StrEnum):
    """What an export is written as."""

    PARQUET = "parquet"
    JSONL = "jsonl"
    CSV = "csv"
    DATASET = "dataset"
    WARC = "warc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export came to. ``bytes`` is the size of its ``files``."""

    rows: int
    files: int
    bytes: int


_ENDINGS = {
    ".parquet": Kind.PARQUET,
    ".jsonl": Kind.JSONL,
    ".ndjson": Kind.JSONL,
    ".csv": Kind.CSV,
    ".warc": Kind.WARC,
}


def kind_of(target: Path) -> Kind | None:
    """Return the format that a name ends with, before ``.gz``; ``None`` if it tells none."""
    name = target.name.lower().removesuffix(".gz")
    found = _ENDINGS.get(Path(name).suffix)
    packed = name != target.name.lower()
    # Parquet packs its own pages; an archive packs each record by itself.
    fitting = {Kind.PARQUET: not packed, Kind.WARC: packed}
    return found if found is not None and fitting.get(found, True) else None


def export(
    store: Store, selection: Selection, target: Path, kind: Kind, *, force: bool = False
) -> Exported:
    """Write the selected rows, as they are at one moment, in order of time.

    What is written appears whole or not at all. Memory holds a few thousand rows; the rows are
    sorted in DuckDB, which puts what exceeds its memory limit on the disk.

    Args:
        store: Where from.
        selection: Which rows.
        target: The file, or with ``Kind.DATASET`` the folder. JSON Lines and CSV are gzipped if
            its name ends with ``.gz``.
        kind: The format; archived pages (``Kind.WARC``) are no rows: see ``storage.archive``.
        force: Replace what is there.

    Raises:
        TakenError: there is something, and it is not to be replaced.
        StoreError: the store cannot be read.
        QueryError: the view cannot be narrowed so.
        OSError: the disk is full or refuses.
    """
    check_free(target, force=force)
    query = selection.query()
    packed = target.name.lower().endswith(".gz")

    def write(session: Session) -> Exported:
        schema = _schema(session, selection)
        read = session.stream(query, wanted=selection.wanted(), size=BATCH_ROWS)
        batches = (each for batch in read for each in _cast(batch, schema))
        if kind is Kind.DATASET:
            with whole_folder(target, force=force) as folder:
                written = write_dataset(folder, schema, batches, about=selection)
                size = sum(shard.stat().st_size for shard in written.shards)
                return Exported(rows=written.rows, files=len(written.shards), bytes=size)
        with whole_file(target, force=force) as file:
            count = _write(kind, file, schema, batches, packed=packed)
            return Exported(rows=count, files=1, bytes=file.stat().st_size)

    return store.read(write)


def _write(
    kind: Kind, file: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch], *, packed: bool
) -> int:
    match kind:
        case Kind.PARQUET:
            return write_parquet(file, schema, batches)
        case Kind.JSONL:
            return write_jsonl(file, batches, packed=packed)
        case Kind.CSV:
            return write_csv(file, schema, batches, packed=packed)
        case _:
            raise ValueError(f"{kind} is no format of rows in one file")


def _schema(session: Session, selection: Selection) -> pa.Schema:
    """Return the store's own types where a view has a table's columns, else DuckDB's."""
    given = session.table(selection.no_rows()).schema
    own = TABLES.get("articles" if selection.view is View.REVISIONS else selection.view)
    return own if own is not None and own.names == given.names else given


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> list[pa.RecordBatch]:
    table = pa.Table.from_batches([batch]).cast(schema)
    return table.to_batches() if table.num_rows else []
