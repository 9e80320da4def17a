"""Stored articles: the ledger, the Parquet lake, and ways to query them.

>>> import storage                                  # doctest: +SKIP
>>> with storage.open("data") as store:             # doctest: +SKIP
...     store.sql("SELECT title, site FROM articles ORDER BY published_at DESC LIMIT 10")
...     store.articles(since="2026-11-01", language="de").polars()

All of it is in ``docs/reference/python.md``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.store import Store

__all__ = ["open"]


def open(path: Path | str, *, strict: bool = False) -> "Store":  # noqa: A001 - read as ``storage.open``
    """Open the store in a data folder for reading.

    Files that cannot be read are left out with a warning, or with ``strict`` are an error.

    Raises:
        storage.errors.StoreError: there is no store in the folder.
    """
    from storage.store import Store  # noqa: PLC0415 - DuckDB and Arrow load when a store is opened

    return Store(Path(path), strict=strict)
