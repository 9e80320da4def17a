"""The articles: newest revisions by id, URL, text, story and number in the fold's index."""

import json
from collections.abc import Iterable, Iterator, Sequence
from sqlite3 import Connection
from typing import Any

from storage.ledger.codec import pack_bands, unpack_bands
from storage.ledger.mapping import RowMapper, SqlValue
from storage.model import Fingerprint, StoredArticle

_PLACES = RowMapper("articles", StoredArticle, without=("fingerprint",))
_BANDS = (pack_bands, unpack_bands)
_KEYS = ("bands", "lead_bands", "passages")
_PRINTS = RowMapper("articles", Fingerprint, ways=dict.fromkeys(_KEYS, _BANDS))
_NAMES = (*_PLACES.names, *_PRINTS.names)
_SELECT = f"SELECT {_PLACES.columns}, {_PRINTS.columns}"
# A number is given out once, also if the last article that had the highest is no more.
_NEXT = """(SELECT 1 + max(coalesce((SELECT max(index_no) FROM articles), 0), coalesce(
    (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'index_floor'), 0)))"""
# An article that stands supersedes its rows of earlier revisions. One that is folded supersedes all
# of its rows, of which there are none if it never stood.
_PUT = f"""
    INSERT INTO articles ({", ".join(_NAMES)}, index_no, superseded)
    VALUES ({"?, " * len(_NAMES)} {_NEXT}, 0)
    ON CONFLICT (article_id) DO UPDATE SET
        {", ".join(f"{name} = excluded.{name}" for name in (*_NAMES[1:], "index_no"))},
        superseded = CASE
            WHEN excluded.duplicate_of IS NULL THEN excluded.revision
            WHEN duplicate_of IS NULL OR superseded > 0 THEN excluded.revision + 1
            ELSE 0 END
    RETURNING index_no"""  # noqa: S608 - our own words alone
# Each of the two parts has an index: most articles are the only one of a story of their own name.
_OF_STORY = "(article_id = ?1 AND story_id = ?1 OR story_id = ?1 AND story_id <> article_id)"
_OF = {
    "related": ":id IN (article_id, other_id)",
    "verdicts": ":id IN (article_id, other_id)",
    "versions": "article_id = :id",
    "aliases": "article_id = :id",
    "articles": "article_id = :id",
}
_AT_ONCE = 50_000
_EARLIEST = "coalesce(published_at, first_seen_at), first_seen_at, article_id"


def put(db: Connection, stored: StoredArticle) -> int:
    """Write an article's newest revision over the last one; return its number in the index."""
    values = [*_PLACES.values(stored), *_PRINTS.values(stored.fingerprint)]
    ((number,),) = db.execute(_PUT, values).fetchall()
    return int(number)


def one(db: Connection, article_id: str) -> StoredArticle | None:
    """Return an article by its id."""
    return _first(_select(db, "WHERE article_id = ?", [article_id]))


def by_url(db: Connection, urls: Sequence[str]) -> StoredArticle | None:
    """Return the article of the first of ``urls`` that is an alias."""
    return _first(
        _select(
            db,
            """JOIN aliases USING (article_id) JOIN json_each(?) AS asked
               ON asked.value = aliases.url ORDER BY asked.key LIMIT 1""",
            [json.dumps(urls)],
        )
    )


def by_index_no(db: Connection, numbers: Iterable[int]) -> dict[int, StoredArticle]:
    """Return the articles of numbers in the index. One that was given up has none."""
    found = db.execute(
        f"{_SELECT}, index_no FROM json_each(?) AS asked"
        " CROSS JOIN articles ON articles.index_no = asked.value",
        [json.dumps(list(numbers))],
    )
    return {row[-1]: _read(row[:-1]) for row in found}


def story(db: Connection, story_id: str) -> list[StoredArticle]:
    """Return a story's articles, the first copy first."""
    return _select(
        db, f"WHERE {_OF_STORY} ORDER BY duplicate_of IS NOT NULL, {_EARLIEST}", [story_id]
    )


