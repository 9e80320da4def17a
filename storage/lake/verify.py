"""Checks that the lake and the ledger tell the same story, down to each page's checksum.

May run while others flush: the tree is listed first, then the open batches are read, then the
parts, so that a file put in place at any moment between is found in one of the two. No day may be
rewritten meanwhile; one whose rewrite was broken off is looked at as it stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.errors import StoreError
from storage.lake.exchange import standing
from storage.lake.layout import Layout, part_path
from storage.lake.parts import measure
from storage.lake.people import is_outdated
from storage.ledger.base import Ledger
from storage.ledger.parts import Part, Snapshot
from storage.schema import TIME_COLUMNS, to_table

_KEY = ("article_id", "revision")
_JOURNAL = "state/ledger.db"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing wrong: where (relative to the data folder), what, and what to do about it.

    A ``warning`` concerns only those who read the Parquet files by themselves: the views of
    ``storage.query`` are right in spite of it.
    """

    path: str
    what: str
    remedy: str
    warning: bool = False


def verify(layout: Layout, ledger: Ledger) -> list[Problem]:
    """Return all problems, sorted by path; an empty list if there are none.

    Every part must be there with the bytes, digest and rows that the ledger recorded and with
    whole pages; no other file may lie in a table's folder; the journal's rows must be readable; and
    no revision of an article may be stored twice, in the parts and the journal taken together.
    """
    found = set(layout.tree())
    awaited = {part_path(b.table, b.day, b.batch_id) for b in ledger.open_batches()}
    problems: list[Problem] = []
    try:
        snapshot = ledger.snapshot()
    except StoreError as error:
        problems.append(_damaged_journal(error))
        snapshot = Snapshot(rows={}, parts=tuple(ledger.parts()))
    parts = standing(layout, snapshot)
    known = {part.path for part in parts}
    for rewrite in snapshot.rewrites:
        known.update(rewrite.old, (part.path for part in rewrite.parts))
    problems += [_stray(path) for path in found - known - awaited]
    places = [_JOURNAL, *(part.path for part in parts)]
    keys = [_keys(to_table("articles", snapshot.rows.get("articles", ())), place=0)]
    for place, part in enumerate(parts, start=1):
        problems += _damage(layout, part, place, keys)
    if is_outdated(layout, ledger):
        problems.append(_outdated(layout))
    problems += _repeated(pa.concat_tables(keys), places)
    return sorted(problems)


def _outdated(layout: Layout) -> Problem:
    return Problem(
        path=layout.people.name,
        what="does not have what the ledger knows of people's decisions",
        remedy="`newsfold store repair` writes it anew from the ledger.",
        warning=True,
    )


def damage(layout: Layout, part: Part) -> Iterator[Problem]:
    """Yield what is wrong with one part's file."""
    return _damage(layout, part, 0, [])


def strays(layout: Layout, ledger: Ledger) -> Iterator[Problem]:
    """Yield a problem for each file in a table's folder that the ledger does not know."""
    found = set(layout.tree())
    awaited = {part_path(b.table, b.day, b.batch_id) for b in ledger.open_batches()}
    known = {part.path for part in ledger.parts()}
    return map(_stray, sorted(found - known - awaited))


def _damaged_journal(error: StoreError) -> Problem:
    return Problem(
        path=_JOURNAL,
        what=f"a row that is not in Parquet yet cannot be read: {error}",
        remedy="Restore the data folder, ledger and files together, from a backup.",
    )


def _stray(path: str) -> Problem:
    return Problem(
        path=path,
        what="the ledger does not know this file, but readers of the folder see its rows",
        remedy="`newsfold store repair` moves it to quarantine/.",
        warning=True,
    )


def _damage(layout: Layout, part: Part, place: int, keys: list[pa.Table]) -> Iterator[Problem]:
    """Yield what is wrong with one part; put the keys of its readable articles into ``keys``."""
    remedy = (
        "Restore this file from a backup: its rows are stored nowhere else. Without one,"
        " `newsfold store repair` takes it out and names what is lost."
    )
    file = layout.file(part.path)
    try:
        for what in chain(_other_bytes(file, part), _other_rows(file, part, place, keys)):
            yield Problem(path=part.path, what=what, remedy=remedy)
    except FileNotFoundError:
        yield Problem(path=part.path, what="is missing", remedy=remedy)
    # The last: pyarrow decodes the names in a damaged footer.
    except (OSError, pa.ArrowException, ValueError) as error:
        what = f"cannot be read: {str(error).splitlines()[0]}"
        yield Problem(path=part.path, what=what, remedy=remedy)


def _other_bytes(file: Path, part: Part) -> Iterator[str]:
    size, digest = measure(file)
    if size != part.bytes:
        yield f"has {size} bytes, the ledger says {part.bytes}"
    elif digest != part.sha256:
        yield f"has SHA-256 {digest}, the ledger says {part.sha256}"


def _other_rows(file: Path, part: Part, place: int, keys: list[pa.Table]) -> Iterator[str]:
    required = {TIME_COLUMNS[part.table], *(_KEY if part.table == "articles" else ())}
    rows = 0
    with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
        absent = required.difference(parquet.schema_arrow.names)
        if absent:
            yield f"is no part of {part.table}: without {', '.join(sorted(absent))}"
            return
        for batch in parquet.iter_batches():  # every page of every column
            rows += batch.num_rows
            if part.table == "articles":
                keys.append(_keys(pa.Table.from_batches([batch]), place=place))
    if rows != part.rows:
        yield f"has {rows} rows, the ledger says {part.rows}"


def _keys(articles: pa.Table, *, place: int) -> pa.Table:
    places = pa.repeat(pa.scalar(place, pa.int32()), articles.num_rows)
    return articles.select(list(_KEY)).append_column("place", places)


def _repeated(keys: pa.Table, places: list[str]) -> Iterator[Problem]:
    """Yield a problem for each revision that is stored more than once, at its last place."""
    stored = keys.group_by(list(_KEY)).aggregate([("place", "list")])
    times = pc.list_value_length(stored["place_list"])
    for row in stored.filter(pc.greater(times, 1)).to_pylist():
        first, *_, last = sorted(places[place] for place in row["place_list"])
        yield Problem(
            path=last,
            what=f"revision {row['revision']} of article {row['article_id']} is stored "
            f"{len(row['place_list'])} times, also in {first}",
            remedy="Restore the data folder, ledger and files together, from a backup.",
        )
