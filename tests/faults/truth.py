"""What must hold of a store, whatever happened to the process that filled it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
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


class Kind(StrEnum):
    """What is wrong: a row is not there, or twice; a file cannot be read; or something else."""

    LOST = "lost"
    DOUBLED = "doubled"
    UNREADABLE = "unreadable"
    OTHER = "other"


_LONG_AGO = NOON.replace(year=2000)


def said_of(faults: Mapping[str, int], *, runs: int, rows: int, flaws: Collection[str]) -> str:
    """Return a line that says what many crawls came to: the tally of ``make faults``."""
    met = ", ".join(f"{count:,} {kind}" for kind, count in faults.items() if count)
    kinds = Counter(flaw.split(":", 1)[0] for flaw in flaws)
    others = kinds.total() - sum(kinds[kind] for kind in (Kind.LOST, Kind.DOUBLED, Kind.UNREADABLE))
    return (
        f"{runs:,} crawls, {met}; {rows:,} rows served: {kinds[Kind.LOST]} lost,"
        f" {kinds[Kind.DOUBLED]} doubled; {kinds[Kind.UNREADABLE]} unreadable files,"
        f" {others} other flaws"
    )


def flaws(root: Path, newsroom: Newsroom, *, told: Collection[str] = (), done: bool) -> list[str]:
    """Return what is wrong with a store that was filled from a newsroom, each with its kind first.

    ``told`` are the items that a crawl reported as committed; ``done``: a crawl has ended well, so
    all that the newsroom serves must be there.
    """
    ledger = open_ledger(root, no_hook)
    try:
        found = [*_flaws(root, ledger, newsroom, told, done)]
    finally:
        ledger.close()
    # Only now: asked, the index merges its segments in a thread, by way of such a file.
    left = [*(root / "state" / "fold").glob("*.tmp")]
    # What a compaction leaves there is the next one's to remove.
    left += [file for file in (root / "tmp").glob("*") if file.name != "rewrites"]
    return [*found, f"{Kind.OTHER}: left over: {left}"] if done and left else found


def _flaws(
    root: Path, ledger: SqliteLedger, newsroom: Newsroom, told: Collection[str], done: bool
) -> Iterator[str]:
    yield from (f"{Kind.OTHER}: {said}" for said in (*ledger.checks(), *ledger.fold_checks()))
    for problem in Lake(root, ledger).verify():
        yield f"{Kind.UNREADABLE}: {problem.path}: {problem.what}"
    rows = {table: _rows(root, ledger, table) for table in TABLES}
    for table, found in rows.items():
        for key, n in found.items():
            if n > 1:
                yield f"{Kind.DOUBLED}: {table}: {key} is there {n} times"
    there = Counter(str(key[0]) for table in ("articles", "duplicates") for key in rows[table])
    for item in set(told) - set(there):
        yield f"{Kind.LOST}: {item} was told of and is not there"
    yield from (f"{Kind.DOUBLED}: {item} is there {n} times" for item, n in there.items() if n > 1)
    entries = {
        guid: e for feed in newsroom.feeds() for guid, e in ledger.known_entries(feed).items()
    }
    stored = {guid for guid, e in entries.items() if e.outcome in {Outcome.NEW, Outcome.DUPLICATE}}
    if stored != set(there):
        yield f"{Kind.OTHER}: entries and rows differ: {sorted(stored ^ set(there))}"
    yield from _index_flaws(ledger, there)
    if done:
        yield from _remainder(ledger, newsroom, there)


def _remainder(ledger: SqliteLedger, newsroom: Newsroom, there: Collection[str]) -> Iterator[str]:
    """Yield what a crawl that ended well should not have left."""
    for item in set(newsroom.guids) - set(there):
        yield f"{Kind.LOST}: {item} is served and is not there"
    for item in set(there) - set(newsroom.guids):
        yield f"{Kind.OTHER}: {item} was never served"
    if ledger.journal_state().rows or ledger.open_batches():
        yield f"{Kind.OTHER}: rows wait in the journal after a flush"


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
                yield f"{Kind.OTHER}: the index finds {found} for {guid}"
        for story in {story_of(guid) for guid in there}:
            band = Fingerprint(content_hash="", bands=(story + 1,))
            found = writer.articles_near(band, since=_LONG_AGO, limit=COPIES + 1, floor=0)
            if len({article.story_id for article in found}) != 1:
                yield f"{Kind.OTHER}: copies of story {story} were not told as such"
