"""Which texts an article has had, and how often each was stored: its own small history."""

from sqlite3 import Connection


def times(db: Connection, article_id: str, version: str) -> int:
    """Return in how many revisions of an article a text was stored."""
    row = db.execute(
        "SELECT times FROM versions WHERE article_id = ? AND version = ?", [article_id, version]
    ).fetchone()
    return 0 if row is None else int(row[0])


def stored(db: Connection, article_id: str, version: str) -> None:
    """Count one more revision with this text."""
    db.execute(
        """INSERT INTO versions (article_id, version, times) VALUES (?, ?, 1)
           ON CONFLICT DO UPDATE SET times = times + 1""",
        [article_id, version],
    )
