"""What was asked for and not read yet, in the form its user wants it."""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from storage.answers.cells import records
from storage.errors import QueryError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Day = datetime | date | str
"""A moment. A date, and a string of one, is its first instant; without a zone it is UTC."""

Names = str | Sequence[str]
"""One name or several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Rows of a store. Nothing is read until a form is asked for, and then each time anew."""

    query: str
    parameters: Mapping[str, object]
    _read: Callable[[str, Mapping[str, object]], pa.Table]
    _lend: Callable[[str, Mapping[str, object]], duckdb.DuckDBPyRelation]

    def arrow(self) -> pa.Table:
        """Return the rows as an Arrow table."""
        return self._read(self.query, self.parameters)

    def polars(self) -> "pl.DataFrame":
        """Return the rows as a Polars frame.

        Raises:
            ImportError: Polars is not installed.
        """
        frame: pl.DataFrame = _library("polars").from_arrow(self.arrow())
        return frame

    def pandas(self) -> "pd.DataFrame":
        """Return the rows as a pandas frame.

        Raises:
            ImportError: pandas is not installed.
        """
        _library("pandas")
        frame: pd.DataFrame = self.arrow().to_pandas()
        return frame

    def duckdb(self) -> duckdb.DuckDBPyRelation:
        """Return a DuckDB relation, to be filtered and joined further; only then files are read.

        It shows the store as it is now, and lives until the store is closed.
        """
        return self._lend(self.query, self.parameters)

    relation = duckdb

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield each row as a mapping from column name to value."""
        return records(self.arrow())

    def __len__(self) -> int:
        """Return how many rows there are, without reading them."""
        counted = self._read(f"SELECT count(*) AS n FROM ({self.query})", self.parameters)  # noqa: S608 - values are parameters
        return int(counted["n"][0].as_py())


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Which articles: those fetched from ``since`` on and before ``until``, of such names."""

    since: Day | None = None
    until: Day | None = None
    feed: Names | None = None
    site: Names | None = None
    language: Names | None = None

    def sql(self) -> tuple[str, dict[str, object]]:
        """Return a condition, and its parameters.

        Raises:
            QueryError: a time is none.
        """
        said, given = ["true"], dict[str, object]()
        for name, sign, value in (("since", ">=", self.since), ("until", "<", self.until)):
            if value is not None:
                given[name] = at = moment(value)
                # The day is in the path: files of other days are not opened.
                given[f"{name}_day"] = at.date()
                day_sign = ">=" if sign == ">=" else "<="
                said += [f"fetched_at {sign} ${name}", f"dt {day_sign} ${name}_day"]
        columns = {"feed_id": self.feed, "site": self.site, "language": self.language}
        for column, names in columns.items():
            if names is not None:
                given[column] = [names] if isinstance(names, str) else list(names)
                said.append(f"{column} IN (SELECT unnest(${column}::VARCHAR[]))")
        return " AND ".join(said), given


def moment(value: Day) -> datetime:
    """Return a moment in UTC.

    Raises:
        QueryError: it is none.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise QueryError(
                f'expected a day or a time like "2026-11-01" or "2026-11-01T18:00Z", got "{value}"'
            ) from error
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _library(name: str) -> Any:  # noqa: ANN401 - a module
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"{name} is not installed; try: pip install {name}") from error
