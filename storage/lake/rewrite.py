"""A day's parts written anew: fewer, by time, of the newest schema, without what is to go."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count, islice
from pathlib import Path

import pyarrow as pa

from storage.fs import Files
from storage.lake.exchange import Exchange
from storage.lake.layout import Layout, batch_of, part_path
from storage.lake.parts import ROW_GROUP_ROWS, measure, scheme_of, write_groups
from storage.lake.sorting import Edit, Sorter
from storage.ledger.base import Ledger
from storage.ledger.codec import new_id
from storage.ledger.parts import Part, Rewrite

GROUPS_A_FILE = 16
"""Row groups of a rewritten part: 131,072 rows, some 150 MB of articles."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """All parts of one table and UTC day (``YYYY-MM-DD``)."""

    table: str
    day: str
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """How many rows they have."""
        return sum(part.rows for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """What a rewrite came to: the parts there were, and the parts there are."""

    before: Day
    parts: tuple[Part, ...]

    @property
    def rows_gone(self) -> int:
        """How many rows were left out."""
        return self.before.rows - sum(part.rows for part in self.parts)


def days_of(parts: Sequence[Part]) -> list[Day]:
    """Return parts by table and day."""
    by_day: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        folder = part.path.split("/")[1]
        by_day.setdefault((part.table, folder.removeprefix("dt=")), []).append(part)
    return [
        Day(table=table, day=day, parts=tuple(of)) for (table, day), of in sorted(by_day.items())
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriter:
    """Writes days anew. Its user holds the rewrite lock; ``flushing`` holds the flush lock."""

    layout: Layout
    ledger: Ledger
    files: Files
    exchange: Exchange
    flushing: Callable[[], AbstractContextManager[object]]

    def clean(self) -> None:
        """Remove what rewrites left lying that were broken off, having ended them."""
        if self.layout.rewrites.is_dir():
            with self.flushing():
                self.exchange.recover()
            self.files.sweep(self.layout.rewrites)

    def rewrite(self, day: Day, edit: Edit, *, at: datetime) -> Rewritten | None:
        """Write one day anew; readers see all of it as it was, or all of it as it is then.

        ``None`` if the day is left as it is: one of its files is not what the ledger says, or rows
        came to it meanwhile.

        Raises:
            OSError: the disk is full or refuses; nothing is lost.
        """
        if (damaged := self._damaged(day)) is not None:
            log.warning("%s is damaged: its day stays as it is; see `store verify`", damaged)
            return None
        rewrite_id = new_id(at)
        incoming = self.layout.rewrites / rewrite_id
        self.files.make_folders(incoming)
        parts = tuple(self._write(day, edit, rewrite_id, incoming))
        rewrite = Rewrite(
            rewrite_id=rewrite_id,
            table=day.table,
            day=day.day,
            old=tuple(part.path for part in day.parts),
            parts=parts,
        )
        self.exchange.mark(incoming, rewrite.old)
        self.files.sync_folders(incoming, root=self.layout.root)
        with self.flushing():
            self.exchange.recover()
            done = self._is_as_it_was(day)
            if done:
                self.exchange.carry_out(rewrite)
        self.files.remove(incoming)
        return Rewritten(before=day, parts=parts) if done else None

    def _damaged(self, day: Day) -> str | None:
        """Return a part that is not what the ledger says: rewritten it would pass for sound."""
        for part in day.parts:
            file = self.layout.file(part.path)
            if not file.is_file() or measure(file) != (part.bytes, part.sha256):
                return part.path
        return None

    def _is_as_it_was(self, day: Day) -> bool:
        waiting = any((b.table, b.day) == (day.table, day.day) for b in self.ledger.open_batches())
        return not waiting and day in days_of(self.ledger.parts(day.table))

    def _write(self, day: Day, edit: Edit, rewrite_id: str, incoming: Path) -> Iterator[Part]:
        scratch, numbers = incoming / "scratch", count()
        for scheme, parts in self.by_scheme(day).items():
            files = [self.layout.file(part.path) for part in parts]
            with Sorter(day.table, files, edit, scratch=scratch) as sorter:
                groups = sorter.groups()
                while (first := next(groups, None)) is not None:
                    name = f"{rewrite_id}-{next(numbers):03}"
                    own = chain([first], islice(groups, GROUPS_A_FILE - 1))
                    yield self._part(part_path(day.table, day.day, name), own, incoming, scheme)
        if scratch.exists():
            self.files.remove(scratch)

    def by_scheme(self, day: Day) -> dict[str, list[Part]]:
        """Return a day's parts by the scheme of their signatures, which is told of whole files."""
        found: dict[str, list[Part]] = {}
        for part in day.parts:
            found.setdefault(scheme_of(self.layout.file(part.path)), []).append(part)
        return found

    def _part(self, path: str, groups: Iterator[pa.Table], incoming: Path, scheme: str) -> Part:
        table, _, name = path.split("/")
        file = incoming / name
        rows = write_groups(
            file, table, groups, rows=ROW_GROUP_ROWS, scheme=scheme, files=self.files
        )
        self.files.sync(file)
        size, digest = measure(file)
        return Part(
            table=table,
            path=path,
            batch_id=batch_of(path),
            rows=rows,
            bytes=size,
            sha256=digest,
        )
