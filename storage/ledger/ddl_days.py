"""The part of the SQLite schema about the lake's days that are written anew."""

DAYS = """
-- Exchanges of a day's parts for others that are not done yet; see storage.lake.exchange.
CREATE TABLE rewrites (
    rewrite_id TEXT PRIMARY KEY,
    table_name TEXT NOT NULL,
    day        TEXT NOT NULL,
    old        TEXT NOT NULL,
    parts      TEXT NOT NULL
) WITHOUT ROWID;

-- What was taken down, and, until that is done, by what it is found in the lake. Keys are hashes.
CREATE TABLE takedowns (
    article_id TEXT PRIMARY KEY,
    taken_at   INTEGER NOT NULL,
    remains    TEXT
) WITHOUT ROWID;
CREATE TABLE takedown_keys (
    key        TEXT PRIMARY KEY,
    article_id TEXT NOT NULL
) WITHOUT ROWID;
"""
