"""The tables of what is remembered of sites, as they are in a new ledger and in an old one."""

from typing import Final

SITES: Final = """
-- What is remembered of sites: a block with what it was first seen under and whether it was seen
-- under others too (days since 1970); how extraction went on the last pages; how feeds' own texts
-- compare with their pages'.
CREATE TABLE site_blocks (
    host     TEXT NOT NULL,
    block    INTEGER NOT NULL,
    page     INTEGER NOT NULL,
    story    INTEGER NOT NULL,
    headline INTEGER NOT NULL,
    repeated INTEGER NOT NULL,
    seen_on  INTEGER NOT NULL,
    PRIMARY KEY (host, block)
) WITHOUT ROWID;
CREATE TABLE site_pages (
    page_no   INTEGER PRIMARY KEY,
    host      TEXT NOT NULL,
    url       TEXT NOT NULL,
    feed_id   TEXT NOT NULL,
    seen_at   INTEGER NOT NULL,
    words     INTEGER NOT NULL,
    agreement REAL NOT NULL,
    links     REAL NOT NULL,
    note      TEXT NOT NULL
);
CREATE INDEX site_pages_by_host ON site_pages (host, page_no);
CREATE TABLE feed_texts (
    text_no    INTEGER PRIMARY KEY,
    feed_id    TEXT NOT NULL,
    url        TEXT NOT NULL,
    feed_words INTEGER NOT NULL,
    page_words INTEGER NOT NULL,
    shared     REAL NOT NULL
);
CREATE INDEX feed_texts_by_feed ON feed_texts (feed_id, text_no);
"""
