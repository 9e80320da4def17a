"""Where things lie under the data folder. All files are on one filesystem, so renames are atomic.

::

    articles/dt=2026-11-23/part-<batch>.parquet   and so for every table; nothing else lies there
    people.jsonl                                  what people decided, should the ledger be lost
    state/                                        the ledger and the locks
    tmp/                                          files in the making, of the flush lock's holder
    tmp/rewrites/                                 days in the making, of the rewrite lock's holder
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storage.schema import TABLES


def part_path(table: str, day: str, batch_id: str) -> str:
    """Return the path of a batch's part, relative to the data folder, with forward slashes."""
    return f"{table}/dt={day}/part-{batch_id}.parquet"


def batch_of(path: str) -> str:
    """Return the name of the batch whose part has a path; see ``part_path``."""
    return path.rsplit("/", 1)[1].removeprefix("part-").removesuffix(".parquet")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one lake. ``root`` is the data folder."""

    root: Path

    @property
    def tmp(self) -> Path:
        """Files in the making: outside every table's tree, since globs match any name in there."""
        return self.root / "tmp"

    @property
    def people(self) -> Path:
        """What people decided; not under ``state``, so that it outlasts that folder."""
        return self.root / "people.jsonl"

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.root / "state" / "ledger.db"

    @property
    def flush_lock(self) -> Path:
        """Held by the one process that may write under ``tmp`` and the tables' folders."""
        return self.root / "state" / "flush.lock"

    @property
    def rewrites(self) -> Path:
        """Folders that are to be exchanged for a table's day, or have just been."""
        return self.tmp / "rewrites"

    @property
    def rewrite_lock(self) -> Path:
        """Held by the one process that may write under ``rewrites``; taken before the flush lock.

        And by who must see each day's parts stay as they are.
        """
        return self.root / "state" / "rewrite.lock"

    def folder(self, table: str, day: str) -> Path:
        """Return the folder of a table's day."""
        return self.root / table / f"dt={day}"

    def file(self, path: str) -> Path:
        """Return the place of a path relative to the data folder."""
        return self.root.joinpath(*path.split("/"))

    def lost_ledger(self) -> str | None:
        """Say what to do about a ledger that is gone; ``None`` if it is there or never was.

        A new one in its place would know none of the stored articles, and each would come again.
        """
        if self.ledger.is_file() and self.ledger.stat().st_size:
            return None
        has_articles = next(self.root.glob("articles/dt=*/*.parquet"), None) is not None
        # What people decided is no less: a new ledger would know nothing of it either.
        if not has_articles and not self.people.is_file():
            return None
        return (
            f"{self.root} is a store, but its ledger, {self.ledger}, is missing or empty: put it"
            " back, or have `newsfold store repair` make it anew (the articles can be queried)"
        )

    def tree(self) -> Iterator[str]:
        """Yield the relative path of every file that lies in a table's folder."""
        for table in TABLES:
            for file in (self.root / table).rglob("*"):
                if not file.is_dir():
                    yield file.relative_to(self.root).as_posix()
