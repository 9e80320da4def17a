"""The SQLite schema. Times are integers: microseconds since 1970, UTC."""

from collections.abc import Mapping

from storage.ledger.ddl_days import DAYS
from storage.ledger.ddl_sites import SITES
from storage.ledger.seals import COLUMNS

SCHEMA_VERSION = 5

SCHEMA = (
    """
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
-- By this the files that are derived from the ledger know it from another.
INSERT INTO meta (key, value) VALUES ('ledger_id', lower(hex(randomblob(16))));

CREATE TABLE runs (
    run_id     TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    killed     INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE feeds (
    feed_id          TEXT PRIMARY KEY,
    url              TEXT NOT NULL,
    name             TEXT NOT NULL,
    title            TEXT,
    etag             TEXT,
    last_modified    TEXT,
    body_hash        TEXT,
    interval_seconds REAL,
    next_due_at      INTEGER,
    polled_at        INTEGER,
    ok_at            INTEGER,
    new_at           INTEGER,
    failures         REAL NOT NULL,
    ok               INTEGER,
    reason           TEXT,
    detail           TEXT,
    status           INTEGER,
    held_until       INTEGER,
    retired          INTEGER NOT NULL,
    extra            TEXT NOT NULL,
    schedule         TEXT NOT NULL DEFAULT '[]',
    answer_date      TEXT,
    full_at          INTEGER,
    validators_url   TEXT,
    fresh_seconds    REAL,
    ttl_seconds      REAL,
    skip_hours       TEXT NOT NULL DEFAULT '[]',
    skip_days        TEXT NOT NULL DEFAULT '[]',
    address          TEXT,
    moved_to         TEXT,
    moved_since      INTEGER,
    gaps             INTEGER NOT NULL DEFAULT 0,
    gap_at           INTEGER,
    link             TEXT,
    hub              TEXT,
    topic            TEXT
) WITHOUT ROWID;

-- Hosts that want to be left alone for a while (RFC 6585 section 4).
CREATE TABLE holds (
    host       TEXT PRIMARY KEY,
    held_until INTEGER NOT NULL
) WITHOUT ROWID;

-- Subscriptions to hubs (WebSub).
CREATE TABLE subscriptions (
    token        TEXT PRIMARY KEY,
    feed_id      TEXT NOT NULL,
    hub          TEXT NOT NULL,
    topic        TEXT NOT NULL,
    callback     TEXT NOT NULL,
    secret       TEXT NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT NOT NULL,
    detail       TEXT,
    requested_at INTEGER,
    verified_at  INTEGER,
    expires_at   INTEGER,
    due_at       INTEGER NOT NULL,
    failures     INTEGER NOT NULL,
    pushes       INTEGER NOT NULL,
    pushed_at    INTEGER,
    misses       INTEGER NOT NULL,
    missed_at    INTEGER,
    ignored      INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX subscriptions_by_feed ON subscriptions (feed_id);

CREATE TABLE entries (
    entry_id      TEXT PRIMARY KEY,
    feed_id       TEXT NOT NULL,
    guid          TEXT NOT NULL,
    url           TEXT,
    title         TEXT,
    entry_hash    TEXT NOT NULL,
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    outcome       TEXT NOT NULL,
    reason        TEXT NOT NULL,
    detail        TEXT,
    article_id    TEXT,
    attempts      INTEGER NOT NULL,
    due_at        INTEGER,
    recheck       INTEGER NOT NULL,
    claimed_by    TEXT,
    payload       BLOB,
    UNIQUE (feed_id, guid),
    CHECK (outcome = 'pending' OR (payload IS NULL AND claimed_by IS NULL))
);
CREATE INDEX entries_waiting ON entries (due_at, entry_id)
    WHERE outcome = 'pending' AND claimed_by IS NULL;
CREATE INDEX entries_claimed ON entries (claimed_by) WHERE claimed_by IS NOT NULL;
CREATE INDEX entries_by_outcome ON entries (feed_id, outcome);
CREATE INDEX entries_by_url ON entries (url) WHERE url IS NOT NULL;
CREATE INDEX entries_by_article ON entries (article_id) WHERE article_id IS NOT NULL;

-- What is compared often stands first; the blobs at the end, which may overflow their page.
CREATE TABLE articles (
    article_no    INTEGER PRIMARY KEY,
    index_no      INTEGER NOT NULL DEFAULT 0,
    article_id    TEXT NOT NULL UNIQUE,
    revision      INTEGER NOT NULL,
    story_id      TEXT NOT NULL,
    duplicate_of  TEXT,
    fetched_at    INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,
    published_at  INTEGER,
    content_hash  TEXT NOT NULL,
    url           TEXT NOT NULL,
    canonical_url TEXT NOT NULL,
    site          TEXT NOT NULL,
    title         TEXT,
    word_count    INTEGER NOT NULL,
    text_source   TEXT NOT NULL,
    feed_id       TEXT NOT NULL,
    guid          TEXT,
    language      TEXT,
    misplaced     INTEGER NOT NULL DEFAULT 0,
    superseded    INTEGER NOT NULL DEFAULT 0,
    shingles      INTEGER NOT NULL,
    lead_shingles INTEGER NOT NULL DEFAULT 0,
    numbers       TEXT NOT NULL,
    bands         BLOB NOT NULL,
    signature     BLOB NOT NULL,
    lead_bands    BLOB NOT NULL DEFAULT x'',
    lead          BLOB NOT NULL DEFAULT x'',
    sample        BLOB NOT NULL DEFAULT x'',
    passages      BLOB NOT NULL DEFAULT x'',
    headline      INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX articles_by_story ON articles (story_id) WHERE story_id <> article_id;
-- The fold's index refers to these numbers: a new one, the highest, each time a row is written.
CREATE UNIQUE INDEX articles_by_index_no ON articles (index_no);
-- Rows of revisions before ``superseded`` do not stand in the lake; of most articles none is.
CREATE INDEX articles_superseded ON articles (article_id, superseded) WHERE superseded > 0;

CREATE TABLE aliases (
    url        TEXT PRIMARY KEY,
    article_id TEXT NOT NULL REFERENCES articles (article_id)
) WITHOUT ROWID;

-- Articles that are near each other and no copies; either may be asked for.
CREATE TABLE related (
    article_id  TEXT NOT NULL,
    other_id    TEXT NOT NULL,
    rule        TEXT NOT NULL,
    similarity  REAL NOT NULL,
    containment REAL NOT NULL,
    PRIMARY KEY (article_id, other_id)
) WITHOUT ROWID;
CREATE INDEX related_by_other ON related (other_id);

-- How often each text of an article was stored as a revision.
CREATE TABLE versions (
    article_id TEXT NOT NULL,
    version    TEXT NOT NULL,
    times      INTEGER NOT NULL,
    PRIMARY KEY (article_id, version)
) WITHOUT ROWID;

-- What a person said of two articles: it stands, whatever the numbers say.
CREATE TABLE verdicts (
    article_id TEXT NOT NULL,
    other_id   TEXT NOT NULL,
    word       TEXT NOT NULL,
    said_at    INTEGER NOT NULL,
    PRIMARY KEY (article_id, other_id)
) WITHOUT ROWID;
CREATE INDEX verdicts_by_other ON verdicts (other_id);

-- Open batches alone: a closed one is a part.
CREATE TABLE batches (
    batch_id   TEXT PRIMARY KEY,
    table_name TEXT NOT NULL,
    day        TEXT NOT NULL,
    rows       INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE journal (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name TEXT NOT NULL,
    day        TEXT NOT NULL,
    article_id TEXT,
    revision   INTEGER,
    added_at   INTEGER NOT NULL,
    batch_id   TEXT REFERENCES batches,
    checksum   BLOB NOT NULL,
    body       BLOB NOT NULL
);
-- The last two so that counting the journal reads none of its bodies.
CREATE INDEX journal_unbatched ON journal (table_name, day, seq, added_at, batch_id)
    WHERE batch_id IS NULL;
CREATE INDEX journal_by_batch ON journal (batch_id) WHERE batch_id IS NOT NULL;
CREATE UNIQUE INDEX journal_revisions ON journal (article_id, revision)
    WHERE table_name = 'articles';

CREATE TABLE parts (
    path       TEXT PRIMARY KEY,
    table_name TEXT NOT NULL,
    batch_id   TEXT NOT NULL UNIQUE,
    rows       INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    sha256     TEXT NOT NULL
) WITHOUT ROWID;
"""
    + SITES
    + DAYS
    + COLUMNS
)

