"""What was taken down and still has rows: to be taken down again."""

from sqlite3 import Connection

import pyarrow as pa

from storage.ledger.takedowns import put_remains
from storage.query.session import Session
from storage.takedown import Remains

_MANY = 1_000
_ROWS = """
    SELECT article_id, list(DISTINCT url) FILTER (url IS NOT NULL) AS urls,
           list(DISTINCT entry_id) FILTER (entry_id IS NOT NULL) AS entries
    FROM (SELECT article_id, unnest([url, canonical_url]) AS url, NULL AS entry_id
          FROM lake.articles
          UNION ALL SELECT article_id, unnest([url, canonical_url]), NULL FROM lake.duplicates
          UNION ALL SELECT article_id, url, entry_id FROM lake.outcomes)
    SEMI JOIN wanted USING (article_id) GROUP BY ALL"""


def remaining(db: Connection, session: Session) -> None:
    """Have what was taken down, in an open write transaction, removed where a session has rows.

    So it is when the ledger was lost before all files were rid of it, and when files come back that
    were copied before.
    """
    gone = [key for (key,) in db.execute("SELECT article_id FROM takedowns WHERE remains IS NULL")]
    wanted = pa.table({"article_id": pa.array(gone, pa.string())})
    for batch in session.stream(_ROWS, wanted=wanted, size=_MANY):
        for row in batch.to_pylist():
            remains = Remains(
                article_id=row["article_id"],
                urls=tuple(row["urls"] or ()),
                entry_ids=tuple(row["entries"] or ()),
            )
            put_remains(db, remains)
