"""A folder as datasets are shared: shards of Parquet, and a README that says what they are.

The layout is the one that ``datasets.load_dataset(folder)`` reads: the YAML at the head of
README.md names the split's files and the columns' types (Hugging Face Hub, "Repository card
metadata" and "Data files configuration").
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from storage.export.selection import Selection
from storage.export.writers import parquet_writer

SHARD_BYTES: Final = 500_000_000
"""The most bytes of one shard."""

_SIZES: Final = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
_SIZE_NAMES: Final = ("1K", "10K", "100K", "1M", "10M", "100M", "1B")


@dataclass(slots=True)
class Written:
    """What was written so far. ``bytes`` counts values in memory, ``languages`` is what was met."""

    rows: int = 0
    bytes: int = 0
    languages: set[str] = field(default_factory=set)
    shards: list[Path] = field(default_factory=list)


def write_dataset(
    folder: Path,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    *,
    about: Selection,
    shard_bytes: int = SHARD_BYTES,
) -> Written:
    """Fill an empty folder with shards of at most ``shard_bytes``, but for one batch, and a README.

    Args:
        folder: Where to.
        schema: The columns.
        batches: The rows.
        about: Which rows these are, for the README.
        shard_bytes: When the next shard is begun.
    """
    data = folder / "data"
    data.mkdir()
    written = Written()
    rest = _Ahead(batches)
    while rest.first is not None or not written.shards:
        shard = data / f"shard-{len(written.shards):05}"
        _write_shard(shard, schema, rest, written, shard_bytes)
        written.shards.append(shard)
    count = len(written.shards)
    for number, shard in enumerate(written.shards):
        name = data / f"train-{number:05}-of-{count:05}.parquet"
        shard.rename(name)
        written.shards[number] = name
    readme = "\n".join(_readme(schema, written, about)) + "\n"
    (folder / "README.md").write_text(readme, encoding="utf-8")
    return written


class _Ahead:
    """Batches of which the first that was not taken yet can be seen."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._rest = iter(batches)
        self.first = next(self._rest, None)

    def take(self) -> pa.RecordBatch:
        taken, self.first = self.first, next(self._rest, None)
        return taken


def _write_shard(
    file: Path, schema: pa.Schema, rest: _Ahead, written: Written, shard_bytes: int
) -> None:
    """Write the next shard; the next batch may be as large as any in it."""
    largest = 0
    with file.open("wb") as sink, parquet_writer(sink, schema) as writer:
        while rest.first is not None and sink.tell() + largest <= shard_bytes:
            before = sink.tell()
            batch = rest.take()
            writer.write_batch(batch)
            largest = max(largest, sink.tell() - before)
            _count(batch, written)


def _count(batch: pa.RecordBatch, written: Written) -> None:
    written.rows += batch.num_rows
    written.bytes += batch.nbytes
    if "language" in batch.schema.names:
        found = pc.unique(batch.column("language")).to_pylist()
        written.languages.update(language for language in found if language)


def _readme(schema: pa.Schema, written: Written, about: Selection) -> Iterator[str]:
    yield "---"
    # No one but their publishers can give a licence for the texts.
    yield "license: unknown"
    yield f"pretty_name: News {about.view} collected with Newsfold"
    if written.languages:
        yield "language:"
        yield from (f"- {language}" for language in sorted(written.languages))
    yield "tags:"
    yield "- news"
    yield "size_categories:"
    yield f"- {_size(written.rows)}"
    yield "configs:"
    yield "- config_name: default"
    yield "  data_files:"
    yield "  - split: train"
    yield "    path: data/train-*"
    yield "dataset_info:"
    yield "  features:"
    for column in schema:
        yield f"  - name: {column.name}"
        yield f"    {_feature(column.type)}"
    yield "  splits:"
    yield "  - name: train"
    yield f"    num_bytes: {written.bytes}"
    yield f"    num_examples: {written.rows}"
    yield f"  download_size: {sum(shard.stat().st_size for shard in written.shards)}"
    yield f"  dataset_size: {written.bytes}"
    yield "---"
    yield ""
    yield f"# News {about.view} collected with Newsfold"
    yield ""
    yield f"{written.rows:,} rows of the view `{about.view}`{_narrowed(about)}."
    yield "The columns are described in Newsfold's `docs/reference/tables.md`."
    yield ""
    yield "**Licence: unknown.** The texts belong to their publishers. Before this is shared, find"
    yield "out what their terms allow, and put that in the place of `license: unknown` above."


def _size(rows: int) -> str:
    for index, (size, name) in enumerate(zip(_SIZES, _SIZE_NAMES, strict=True)):
        if rows < size:
            return f"n<{name}" if index == 0 else f"{_SIZE_NAMES[index - 1]}<n<{name}"
    return f"n>{_SIZE_NAMES[-1]}"


def _feature(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"sequence: {_name(kind.value_type)}"
    return f"dtype: {_name(kind)}"


def _name(kind: pa.DataType) -> str:
    # Names that differ from Arrow's: of Hugging Face's ``Value``.
    return {"double": "float64", "float": "float32"}.get(str(kind), str(kind))


def _narrowed(about: Selection) -> str:
    words = []
    if about.since:
        words.append(f"from {about.since.isoformat()}")
    if about.until:
        words.append(f"before {about.until.isoformat()}")
    for between, names in (("of", about.feeds), ("of", about.sites), ("in", about.languages)):
        if names:
            words.append(f"{between} {', '.join(names)}")
    return "".join(f", {word}" for word in words)
