"""What must hold of a store, whatever happened to the process that filled it."""

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from storage.fs import no_hook
from storage.lake.lake import Lake
from storage.lake.parts import read_part
from storage.ledger.sqlite import SqliteLedger
from storage.model import Fingerprint, Outcome
from storage.schema import TABLES, to_table
from tests.faults.newsroom import COPIES, Newsroom, bands_of, open_ledger, story_of
from tests.ledger.values import NOON

KEYS = {
    "articles": ("article_id", "revision"),
    "duplicates": ("article_id", "revision"),
    "polls": ("feed_id", "run_id"),
    "outcomes": ("entry_id", "outcome"),
}
_LONG_AGO = NOON.replace(year=2000)


def flaws(root: Path, newsroom: Newsroom, *, told: Collection[str] = (), done: bool) -> list[str]:
    """Return what is wrong with a store that was filled from a newsroom.

    ``told`` are the items that a crawl reported as committed; ``done``: a crawl has ended well, so
    all that the newsroom serves must be there.
    """
    ledger = open_ledger(root, no_hook)
    try:
        return [*_flaws(root, ledger, newsroom, told, done)]
    finally:
        ledger.close()


def _flaws(
    root: Path, ledger: SqliteLedger, newsroom: Newsroom, told: Collection[str], done: bool
) -> Iterator[str]:
    yield from ledger.checks()
    yield from ledger.fold_checks()
    yield from (f"{problem.path}: {problem.what}" for problem in Lake(root, ledger).verify())
    rows = {table: _rows(root, ledger, table) for table in TABLES}
    for table, found in rows.items():
        yield from (f"{table}: {key} is there {n} times" for key, n in found.items() if n > 1)
    there = Counter(str(key[0]) for table in ("articles", "duplicates") for key in rows[table])
    yield from (f"{item} was told of and is not there" for item in set(told) - set(there))
    yield from (f"{item} is there {n} times" for item, n in there.items() if n > 1)
    entries = {
        guid: e for feed in newsroom.feeds() for guid, e in ledger.known_entries(feed).items()
    }
    stored = {guid for guid, e in entries.items() if e.outcome in {Outcome.NEW, Outcome.DUPLICATE}}
    if stored != set(there):
        yield f"entries and rows differ: {sorted(stored ^ set(there))}"
    yield from _index_flaws(ledger, there)
    if done:
        if set(there) != set(newsroom.guids):
            yield f"the newsroom serves others: {sorted(set(newsroom.guids) ^ set(there))}"
        if ledger.journal_state().rows or ledger.open_batches():
            yield "rows wait in the journal after a flush"
        if left := [*(root / "tmp").iterdir(), *(root / "state" / "fold").glob("*.tmp")]:
            yield f"left over: {left}"


def _rows(root: Path, ledger: SqliteLedger, table: str) -> Counter[tuple[object, ...]]:
    """Count the rows by key in the journal and in every file, known to the ledger or not."""
    names = list(KEYS[table])
    waiting = ledger.snapshot().rows
    batches = {batch.batch_id for batch in ledger.open_batches()}
    found = [to_table(table, waiting.get(table, ()))]
    # A file of an open batch stands for rows that are in the journal still.
    found += [
        read_part(file, names)
        for file in (root / table).rglob("*")
        if file.is_file() and file.stem.removeprefix("part-") not in batches
    ]
    return Counter(tuple(row[name] for name in names) for one in found for row in one.to_pylist())


def _index_flaws(ledger: SqliteLedger, there: Collection[str]) -> Iterator[str]:
    """Ask the index for each item by its own bands, and for each story's copies by its band."""
    with ledger.writing() as writer:
        for guid in there:
            own = Fingerprint(content_hash="", bands=bands_of(guid)[1:])
            found = writer.articles_near(own, since=_LONG_AGO, limit=9, floor=0)
            if [article.article_id for article in found] != [guid]:
                yield f"the index finds {found} for {guid}"
        for story in {story_of(guid) for guid in there}:
            band = Fingerprint(content_hash="", bands=(story + 1,))
            found = writer.articles_near(band, since=_LONG_AGO, limit=COPIES + 1, floor=0)
            if len({article.story_id for article in found}) != 1:
                yield f"copies of story {story} were not told as such"
