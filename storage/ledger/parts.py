"""Rows on their way out of the journal: batches, the parts they become, exchanges of these."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.model import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Journal rows of one table and one UTC day (``YYYY-MM-DD``) that become one part.

    ``batch_id`` and the rows are fixed when the batch is opened. Ids sort by ``created_at``.
    """

    batch_id: str
    table: str
    day: str
    rows: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A Parquet file in place. ``path`` is relative to the data folder, with forward slashes.

    ``bytes`` is the file's size, ``sha256`` the hex digest of its content.
    """

    table: str
    path: str
    batch_id: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalState:
    """How many rows wait to be batched, and since when the oldest of them does."""

    rows: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """An exchange of all parts of one table and day, the paths ``old``, for ``parts``.

    While it is open either may stand: the folder in place tells which. Ids sort by time.
    """

    rewrite_id: str
    table: str
    day: str
    old: tuple[str, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Every committed row exactly once: in a part, or among the journal's ``rows`` by table.

    ``superseded`` names the articles of which not every row stands, each with a number: its rows
    in ``articles`` of revisions before that are old, or of an article that is folded now.
    Of the parts that an open rewrite is about, the old ones are named.
    """

    rows: Mapping[str, tuple[Row, ...]]
    parts: tuple[Part, ...]
    superseded: tuple[tuple[str, int], ...] = ()
    rewrites: tuple[Rewrite, ...] = ()
