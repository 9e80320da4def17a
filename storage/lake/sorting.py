"""The rows of several parts as one stream by time, in bounded memory; some left out or changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa

from storage.lake.parts import ROW_GROUP_ROWS, row_groups
from storage.schema import TABLES, TIME_COLUMNS

MEMORY_LIMIT = "512MB"
"""What sorting may take before it goes on in files; a slice of rows takes a tenth of that."""

SLICE = 2 * ROW_GROUP_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What becomes of a table's rows, in DuckDB's SQL over its columns.

    Rows of which ``drop`` is true are left out; where ``where`` is true the columns named in
    ``replaced`` get those values. ``parameters`` are what ``$name`` stands for in any of them.
    Rows of days from ``until`` on are none of them.
    """

    until: str | None = None

    drop: str = "false"
    where: str = "false"
    replaced: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)

    def may_touch(self, day: str) -> bool:
        """Whether rows of a day (``YYYY-MM-DD``) may be among them."""
        return self.until is None or day < self.until

    @property
    def touches(self) -> str:
        """The condition that a row is not left as it is."""
        return f"coalesce({self.drop}, false) OR coalesce({self.where}, false)"


AS_IT_IS = Edit()


class Sorter:
    """Reads parts. A context manager; ``scratch`` is where what does not fit in memory goes."""

    def __init__(self, table: str, files: Sequence[Path], edit: Edit, *, scratch: Path) -> None:
        self._table = table
        self._edit = edit
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY_LIMIT,
                "threads": "2",
                "temp_directory": str(scratch),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        # The names of columns that older parts lack come from the schema.
        self._connection.register("newest", TABLES[table].empty_table())
        paths = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
        self._source = f"""(FROM newest UNION ALL BY NAME
            FROM read_parquet([{paths}], union_by_name = true, hive_partitioning = false,
                              filename = '_file', file_row_number = true))"""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def touched(self) -> list[tuple[str, int, int]]:
        """Return each file that has rows which are not left as they are.

        Beside it how many are left out, and how many are in it.
        """
        return self._connection.execute(
            f"""SELECT _file, count(*) FILTER (coalesce({self._edit.drop}, false)), count(*)
                FROM {self._source} GROUP BY _file
                HAVING bool_or({self._edit.touches}) ORDER BY _file""",  # noqa: S608 - our own words alone
            dict(self._edit.parameters) or None,
        ).fetchall()

    def groups(self) -> Iterator[pa.Table]:
        """Return the rows that stay by time, in row groups, columns as the schema has them.

        Rows of one time come in the order of the files and of the rows in them.
        """
        schema = TABLES[self._table]
        batches = (batch for low, high in self._slices() for batch in self._rows(low, high))
        pieces = (pa.Table.from_batches([batch]).cast(schema) for batch in batches)
        return row_groups(self._table, pieces)

    def _slices(self) -> Iterator[tuple[datetime | None, datetime | None]]:
        """Yield spans of time with about ``SLICE`` rows each, in order: so much is sorted at once.

        To sort all rows with their texts DuckDB takes more than the texts' size of memory.
        """
        time = f'"{TIME_COLUMNS[self._table]}"'
        times = self._connection.sql(
            f"SELECT {time} FROM {self._source} ORDER BY ALL"  # noqa: S608 - our own words alone
        ).to_arrow_table()[0]
        cuts = dict.fromkeys(time.as_py() for time in times[SLICE::SLICE])
        return pairwise([None, *filter(None, cuts), None])

    def _rows(self, low: datetime | None, high: datetime | None) -> pa.RecordBatchReader:
        columns = ", ".join(self._column(name) for name in TABLES[self._table].names)
        time = f'"{TIME_COLUMNS[self._table]}"'
        spans = [f"coalesce({time} < $high, true)"] if high else []
        spans += [f"{time} >= $low"] if low else []
        given = dict(self._edit.parameters)
        given |= {name: at for name, at in (("low", low), ("high", high)) if at}
        return self._connection.sql(
            f"""SELECT {columns} FROM (
                    FROM {self._source} WHERE {" AND ".join(["true", *spans])}
                    ORDER BY {time}, _file, file_row_number)
                WHERE NOT coalesce({self._edit.drop}, false)""",  # noqa: S608 - our own words alone
            params=given or None,
        ).to_arrow_reader(ROW_GROUP_ROWS)

    def _column(self, name: str) -> str:
        other = self._edit.replaced.get(name)
        if other is None:
            return f'"{name}"'
        where = f"coalesce({self._edit.where}, false)"
        return f'CASE WHEN {where} THEN {other} ELSE "{name}" END AS "{name}"'
