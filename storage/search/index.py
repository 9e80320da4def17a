"""Full-text search over the articles, in a file of its own that can always be built again.

SQLite FTS5 splits text at spaces, which many scripts do not write. So before a text is indexed a
separator goes between the letters of such scripts, and a query's run of them becomes a phrase:
each letter is found, and 津波 finds only those two in a row. The separator is a control character
that no indexed text has, so it can be taken out of what is shown again.

A snippet needs the text. FTS5 would keep it as it is, which takes twice the room of all the rest;
it is kept compressed, and FTS5 is given a view that expands it (SQLite, "FTS5", section 4.4.3,
"External Content Tables").
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import filelock
import pyarrow as pa

from storage.errors import StoreError
from storage.query.session import Session
from storage.search.words import CONTROLS, HAS_DENSE, SEPARATOR, Asked, asked, segmented

HIT_START, HIT_END = "\x02", "\x03"

_VERSION = 3
_BATCH = 500
_PATIENCE = 60.0  # seconds to wait for another process that brings the index up to date
_SNIPPET_TOKENS = 30
_DENSE_SNIPPET_TOKENS = 60  # where every letter is a token

_SCHEMA = f"""
BEGIN;
CREATE TABLE docs (
    id INTEGER PRIMARY KEY,
    article_id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    url TEXT NOT NULL,
    site TEXT NOT NULL,
    feed_id TEXT,
    language TEXT,
    published_at TEXT,
    dated_at TEXT,
    title TEXT,
    body BLOB
);
CREATE VIEW texts AS SELECT id, segmented(title) AS title, expanded(body) AS body FROM docs;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (
    title, body, content = 'texts', content_rowid = 'id',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* M* N* Co'"
);
PRAGMA user_version = {_VERSION};
COMMIT;
"""  # noqa: S608 - no input
_TEXTS = """
    SELECT a.article_id, a.revision, a.url, a.site, a.feed_id, a.language, a.published_at,
           coalesce(a.published_at, a.fetched_at) AS dated_at, a.title, a.text
    FROM articles a SEMI JOIN wanted USING (article_id)"""
_FIND = f"""
    SELECT docs.article_id, docs.title, docs.url, docs.site, docs.published_at,
           bm25(words, 10.0, 1.0) AS rank,
           snippet(words, 1, '{HIT_START}', '{HIT_END}', '…', ?)
    FROM words JOIN docs ON docs.id = words.rowid
    WHERE words MATCH ?{{}} ORDER BY rank, docs.published_at DESC, docs.article_id LIMIT ?"""  # noqa: S608

_DIFFERING = {
    "lacks": "SELECT article_id FROM articles ANTI JOIN wanted USING (article_id, revision)",
    "has what is not stored of": """
        SELECT article_id FROM wanted ANTI JOIN articles USING (article_id, revision)""",
}

_KEPT = ("article_id", "revision", "url", "site", "feed_id", "language")
_PAGE = 16_384  # bytes; of smaller ones a good part stays empty, since two texts rarely fill one

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
        match = asked(words)
        tokens = _DENSE_SNIPPET_TOKENS if HAS_DENSE.search(words) else _SNIPPET_TOKENS
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

    def problems(self, session: Session) -> list[str]:
        """Return a sentence for each thing that is wrong with the index, beside a snapshot.

        That it is older than the snapshot is nothing wrong: the next search brings it up to date.
        """
        if not self._path.is_file():
            return []
        with self._locked():
            try:
                with closing(
                    sqlite3.connect(f"file:{quote(str(self._path))}?mode=ro", uri=True)
                ) as db:
                    return list(_problems(db, session))
            except sqlite3.DatabaseError as error:
                return [f"cannot be read: {error}"]

    def rebuild(self, *, sync: Sync) -> None:
        """Build the index anew from the articles.

        Raises:
            StoreError: it cannot be written.
        """
        try:
            with self._locked():
                self._remove()
                with closing(self._open()) as db:
                    sync(lambda session: _bring_up_to_date(db, session))
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the search index {self._path} cannot be used: {error}") from error

    def _search(self, match: Asked, tokens: int, limit: int, sync: Sync) -> list[SearchHit]:
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
        db = connected(self._path)
        try:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version != _VERSION:
                if db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
                    db.close()
                    self._remove()
                    db = connected(self._path)
                db.execute(f"PRAGMA page_size = {_PAGE}")
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


def connected(path: Path) -> sqlite3.Connection:
    """Open an index with the functions that its own view calls; without them it has no texts."""
    db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    db.execute("PRAGMA trusted_schema = ON")  # some builds let no view call a function of ours
    db.create_function("segmented", 1, lambda text: text and segmented(text), deterministic=True)
    db.create_function("expanded", 1, _expanded, deterministic=True)
    return db


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


def _problems(db: sqlite3.Connection, session: Session) -> Iterator[str]:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != _VERSION:  # the next search builds it anew
        return
    for (said,) in db.execute("PRAGMA quick_check"):
        if said != "ok":
            yield f"SQLite says: {said}"
    stamp = session.stamp
    if not db.execute("SELECT 1 FROM meta WHERE key = 'stamp' AND value = ?", [stamp]).fetchone():
        return
    found = db.execute("SELECT article_id, revision FROM docs").fetchall()
    ids, revisions = zip(*found, strict=True) if found else ((), ())
    docs = pa.table({"article_id": pa.array(ids, pa.string()), "revision": pa.array(revisions)})
    for what, query in _DIFFERING.items():
        count = sum(batch.num_rows for batch in session.stream(query, wanted=docs, size=_BATCH))
        if count:
            yield f"{what} {count} articles, though it says that it is up to date"


def _insert(db: sqlite3.Connection, record: dict[str, object]) -> None:
    title, body = _clean(record["title"]), _clean(record["text"])
    row = db.execute(
        "INSERT INTO docs (article_id, revision, url, site, feed_id, language, published_at,"
        " dated_at, title, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(record[name] for name in _KEPT),
            *(_iso(record[name]) for name in ("published_at", "dated_at")),
            title,
            body and zlib.compress(body.encode()),
        ],
    )
    db.execute(
        "INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)",
        [row.lastrowid, title and segmented(title), body and segmented(body)],
    )


def _iso(at: object) -> str | None:
    return at.astimezone(UTC).isoformat() if isinstance(at, datetime) else None


def _clean(text: object) -> str | None:
    return text.translate(CONTROLS) if isinstance(text, str) else None


def _expanded(body: bytes | str | None) -> str | None:
    """Return a text just as FTS5 was given it: it reads it again to take its words out."""
    return segmented(zlib.decompress(body).decode()) if isinstance(body, bytes) else body


def _find(db: sqlite3.Connection, match: Asked, tokens: int, limit: int) -> list[SearchHit]:
    narrowed = "".join(f" AND {condition}" for condition in match.conditions)
    values = [tokens, match.match, *match.values, limit]
    rows = db.execute(_FIND.format(narrowed), values).fetchall()
    return [
        SearchHit(
            article_id=article_id,
            title=title,
            url=url,
            site=site,
            published_at=published and datetime.fromisoformat(published),
            score=-rank,
            snippet=" ".join(snippet.replace(SEPARATOR, "").split()),
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
    # What is said of a text that cannot be expanded, or by FTS5 of its own tables.
    told = any(words in str(error) for words in ("user-defined function", "logic error", "vtable"))
    return told or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
