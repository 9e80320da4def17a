"""The face of the lake: flush what the journal holds, rewrite days, check what was stored."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from storage.fs import Files, OnStep, can_write, no_hook
from storage.lake.compaction import CLOSED, Compactor, Which
from storage.lake.exchange import PAUSE, Exchange
from storage.lake.flush import Flusher, FlushReport
from storage.lake.layout import Layout
from storage.lake.people import is_outdated, keep_people
from storage.lake.quarantine import holding
from storage.lake.removal import Edits, Remover, Touched, begin_of
from storage.lake.repair import Plan, carry_out, plan_repair
from storage.lake.rewrite import Day, Rewriter, Rewritten
from storage.lake.verify import Problem, verify
from storage.ledger.base import Ledger


class Lake:
    """The Parquet files under one data folder, filled from the ledger's journal.

    ``root`` is the data folder. ``scheme`` names the signature scheme and is written into each
    file. A flush is due at ``rows`` journal rows, or when the oldest of them is ``every`` old.
    ``on_step`` is told of each operation on a file; see ``storage.fs``. ``pause`` is how long a day
    that is exchanged waits for its readers; see ``storage.lake.exchange``.
    """

    def __init__(
        self,
        root: Path,
        ledger: Ledger,
        *,
        scheme: str = "",
        rows: int = 2_000,
        every: timedelta = timedelta(minutes=5),
        on_step: OnStep = no_hook,
        pause: timedelta = PAUSE,
    ) -> None:
        self._layout = Layout(root)
        self._ledger = ledger
        self._rows = rows
        self._every = every
        self._files = Files(on_step)
        self._flusher = Flusher(
            layout=self._layout, ledger=ledger, scheme=scheme, files=self._files
        )
        self._exchange = Exchange(
            layout=self._layout, ledger=ledger, files=self._files, pause=pause
        )
        self._rewriter = Rewriter(
            layout=self._layout,
            ledger=ledger,
            files=self._files,
            exchange=self._exchange,
            flushing=self._flushing,
        )
        self._compactor = Compactor(rewriter=self._rewriter)
        self._remover = Remover(rewriter=self._rewriter)

    @property
    def root(self) -> Path:
        """The data folder."""
        return self._layout.root

    def should_flush(self, *, now: datetime) -> bool:
        """Whether a flush is due: enough rows, rows old enough, or what a kill broke off."""
        state = self._ledger.journal_state()
        if state.rows >= self._rows:
            return True
        if state.oldest_at is not None and now - state.oldest_at >= self._every:
            return True
        return bool(self._ledger.open_batches() or self._ledger.rewrites.every())

    def flush(self, *, at: datetime, wait: bool = False) -> FlushReport | None:
        """Move every row journalled so far into Parquet, finishing first what was left open.

        Returns ``None`` if another flusher, in this process or another, is at work; with ``wait``
        its end is waited for instead.

        Raises:
            OSError: the disk is full or refuses; nothing is lost, and the next flush goes on.
            StoreError: a row in the journal is damaged.
        """
        lock = self._folder_made(self._layout.flush_lock)
        try:
            held = FileLock(lock, blocking=wait).acquire()
        except Timeout:
            return None
        with held:
            self._exchange.recover()
            return self._flusher.run(at=at)

    def verify(self) -> list[Problem]:
        """Check every part against the ledger and itself; see ``storage.lake.verify``.

        Waits for a day that is being rewritten, and ends what a kill broke off.
        """
        with self._looking():
            return verify(self._layout, self._ledger)

    def keep_people(self) -> bool:
        """Write down beside the tables what people decided, where that is not done yet.

        Tells whether there was anything to write. See ``storage.lake.people``.

        Raises:
            OSError: the disk is full or refuses; what was decided stands in the ledger.
        """
        if not is_outdated(self._layout, self._ledger):
            return False
        with self._flushing():
            return keep_people(self._layout, self._ledger, self._files)

    def plan_repair(self) -> Plan:
        """Return what a repair would take out; see ``storage.lake.repair``."""
        return plan_repair(self._layout, self._ledger)

    def repair(self) -> Plan:
        """Move files that cannot be believed to ``quarantine/``; return what was moved.

        Raises:
            OSError: the disk refuses; the next repair goes on.
            StoreError: the journal is damaged.
        """
        with self._rewriting(), self._flushing():
            self._exchange.recover()
            plan = plan_repair(self._layout, self._ledger)
            carry_out(plan, self._layout, self._ledger, self._files)
            return plan

    def to_compact(self, which: Which = CLOSED, *, at: datetime) -> list[Day]:
        """Return the days that are to be compacted; see ``storage.lake.compaction``."""
        return self._compactor.due(which, at=at)

    def compact(self, which: Which = CLOSED, *, at: datetime) -> Generator[Rewritten]:
        """Compact what is to be, one day after the other, yielding each that was.

        Others may flush meanwhile, and nothing else may rewrite a day.

        Raises:
            OSError: the disk is full or refuses; nothing is lost.
        """
        with self._rewriting():
            self._rewriter.clean()
            yield from self._compactor.run(self._compactor.due(which, at=at), at=at)

    def touched(self, edits: Edits) -> list[Touched]:
        """Return the days that have rows which are to change; see ``storage.lake.removal``."""
        return list(self._remover.touched(edits))

    def edit(self, edits: Edits, *, at: datetime) -> Generator[Rewritten | Day]:
        """Change or remove stored rows, one day after the other.

        What is yielded is a day that was written anew, or one that had to be left for now.

        Raises:
            OSError: the disk is full or refuses; nothing is lost, and some is done.
        """
        with self._rewriting():
            self._rewriter.clean()
            if (until := begin_of(edits)) is not None:
                self._ledger.rewrites.prune(until)
            yield from self._remover.run(edits, at=at)

    def purge(self, edits: Edits) -> list[str]:
        """Remove the files in quarantine that may hold what an edit is about; return their paths.

        Raises:
            OSError: the disk refuses; some are gone.
        """
        with self._rewriting():
            found = list(holding(self._layout, edits))
            for file in found:
                self._files.remove(file)
                self._files.sync_folders(file.parent, root=self._layout.root)
        return [file.relative_to(self._layout.root).as_posix() for file in found]

    @contextmanager
    def _rewriting(self) -> Iterator[None]:
        """Be the only one, in this process or another, to rewrite days."""
        with FileLock(self._folder_made(self._layout.rewrite_lock), thread_local=False):
            yield

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """Keep days from being rewritten, having ended what a kill broke off.

        Where nothing can be written no lock can be taken either: they are looked at as they stand.
        """
        if not can_write(self._layout.rewrite_lock.parent):
            yield
            return
        with self._rewriting():
            if self._ledger.rewrites.every():
                with self._flushing():
                    self._exchange.recover()
            yield

    @contextmanager
    def _flushing(self) -> Iterator[None]:
        """Be the only one, in this process or another, to change what the ledger has as parts."""
        with FileLock(self._folder_made(self._layout.flush_lock), thread_local=False):
            yield

    def _folder_made(self, lock: Path) -> Path:
        self._files.make_folders(lock.parent)
        return lock
