"""What is remembered of sites: blocks that their pages repeat, and how extraction went on them.

A block counts as repeated once it was seen under two articles that differ in address, story and
headline, so that neither a page read twice nor a story carried twice makes its own text residue.
"""

from datetime import datetime, timedelta
from hashlib import blake2b
from sqlite3 import Connection
from typing import Final

from storage.ledger.codec import micros
from storage.ledger.database import Database
from storage.ledger.mapping import RowMapper
from storage.sites import FeedSignals, PageSignals, Remembered, Sighting

MOST_OF_HOST: Final = 4_000
MOST_BLOCKS: Final = 1_000_000
MOST_PAGES: Final = 48
MOST_OF_FEED: Final = 24
MOST_ROWS: Final = 200_000
KEPT: Final = timedelta(days=30)

_DAY: Final = 86_400_000_000
_ROOM: Final = 0.9  # what a host that has too many blocks is brought down to
_PAGES = RowMapper("site_pages", PageSignals)
_FED = RowMapper("feed_texts", FeedSignals)


class SqliteSites:
    """A ``storage.ledger.base.Sites``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recall(self, host: str, feed_id: str, *, at: datetime) -> Remembered:
        """Return what a host's pages repeat, and how a feed's texts compare with their pages."""
        with self._database.reading() as db:
            repeated = db.execute(
                "SELECT block FROM site_blocks WHERE host = ? AND repeated AND seen_on >= ?",
                [host, _day(at - KEPT)],
            )
            return Remembered(
                repeated=frozenset(block for (block,) in repeated),
                fed=tuple(_FED.select(db, "WHERE feed_id = ? ORDER BY text_no", [feed_id])),
            )

    def pages_of(self, host: str) -> tuple[PageSignals, ...]:
        """Return the last pages of a host, oldest first."""
        with self._database.reading() as db:
            return _pages(db, host)

    def pages(self) -> dict[str, tuple[PageSignals, ...]]:
        """Return the last pages of each host, oldest first."""
        with self._database.reading() as db:
            found = db.execute("SELECT DISTINCT host FROM site_pages ORDER BY host").fetchall()
            return {host: _pages(db, host) for (host,) in found}


def record(db: Connection, sighting: Sighting) -> None:
    """Write down what a page adds, within the bounds of its host and feed."""
    if sighting.blocks:
        _record_blocks(db, sighting)
    _record_page(db, sighting)
    if sighting.fed is not None:
        _record_text(db, sighting.fed)


def keep(db: Connection, *, at: datetime) -> None:
    """Forget what was not seen for long, and what is more than there is room for."""
    db.execute("DELETE FROM site_blocks WHERE seen_on < ?", [_day(at - KEPT)])
    db.execute("DELETE FROM site_pages WHERE seen_at < ?", [micros(at - KEPT)])
    ((count,),) = db.execute("SELECT count(*) FROM site_blocks").fetchall()
    if count > MOST_BLOCKS:
        db.execute(
            """DELETE FROM site_blocks WHERE (host, block) IN
               (SELECT host, block FROM site_blocks ORDER BY repeated, seen_on LIMIT ?)""",
            [count - MOST_BLOCKS],
        )
    for table, number in (("site_pages", "page_no"), ("feed_texts", "text_no")):
        db.execute(
            f"""DELETE FROM {table} WHERE {number} <=
                (SELECT {number} FROM {table} ORDER BY {number} DESC LIMIT 1 OFFSET ?)""",  # noqa: S608 - our own words alone
            [MOST_ROWS],
        )


def _record_blocks(db: Connection, sighting: Sighting) -> None:
    at = sighting.signals.seen_at
    db.execute(
        "DELETE FROM site_blocks WHERE host = ? AND seen_on < ?", [sighting.host, _day(at - KEPT)]
    )
    witness = (_hash(sighting.page), _hash(sighting.story), sighting.headline, _day(at))
    db.executemany(
        """INSERT INTO site_blocks (host, block, page, story, headline, repeated, seen_on)
           VALUES (?, ?, ?, ?, ?, 0, ?)
           ON CONFLICT (host, block) DO UPDATE SET
               repeated = repeated OR (page <> excluded.page AND story <> excluded.story
                                       AND headline <> excluded.headline),
               seen_on = excluded.seen_on
           WHERE NOT repeated OR seen_on <> excluded.seen_on""",
        [(sighting.host, block, *witness) for block in sighting.blocks],
    )
    ((count,),) = db.execute(
        "SELECT count(*) FROM site_blocks WHERE host = ?", [sighting.host]
    ).fetchall()
    if count > MOST_OF_HOST:
        db.execute(
            """DELETE FROM site_blocks WHERE host = :host AND block IN
               (SELECT block FROM site_blocks WHERE host = :host
                ORDER BY repeated, seen_on LIMIT :excess)""",
            {"host": sighting.host, "excess": count - int(_ROOM * MOST_OF_HOST)},
        )


def _record_page(db: Connection, sighting: Sighting) -> None:
    # A page that is read again stands once, as it is now.
    db.execute(
        "DELETE FROM site_pages WHERE host = ? AND url = ?", [sighting.host, sighting.signals.url]
    )
    names = ("host", *_PAGES.names)
    db.execute(
        f"INSERT INTO site_pages ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608 - our own words alone
        [sighting.host, *_PAGES.values(sighting.signals)],
    )
    db.execute(
        """DELETE FROM site_pages WHERE host = :host AND page_no <=
           (SELECT page_no FROM site_pages WHERE host = :host
            ORDER BY page_no DESC LIMIT 1 OFFSET :most)""",
        {"host": sighting.host, "most": MOST_PAGES},
    )


def _record_text(db: Connection, fed: FeedSignals) -> None:
    db.execute("DELETE FROM feed_texts WHERE feed_id = ? AND url = ?", [fed.feed_id, fed.url])
    db.execute(
        f"INSERT INTO feed_texts ({', '.join(_FED.names)})"  # noqa: S608 - our own words alone
        f" VALUES ({', '.join('?' * len(_FED.names))})",
        _FED.values(fed),
    )
    db.execute(
        """DELETE FROM feed_texts WHERE feed_id = :feed AND text_no <=
           (SELECT text_no FROM feed_texts WHERE feed_id = :feed
            ORDER BY text_no DESC LIMIT 1 OFFSET :most)""",
        {"feed": fed.feed_id, "most": MOST_OF_FEED},
    )


def _pages(db: Connection, host: str) -> tuple[PageSignals, ...]:
    return tuple(_PAGES.select(db, "WHERE host = ? ORDER BY page_no", [host]))


def _day(at: datetime) -> int:
    return micros(at) // _DAY


def _hash(words: str) -> int:
    digest = blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
