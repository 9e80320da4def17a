"""What the ledger knows of articles beside the rows that are stored of them."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from storage.query.session import Session

_KEYS = pa.schema(
    [("article_id", pa.string()), ("revision", pa.int32()), ("fetched_at", pa.int64())]
)
_ROWS = """(SELECT article_id, revision FROM lake.articles
            UNION ALL SELECT article_id, revision FROM lake.duplicates)"""
_MISSING = f"""
    SELECT w.article_id, w.revision FROM wanted w
    ANTI JOIN {_ROWS} r ON r.article_id = w.article_id AND r.revision = w.revision
    WHERE w.fetched_at >= {{}} ORDER BY ALL"""  # noqa: S608 - our own words alone
_UNKNOWN = f"""
    SELECT r.article_id, r.revision
    FROM (SELECT article_id, max(revision) AS revision FROM {_ROWS} GROUP BY ALL) r
    ANTI JOIN wanted w ON w.article_id = r.article_id AND w.revision >= r.revision
    ORDER BY ALL"""  # noqa: S608 - our own words alone
_MANY = 10_000

Keys = Iterable[list[tuple[str, int, int]]]
"""Articles of the ledger by many: id, newest revision, when that was fetched (microseconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Ids with revisions: of articles whose newest has no row, and of rows that are not known."""

    missing: tuple[tuple[str, int], ...] = ()
    unknown: tuple[tuple[str, int], ...] = ()

    @property
    def article_ids(self) -> list[str]:
        """The ids of both, each once."""
        return list(dict.fromkeys(key for key, _ in (*self.missing, *self.unknown)))


def differences(session: Session, keys: Keys, *, pruned_before: int) -> Differences:
    """Compare the articles of a ledger with the rows in ``articles`` and ``duplicates``.

    Rows fetched before ``pruned_before`` (microseconds) may be gone because they were too old.
    """
    chunks = [
        pa.table(dict(zip(_KEYS.names, zip(*some, strict=True), strict=True)), schema=_KEYS)
        for some in keys
    ]
    known = pa.concat_tables([_KEYS.empty_table(), *chunks])
    return Differences(
        missing=_asked(session, _MISSING.format(pruned_before), known),
        unknown=_asked(session, _UNKNOWN, known),
    )


def _asked(session: Session, query: str, known: pa.Table) -> tuple[tuple[str, int], ...]:
    found = session.stream(query, wanted=known, size=_MANY)
    return tuple(
        (row["article_id"], row["revision"]) for batch in found for row in batch.to_pylist()
    )
