"""Links between articles that are near each other and no copies."""

from collections.abc import Sequence
from sqlite3 import Connection

from storage.model import Related

_COLUMNS = "rule, similarity, containment"


def put(db: Connection, article_id: str, links: Sequence[Related]) -> None:
    """Let these be the links that were found for an article; those found for others stay."""
    db.execute("DELETE FROM related WHERE article_id = ?", [article_id])
    db.executemany(
        f"""INSERT INTO related (article_id, other_id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING""",  # noqa: S608 - our own words alone
        [
            (article_id, link.article_id, link.rule, link.similarity, link.containment)
            for link in links
        ],
    )


def of(db: Connection, article_id: str) -> list[Related]:
    """Return an article's links, whichever of the two came first; the nearest first."""
    found = db.execute(
        f"""SELECT other_id, {_COLUMNS} FROM related WHERE article_id = :asked
            UNION
            SELECT article_id, {_COLUMNS} FROM related AS r WHERE other_id = :asked AND NOT EXISTS
                (SELECT 1 FROM related WHERE article_id = :asked AND other_id = r.article_id)
            ORDER BY containment DESC, other_id""",  # noqa: S608 - our own words alone
        {"asked": article_id},
    )
    return [
        Related(article_id=other, rule=rule, similarity=similarity, containment=containment)
        for other, rule, similarity, containment in found
    ]