def in_order(db: Connection) -> list[str]:
    """Return the ids of all articles, the earliest first."""
    found = db.execute(f"SELECT article_id FROM articles ORDER BY {_EARLIEST}")  # noqa: S608
    return [article_id for (article_id,) in found]


def several(db: Connection, article_ids: Sequence[str]) -> list[StoredArticle]:
    """Return articles by their ids, in their order."""
    return _select(
        db,
        """JOIN json_each(?) AS asked ON asked.value = articles.article_id ORDER BY asked.key""",
        [json.dumps(article_ids)],
    )


def sign(db: Connection, article_id: str, print_: Fingerprint) -> None:
    """Write an article's fingerprint anew, under the number that it has."""
    names = ", ".join(f"{name} = ?" for name in _PRINTS.names)
    db.execute(
        f"UPDATE articles SET {names} WHERE article_id = ?",  # noqa: S608 - our own words alone
        [*_PRINTS.values(print_), article_id],
    )


def first_of_story(db: Connection, story_id: str) -> StoredArticle | None:
    """Return the article of a story that is no duplicate."""
    return _first(
        _select(
            db,
            f"WHERE {_OF_STORY} AND duplicate_of IS NULL ORDER BY {_EARLIEST} LIMIT 1",
            [story_id],
        )
    )


def lead(db: Connection, *, story_id: str, article_id: str) -> None:
    """Make all other articles of a story copies of one."""
    db.execute(
        f"""UPDATE articles SET duplicate_of = ?2,
            superseded = CASE WHEN duplicate_of IS NULL THEN revision + 1 ELSE superseded END
            WHERE {_OF_STORY} AND article_id <> ?2""",  # noqa: S608 - our own words alone
        [story_id, article_id],
    )


def superseded(db: Connection) -> list[tuple[str, int]]:
    """Return the articles some rows of which do not stand: those of revisions before a number."""
    return db.execute(
        "SELECT article_id, superseded FROM articles INDEXED BY articles_superseded"
        " WHERE superseded > 0"
    ).fetchall()


def supersede(db: Connection, numbers: Iterable[tuple[str, int]]) -> None:
    """Say of which articles rows do not stand; see ``superseded``. No number becomes lower."""
    db.executemany(
        "UPDATE articles SET superseded = ?2 WHERE article_id = ?1 AND superseded < ?2", numbers
    )


def keys(db: Connection) -> Iterator[list[tuple[str, int, int]]]:
    """Yield the ids of all articles by many, with the newest revision and when it was fetched."""
    found = db.execute("SELECT article_id, revision, fetched_at FROM articles")
    while some := found.fetchmany(_AT_ONCE):
        yield some


def forget(db: Connection, article_id: str) -> None:
    """Remove all that is known of an article but its entries and its rows in the journal."""
    db.execute(
        """INSERT OR REPLACE INTO meta (key, value)
           SELECT 'index_floor', max(index_no) FROM articles HAVING max(index_no) > coalesce(
               (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'index_floor'), 0)"""
    )
    for table, condition in _OF.items():
        db.execute(f"DELETE FROM {table} WHERE {condition}", {"id": article_id})  # noqa: S608 - our own words alone


def alias(db: Connection, urls: Iterable[str], article_id: str) -> None:
    """Let an article be known by URLs. What a URL led to last is what it stands for."""
    db.executemany(
        """INSERT INTO aliases (url, article_id) VALUES (?, ?)
           ON CONFLICT (url) DO UPDATE SET article_id = excluded.article_id
           WHERE article_id <> excluded.article_id""",
        [(url, article_id) for url in urls],
    )


def _select(db: Connection, tail: str, parameters: Sequence[SqlValue] = ()) -> list[StoredArticle]:
    found = db.execute(f"{_SELECT} FROM articles {tail}", parameters)
    return [_read(row) for row in found]


def _first(found: Sequence[StoredArticle]) -> StoredArticle | None:
    return found[0] if found else None


def _read(row: Sequence[Any]) -> StoredArticle:
    split = len(_PLACES.names)
    return _PLACES.read(row[:split], fingerprint=_PRINTS.read(row[split:]))
