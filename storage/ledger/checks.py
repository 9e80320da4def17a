"""What can be wrong with a ledger, in one read transaction."""

import json
from collections.abc import Iterator
from sqlite3 import Connection

from storage.errors import StoreError
from storage.ledger import seals
from storage.ledger.codec import unpack_row
from storage.model import Outcome

_SENTENCES = {
    "{} entries have an outcome that does not exist": """
        SELECT count(*) FROM entries WHERE outcome NOT IN (SELECT value FROM json_each(:outcomes))
        """,
    "{} entries are pending without the payload they wait with": """
        SELECT count(*) FROM entries WHERE outcome = 'pending' AND payload IS NULL
        """,
    "{} entries are claimed by runs that ended": """
        SELECT count(*) FROM entries WHERE claimed_by IS NOT NULL AND claimed_by NOT IN
            (SELECT run_id FROM runs WHERE ended_at IS NULL)
        """,
    "{} entries are done with an article that the index lacks": """
        SELECT count(*) FROM entries
        WHERE outcome IN ('new', 'revised', 'unchanged', 'duplicate') AND NOT EXISTS
            (SELECT 1 FROM articles WHERE articles.article_id = entries.article_id)
        """,
    "{} articles are copies of one that the index lacks": """
        SELECT count(*) FROM articles AS copy WHERE duplicate_of IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM articles WHERE article_id = copy.duplicate_of)
        """,
    "{} stories do not have exactly one first copy": """
        SELECT count(*) FROM (
            SELECT 1 FROM articles GROUP BY story_id
            HAVING count(*) - count(duplicate_of) <> 1)
        """,
    "{} journal rows are of articles that the index lacks": """
        SELECT count(*) FROM journal WHERE article_id IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM articles WHERE articles.article_id = journal.article_id)
            AND article_id NOT IN (SELECT article_id FROM takedowns WHERE remains IS NOT NULL)
        """,
    "{} open batches do not have the rows they were opened with": """
        SELECT count(*) FROM batches WHERE rows <>
            (SELECT count(*) FROM journal WHERE journal.batch_id = batches.batch_id)
        """,
}


def problems(db: Connection) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong."""
    yield from damage(db)
    outcomes = json.dumps([outcome.value for outcome in Outcome])
    for sentence, query in _SENTENCES.items():
        (count,) = db.execute(query, {"outcomes": outcomes} if ":" in query else {}).fetchone()
        if count:
            yield sentence.format(count)


def damage(db: Connection) -> Iterator[str]:
    """Yield a sentence for each thing that is not as it was written."""
    for (said,) in db.execute("PRAGMA integrity_check"):
        if said != "ok":
            yield f"SQLite says: {said}"
    for table, *_ in db.execute("PRAGMA foreign_key_check"):
        yield f"a row of {table} refers to one that does not exist"
    for table, count in seals.broken(db):
        yield f"{count} rows of {table} are not as they were written: their checksums do not match"
    yield from _journal(db)


def _journal(db: Connection) -> Iterator[str]:
    for seq, table, body, checksum in db.execute(
        "SELECT seq, table_name, body, checksum FROM journal ORDER BY seq"
    ):
        try:
            unpack_row(table, body, checksum)
        except StoreError as error:
            yield f"journal row {seq}: {error}"
