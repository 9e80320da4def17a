"""Full-text search over the articles, in a file of its own that can always be built again.

SQLite FTS5 splits text at spaces, which many scripts do not write. So before a text is indexed a
separator goes between the letters of such scripts, and a query's run of them becomes a phrase:
each letter is found, and 津波 finds only those two in a row. The separator is a control character
that no indexed text has, so it can be taken out of what is shown again.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import filelock
import pyarrow as pa

from storage.errors import QueryError, StoreError
from storage.query import Session

HIT_START, HIT_END = "\x02", "\x03"

_SEPARATOR = "\x1f"
_VERSION = 1
_BATCH = 500
_PATIENCE = 60.0  # seconds to wait for another process that brings the index up to date
_SNIPPET_TOKENS = 30
_DENSE_SNIPPET_TOKENS = 60  # where every letter is a token

# Scripts written without spaces between words, and Hangul, whose words carry their particles.
_DENSE = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\u1b00-\u1b7f"
    "\u3005-\u3007\u3040-\u312f\u3130-\u318f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf"
    "\ua980-\ua9ff\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f"
    "\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
_HAS_DENSE = re.compile(f"[{_DENSE}]")
# Between two letters of which one is dense; marks (not \w) stay with the letter they stand on.
_BOUNDARY = re.compile(rf"(?<=[{_DENSE}])(?=[^\W_])|(?<=[^\W_])(?=(?=[{_DENSE}])\w)")
_CONTROLS = {code: " " for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
_TERM = re.compile(r'(-?)"([^"]*)"?|(\S+)')
_LETTER = re.compile(r"[^\W_]")

_SCHEMA = f"""
BEGIN;
CREATE TABLE docs (
    id INTEGER PRIMARY KEY,
    article_id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    url TEXT NOT NULL,
    site TEXT NOT NULL,
    published_at TEXT
);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (
    title, body, tokenize = "unicode61 remove_diacritics 2 categories 'L* M* N* Co'"
);
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_TEXTS = """
    SELECT a.article_id, a.revision, a.url, a.site, a.published_at, a.title, a.text
    FROM articles a SEMI JOIN wanted USING (article_id)"""
_FIND = f"""
    SELECT docs.article_id, words.title, docs.url, docs.site, docs.published_at,
           bm25(words, 10.0, 1.0) AS rank,
           snippet(words, 1, '{HIT_START}', '{HIT_END}', '…', ?)
    FROM words JOIN docs ON docs.id = words.rowid
    WHERE words MATCH ? ORDER BY rank, docs.published_at DESC, docs.article_id LIMIT ?"""  # noqa: S608

Sync = Callable[[Callable[[Session], None]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """An article that was found.

    ``score`` is higher for a better match (BM25, the title weighing ten times the text).
    ``snippet`` is a piece of the text; each hit in it stands between ``HIT_START`` and ``HIT_END``,
    which stand nowhere else in it.
    """

    article_id: str
    title: str | None
    url: str
    site: str
    published_at: datetime | None
    score: float
    snippet: str


class SearchIndex:
    """The index of one store, under its ``state`` folder. Several processes may use it at once."""

    def __init__(self, state: Path) -> None:
        self._path = state / "search.db"
        self._lock = filelock.FileLock(state / "search.lock", timeout=_PATIENCE)

    def search(self, words: str, *, limit: int, sync: Sync) -> list[SearchHit]:
        """Bring the index up to date and find the best matches.

        ``sync`` runs a function on a snapshot of the store, taken when it is called.

        Raises:
            QueryError: there is no word to look for.
            StoreError: the index cannot be written.
        """
        match = match_expression(words)
        tokens = _DENSE_SNIPPET_TOKENS if _HAS_DENSE.search(words) else _SNIPPET_TOKENS
        try:
            try:
                return self._search(match, tokens, limit, sync)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                with self._locked():
                    self._remove()
                return self._search(match, tokens, limit, sync)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the search index {self._path} cannot be used: {error}") from error

    def forget(self) -> None:
        """Remove the index with all that it has of texts; the next search builds it anew.

        Raises:
            StoreError: another process is building it.
        """
        with self._locked():
            self._remove()

    def _search(self, match: str, tokens: int, limit: int, sync: Sync) -> list[SearchHit]:
        # The snapshot is taken under the lock, so that an older one never follows a newer one.
        with self._locked():
            db = self._open()
            with closing(db):
                sync(lambda session: _bring_up_to_date(db, session))
                return _find(db, match, tokens, limit)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._lock:
                yield
        except filelock.Timeout as error:
            raise StoreError(
                "another process is still building the search index; try again later"
            ) from error

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)
        try:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version != _VERSION:
                if db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
                    db.close()
                    self._remove()
                    db = sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)
                db.execute("PRAGMA journal_mode = WAL")
                db.executescript(_SCHEMA)
            db.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            db.close()
            raise
        return db

    def _remove(self) -> None:
        for end in ("", "-wal", "-shm", "-journal"):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)


