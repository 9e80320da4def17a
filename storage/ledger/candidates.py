"""The articles that may be copies of a text: what the index finds, as the ledger has it."""

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import islice
from sqlite3 import Connection

from storage.ledger import articles
from storage.ledger.fold.index import FoldIndex
from storage.model import Fingerprint, StoredArticle


def same(
    db: Connection, index: FoldIndex, content_hash: str, *, since: datetime
) -> list[StoredArticle]:
    """Return the articles with this text, earliest first."""
    numbers = index.same(content_hash, since=since)
    if not numbers:
        return []
    found = articles.by_index_no(db, numbers)
    index.are_stale(set(numbers) - found.keys())
    return sorted(
        (one for one in found.values() if one.fingerprint.content_hash == content_hash),
        key=lambda one: (one.published_at or one.first_seen_at, one.first_seen_at, one.article_id),
    )


def near(
    db: Connection,
    index: FoldIndex,
    print_: Fingerprint,
    *,
    since: datetime,
    limit: int,
    floor: float,
    but: Collection[str] = (),
) -> list[StoredArticle]:
    """Return the best ``limit`` by the text's bands, then those by its lead's, each once.

    None of the feeds ``but``.
    """
    rankings = index.near(print_, since=since, floor=floor)
    if not any(rankings):
        return []
    loaded: dict[int, StoredArticle] = {}
    stale: set[int] = set()
    out: set[int] = set()
    while True:
        # What turns out to be stale, or is not wanted, leaves its place to the next.
        best = {n for numbers in rankings for n in islice(_without(out, numbers), limit)}
        wanted = best - loaded.keys()
        if not wanted:
            break
        found = articles.by_index_no(db, wanted)
        loaded |= found
        stale |= wanted - found.keys()
        out |= stale | {number for number, article in found.items() if article.feed_id in but}
    index.are_stale(stale)
    chosen = (n for numbers in rankings for n in islice(_without(out, numbers), limit))
    return [loaded[number] for number in dict.fromkeys(chosen)]


def _without(out: set[int], numbers: Iterable[int]) -> Iterable[int]:
    return (number for number in numbers if number not in out)
