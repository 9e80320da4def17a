"""One day's parts exchanged for others, such that no reader is given a row twice or misses one.

Whoever reads the folder lists it and then opens what it listed. So the names of parts never come
again, and a list that is out of date leads to an error, and not to other rows. There is more to it:
pyarrow and Hadoop look at each name they listed before they open any, and pass over one that is
gone in silence. So for a moment each old name stands in the new folder as a *mark*: a file of the
same size with nothing in it, on which every engine stops with an error. A reader that is told so
lists again.

The steps of a rewrite, under the flush lock, and what a kill just after each of them leaves:

1. *begin*: the ledger writes down which parts are exchanged for which. The new parts and the marks
   lie in ``tmp/rewrites``, whole. All old parts stand: the next one at work forgets the rewrite.
2. *exchange*: the two folders change places in one step. Or, where the system cannot do that: the
   marks are renamed over the old parts, then the new parts beside them. From the first of these on
   the next one at work goes on with what is left to do.
3. *pause*: until each reader that listed the old folder has looked at what it listed.
4. *unmark*: the marks go.
5. *end*: the ledger puts the new parts in the place of the old ones. The old files go.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from storage.fs import NO_EXCHANGE, Files, sync_folder
from storage.lake.layout import Layout
from storage.lake.parts import is_part
from storage.ledger.base import Ledger
from storage.ledger.parts import Part, Rewrite, Snapshot

PAUSE = timedelta(seconds=0.25)
"""A reader takes a millisecond from listing a day's folder to having looked at all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Carries rewrites out. Its user holds the flush lock."""

    layout: Layout
    ledger: Ledger
    files: Files
    pause: timedelta = PAUSE

    def mark(self, incoming: Path, old: Sequence[str]) -> None:
        """Put a mark for each old part into the folder that is to take its place."""
        for path in old:
            size = self.layout.file(path).stat().st_size
            with self.files.create(incoming / Path(path).name) as mark:
                mark.truncate(size)  # takes no room where files may have holes

    def carry_out(self, rewrite: Rewrite) -> None:
        """Do all steps. The new parts and the marks are durable in the rewrite's folder.

        Raises:
            ValueError: the day has other parts by now; nothing is changed.
            OSError: the disk refuses; whoever flushes next goes on.
        """
        self.ledger.rewrites.begin(rewrite)
        try:
            self.files.exchange(
                self._incoming(rewrite), self.layout.folder(rewrite.table, rewrite.day)
            )
        except OSError as error:
            if error.errno not in NO_EXCHANGE:
                raise
        self._finish(rewrite)

    def recover(self) -> None:
        """Finish or forget what was broken off."""
        for rewrite in self.ledger.rewrites.every():
            if all(is_part(self.layout.file(path)) for path in rewrite.old):
                self.ledger.rewrites.end(rewrite.rewrite_id, done=False)
            else:
                self._finish(rewrite)

    def _finish(self, rewrite: Rewrite) -> None:
        place, incoming = self.layout.folder(rewrite.table, rewrite.day), self._incoming(rewrite)
        old = [self.layout.file(path) for path in rewrite.old]
        for file in old:
            if is_part(file):  # the folders were not exchanged
                self.files.rename(incoming / file.name, file)
        for part in rewrite.parts:
            new = self.layout.file(part.path)
            if not new.is_file():
                self.files.rename(incoming / new.name, new)
        self.files.sync_folders(place, root=self.layout.root)
        if self.layout.rewrites.is_dir():
            sync_folder(self.layout.rewrites)
        time.sleep(self.pause.total_seconds())
        for file in old:
            self.files.remove(file)
        self.files.sync_folders(place, root=self.layout.root)
        self.ledger.rewrites.end(rewrite.rewrite_id, done=True)
        if not rewrite.parts:
            self.files.remove_folder(place)

    def _incoming(self, rewrite: Rewrite) -> Path:
        return self.layout.rewrites / rewrite.rewrite_id


def standing(layout: Layout, snapshot: Snapshot) -> tuple[Part, ...]:
    """Return the parts that stand: where a rewrite is open, the old or the new ones."""
    parts = {part.path: part for part in snapshot.parts}
    for rewrite in snapshot.rewrites:
        new = {part.path: part for part in rewrite.parts}
        if not any(map(is_part, map(layout.file, rewrite.old))) and all(
            map(is_part, map(layout.file, new))
        ):
            parts = {path: part for path, part in parts.items() if path not in rewrite.old} | new
    return tuple(part for _, part in sorted(parts.items()))