def match_expression(words: str) -> str:
    """Turn a person's words into an FTS5 expression; whatever they write, it is a valid one.

    All terms must be there: a word, ``"words in a row"``, ``begin*``; ``-term`` must not.

    Raises:
        QueryError: there is no word to look for.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    for found in _TERM.finditer(words.encode(errors="ignore").decode().translate(_CONTROLS)):
        sign, quoted, bare = found.groups()
        text: str = quoted if bare is None else bare.removeprefix("-")
        excluded = bool(sign) if bare is None else bare.startswith("-")
        if not _LETTER.search(text):
            continue
        prefix = bare is not None and text.endswith("*")
        phrase = segmented(text).replace('"', " ")
        term = f'"{phrase}"' + (" *" if prefix else "")
        (unwanted if excluded else wanted).append(term)
    if not wanted:
        raise QueryError("give at least one word to look for")
    positive = " AND ".join(wanted)
    return f"({positive}) NOT ({' OR '.join(unwanted)})" if unwanted else positive


def segmented(text: str) -> str:
    """Put the separator between letters that a space would not part."""
    return text if text.isascii() else _BOUNDARY.sub(_SEPARATOR, text)


def _bring_up_to_date(db: sqlite3.Connection, session: Session) -> None:
    """Make the index hold exactly the session's articles. Broken off, it goes on the next time."""
    stamp = session.stamp
    if db.execute("SELECT 1 FROM meta WHERE key = 'stamp' AND value = ?", [stamp]).fetchone():
        return
    db.execute("CREATE TEMP TABLE IF NOT EXISTS target (article_id TEXT PRIMARY KEY, revision INT)")
    db.execute("DELETE FROM target")
    current = session.table("SELECT article_id, revision FROM articles")
    with _transaction(db):
        for batch in current.to_batches():
            pairs = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            db.executemany("INSERT INTO target VALUES (?, ?)", pairs)
    stale = db.execute(
        "SELECT id FROM docs WHERE NOT EXISTS (SELECT 1 FROM target"
        " WHERE target.article_id = docs.article_id AND target.revision = docs.revision)"
    ).fetchall()
    missing = db.execute(
        "SELECT article_id FROM target WHERE NOT EXISTS (SELECT 1 FROM docs"
        " WHERE target.article_id = docs.article_id AND target.revision = docs.revision)"
    ).fetchall()
    with _transaction(db):
        db.execute("DELETE FROM meta WHERE key = 'stamp'")
        db.executemany("DELETE FROM words WHERE rowid = ?", stale)
        db.executemany("DELETE FROM docs WHERE id = ?", stale)
    if missing:
        wanted = pa.table({"article_id": [article_id for (article_id,) in missing]})
        for batch in session.stream(_TEXTS, wanted=wanted, size=_BATCH):
            with _transaction(db):
                for record in batch.to_pylist():
                    _insert(db, record)
    db.execute("INSERT OR REPLACE INTO meta VALUES ('stamp', ?)", [stamp])


def _insert(db: sqlite3.Connection, record: dict[str, object]) -> None:
    published = record["published_at"]
    row = db.execute(
        "INSERT INTO docs (article_id, revision, url, site, published_at) VALUES (?, ?, ?, ?, ?)",
        [
            *(record[name] for name in ("article_id", "revision", "url", "site")),
            published.isoformat() if isinstance(published, datetime) else None,
        ],
    )
    db.execute(
        "INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)",
        [row.lastrowid, _indexed(record["title"]), _indexed(record["text"])],
    )


def _indexed(text: object) -> str | None:
    return segmented(text.translate(_CONTROLS)) if isinstance(text, str) else None


def _find(db: sqlite3.Connection, match: str, tokens: int, limit: int) -> list[SearchHit]:
    rows = db.execute(_FIND, [tokens, match, limit]).fetchall()
    return [
        SearchHit(
            article_id=article_id,
            title=title and title.replace(_SEPARATOR, ""),
            url=url,
            site=site,
            published_at=published and datetime.fromisoformat(published),
            score=-rank,
            snippet=" ".join(snippet.replace(_SEPARATOR, "").split()),
        )
        for article_id, title, url, site, published, rank, snippet in rows
    ]


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "vtable" in str(error)
