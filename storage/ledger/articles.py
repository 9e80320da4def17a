"""The article index: newest revisions by id, URL, text, story and LSH band."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from storage.ledger.codec import micros, pack_bands, unpack_bands
from storage.ledger.mapping import RowMapper, SqlValue
from storage.model import Fingerprint, StoredArticle, TextSource


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A row of the index: a ``StoredArticle`` with its fingerprint laid flat."""

    article_id: str
    revision: int
    story_id: str
    duplicate_of: str | None
    fetched_at: datetime
    first_seen_at: datetime
    published_at: datetime | None
    content_hash: str
    url: str
    canonical_url: str
    site: str
    title: str | None
    word_count: int
    text_source: TextSource
    feed_id: str
    guid: str | None
    shingles: int
    numbers: tuple[str, ...]
    bands: bytes
    signature: bytes


_ARTICLES = RowMapper("articles", _Row)
_PRINT = {field.name for field in fields(Fingerprint)}
_EARLIEST = "coalesce(published_at, first_seen_at), first_seen_at, article_id"


def put(db: Connection, stored: StoredArticle) -> None:
    """Write an article's newest revision over the last one, and its bands over the old ones."""
    old: tuple[int, bytes] | None = db.execute(
        "SELECT article_no, bands FROM articles WHERE article_id = ?", [stored.article_id]
    ).fetchone()
    row = _flat(stored)
    _ARTICLES.put(db, row, key="article_id")
    if old is None:
        (number,) = db.execute("SELECT last_insert_rowid()").fetchone()
    else:
        number = old[0]
    before = set(unpack_bands(old[1])) if old else set()
    after = set(stored.fingerprint.bands)
    db.executemany(
        "DELETE FROM bands WHERE band = ? AND article_no = ?", _pairs(before - after, number)
    )
    db.executemany("INSERT INTO bands VALUES (?, ?)", _pairs(after - before, number))


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


def by_hash(db: Connection, content_hash: str, *, since: datetime) -> list[StoredArticle]:
    """Return the articles with a text, earliest first."""
    return _select(
        db,
        f"WHERE content_hash = ? AND fetched_at >= ? ORDER BY {_EARLIEST}",
        [content_hash, micros(since)],
    )


def by_bands(
    db: Connection, bands: Sequence[int], *, since: datetime, limit: int
) -> list[StoredArticle]:
    """Return the articles that share bands, most shared first."""
    # Counted and cut first, loaded after: a band of boilerplate may be shared by thousands.
    return _select(
        db,
        """JOIN (
               SELECT bands.article_no, count(*) AS shared
               FROM json_each(?) AS asked
               CROSS JOIN bands ON bands.band = asked.value
               CROSS JOIN articles USING (article_no)
               WHERE articles.fetched_at >= ?
               GROUP BY bands.article_no
               ORDER BY shared DESC, articles.article_id
               LIMIT ?
           ) AS hit USING (article_no)
           ORDER BY hit.shared DESC, articles.article_id""",
        [json.dumps(sorted(set(bands))), micros(since), limit],
    )


def story(db: Connection, story_id: str) -> list[StoredArticle]:
    """Return a story's articles, the first copy first."""
    return _select(
        db, f"WHERE story_id = ? ORDER BY duplicate_of IS NOT NULL, {_EARLIEST}", [story_id]
    )


def first_of_story(db: Connection, story_id: str) -> StoredArticle | None:
    """Return the article of a story that is no duplicate."""
    return _first(
        _select(
            db,
            f"WHERE story_id = ? AND duplicate_of IS NULL ORDER BY {_EARLIEST} LIMIT 1",
            [story_id],
        )
    )


def lead(db: Connection, *, story_id: str, article_id: str) -> None:
    """Make all other articles of a story copies of one."""
    db.execute(
        """UPDATE articles SET duplicate_of = :first
           WHERE story_id = :story AND article_id <> :first""",
        {"first": article_id, "story": story_id},
    )


def alias(db: Connection, urls: Iterable[str], article_id: str) -> None:
    """Let an article be known by URLs. What a URL led to last is what it stands for."""
    db.executemany(
        """INSERT INTO aliases (url, article_id) VALUES (?, ?)
           ON CONFLICT (url) DO UPDATE SET article_id = excluded.article_id
           WHERE article_id <> excluded.article_id""",
        [(url, article_id) for url in urls],
    )


def _select(db: Connection, tail: str, parameters: Sequence[SqlValue] = ()) -> list[StoredArticle]:
    return [_deep(row) for row in _ARTICLES.select(db, tail, parameters)]


def _first(found: Sequence[StoredArticle]) -> StoredArticle | None:
    return found[0] if found else None


def _pairs(bands: Iterable[int], number: int) -> list[tuple[int, int]]:
    return [(band, number) for band in sorted(bands)]


def _flat(stored: StoredArticle) -> _Row:
    parts: dict[str, Any] = {
        name: getattr(stored.fingerprint if name in _PRINT else stored, name)
        for name in _ARTICLES.names
    }
    return _Row(**parts | {"bands": pack_bands(stored.fingerprint.bands)})


def _deep(row: _Row) -> StoredArticle:
    parts: dict[str, Any] = {name: getattr(row, name) for name in _ARTICLES.names}
    print_ = {name: parts.pop(name) for name in _PRINT}
    print_["bands"] = unpack_bands(row.bands)
    return StoredArticle(**parts, fingerprint=Fingerprint(**print_))