UPGRADES: Mapping[int, str] = {
    1: """
ALTER TABLE feeds ADD COLUMN schedule TEXT NOT NULL DEFAULT '[]';
ALTER TABLE feeds ADD COLUMN answer_date TEXT;
ALTER TABLE feeds ADD COLUMN full_at INTEGER;
ALTER TABLE feeds ADD COLUMN validators_url TEXT;
ALTER TABLE feeds ADD COLUMN fresh_seconds REAL;
ALTER TABLE feeds ADD COLUMN ttl_seconds REAL;
ALTER TABLE feeds ADD COLUMN skip_hours TEXT NOT NULL DEFAULT '[]';
ALTER TABLE feeds ADD COLUMN skip_days TEXT NOT NULL DEFAULT '[]';
ALTER TABLE feeds ADD COLUMN address TEXT;
ALTER TABLE feeds ADD COLUMN moved_to TEXT;
ALTER TABLE feeds ADD COLUMN moved_since INTEGER;
ALTER TABLE feeds ADD COLUMN gaps INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN gap_at INTEGER;
ALTER TABLE feeds ADD COLUMN link TEXT;
ALTER TABLE feeds ADD COLUMN hub TEXT;
ALTER TABLE feeds ADD COLUMN topic TEXT;
CREATE TABLE holds (
    host       TEXT PRIMARY KEY,
    held_until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE subscriptions (
    token        TEXT PRIMARY KEY,
    feed_id      TEXT NOT NULL,
    hub          TEXT NOT NULL,
    topic        TEXT NOT NULL,
    callback     TEXT NOT NULL,
    secret       TEXT NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT NOT NULL,
    detail       TEXT,
    requested_at INTEGER,
    verified_at  INTEGER,
    expires_at   INTEGER,
    due_at       INTEGER NOT NULL,
    failures     INTEGER NOT NULL,
    pushes       INTEGER NOT NULL,
    pushed_at    INTEGER,
    misses       INTEGER NOT NULL,
    missed_at    INTEGER,
    ignored      INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX subscriptions_by_feed ON subscriptions (feed_id);
INSERT INTO meta (key, value) VALUES ('ledger_id', lower(hex(randomblob(16))));
DROP TABLE bands;
ALTER TABLE articles ADD COLUMN sample BLOB NOT NULL DEFAULT x'';
ALTER TABLE articles ADD COLUMN passages BLOB NOT NULL DEFAULT x'';
ALTER TABLE articles ADD COLUMN headline INTEGER NOT NULL DEFAULT 0;
ALTER TABLE articles ADD COLUMN lead BLOB NOT NULL DEFAULT x'';
ALTER TABLE articles ADD COLUMN lead_bands BLOB NOT NULL DEFAULT x'';
ALTER TABLE articles ADD COLUMN lead_shingles INTEGER NOT NULL DEFAULT 0;
ALTER TABLE articles ADD COLUMN index_no INTEGER NOT NULL DEFAULT 0;
ALTER TABLE articles ADD COLUMN language TEXT;
ALTER TABLE articles ADD COLUMN misplaced INTEGER NOT NULL DEFAULT 0;
UPDATE articles SET index_no = article_no;
CREATE UNIQUE INDEX articles_by_index_no ON articles (index_no);
DROP INDEX articles_by_hash;
DROP INDEX articles_by_story;
CREATE INDEX articles_by_story ON articles (story_id) WHERE story_id <> article_id;
CREATE TABLE related (
    article_id  TEXT NOT NULL,
    other_id    TEXT NOT NULL,
    rule        TEXT NOT NULL,
    similarity  REAL NOT NULL,
    containment REAL NOT NULL,
    PRIMARY KEY (article_id, other_id)
) WITHOUT ROWID;
CREATE INDEX related_by_other ON related (other_id);
CREATE TABLE versions (
    article_id TEXT NOT NULL,
    version    TEXT NOT NULL,
    times      INTEGER NOT NULL,
    PRIMARY KEY (article_id, version)
) WITHOUT ROWID;
CREATE TABLE verdicts (
    article_id TEXT NOT NULL,
    other_id   TEXT NOT NULL,
    word       TEXT NOT NULL,
    said_at    INTEGER NOT NULL,
    PRIMARY KEY (article_id, other_id)
) WITHOUT ROWID;
CREATE INDEX verdicts_by_other ON verdicts (other_id);
"""
    + SITES,
    2: """
ALTER TABLE articles ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0;
UPDATE articles SET superseded = revision + (duplicate_of IS NOT NULL);
CREATE INDEX articles_superseded ON articles (article_id, superseded) WHERE superseded > 0;
""",
    3: DAYS,
    4: COLUMNS,
}
"""What brings a file of each version to the next one."""
