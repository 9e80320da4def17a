"""Which parts are to blame when DuckDB cannot read a snapshot.

DuckDB compares no checksums, and what it says names a file only sometimes. So what a file should
be is looked at here: whether it is there, then each footer, and only when all of these are right
and what failed is no mistake in a query, every byte.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from storage.lake.parts import has_footer, is_whole
from storage.query.views import Source

# What a person's query may bring about with every file whole. A value that cannot be converted or
# memory that runs out can come from a damaged page too, but seldom does.
_MISTAKES = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.InterruptException,
    duckdb.NotImplementedException,
    duckdb.OutOfMemoryException,
    duckdb.OutOfRangeException,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
)


class LostPartError(Exception):
    """Parts of a snapshot are not on the disk any more; absolute paths."""

    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__(*paths)
        self.paths = paths


class DamagedPartError(Exception):
    """Parts of a snapshot are on the disk and not what was written; absolute paths."""

    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__(*paths)
        self.paths = paths


@contextmanager
def noticing(source: Source) -> Iterator[None]:
    """Tell a query that failed for the files' sake from one that failed by itself.

    Raises:
        LostPartError: parts are gone, or marks stand in their places.
        DamagedPartError: parts are damaged.
        duckdb.Error: neither.
    """
    try:
        yield
    except duckdb.Error as error:
        if lost := source.vanished():
            raise LostPartError(lost) from error
        if not isinstance(error, _MISTAKES) and (damaged := _damaged(source, str(error))):
            raise DamagedPartError(damaged) from error
        raise


def look(source: Source) -> None:
    """Look at every part's footer.

    Raises:
        LostPartError: parts are gone, or marks stand in their places.
        DamagedPartError: parts have none, as one that was cut.
    """
    if lost := source.vanished():
        raise LostPartError(lost)
    if damaged := _without_footer(source):
        raise DamagedPartError(damaged)


def _damaged(source: Source, said: str) -> list[str]:
    paths = list(source.paths())
    if found := _without_footer(source):
        return found
    # In a query's own mistake no file is named.
    named = [path for path in paths if path in said]
    if "Invalid Input" in said and all(_is_whole(source, path) for path in named):
        return []
    return [path for path in paths if not _is_whole(source, path)]


def _without_footer(source: Source) -> list[str]:
    return [path for path in source.paths() if not has_footer(Path(path))]


def _is_whole(source: Source, path: str) -> bool:
    return is_whole(Path(path), sha256=source.digests.get(path))
