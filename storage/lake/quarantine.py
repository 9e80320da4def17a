"""Files in quarantine that may hold what is taken down."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from storage.lake.layout import Layout
from storage.lake.parts import read_part
from storage.lake.removal import Edits
from storage.lake.repair import QUARANTINE
from storage.lake.sorting import Edit, Sorter
from storage.schema import TABLES


def holding(layout: Layout, edits: Edits) -> Iterator[Path]:
    """Yield the files in quarantine that have rows which are to change, or may have.

    Of one that cannot be read to the last page, and of a ledger, nobody can say that it has none.
    """
    folder = layout.file(QUARANTINE)
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            table = file.relative_to(folder).parts[0]
            edit = edits.get(table)
            if table not in TABLES or (edit is not None and _may_have(layout, file, table, edit)):
                yield file


def _may_have(layout: Layout, file: Path, table: str, edit: Edit) -> bool:
    try:
        read_part(file)
        with Sorter(table, [file], edit, scratch=layout.tmp) as sorter:
            return bool(sorter.touched())
    except (OSError, pa.ArrowException, ValueError, duckdb.Error):
        return True
