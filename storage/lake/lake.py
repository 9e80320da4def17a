"""The face of the lake: flush what the journal holds, and check what was stored."""

from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from storage.fs import Files, OnStep, no_hook
from storage.lake.flush import Flusher, FlushReport
from storage.lake.layout import Layout
from storage.lake.verify import Problem, verify
from storage.ledger.base import Ledger


class Lake:
    """The Parquet files under one data folder, filled from the ledger's journal.

    ``root`` is the data folder. ``scheme`` names the signature scheme and is written into each
    file. A flush is due at ``rows`` journal rows, or when the oldest of them is ``every`` old.
    ``on_step`` is told of each operation on a file; see ``storage.fs``.
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
    ) -> None:
        self._layout = Layout(root)
        self._ledger = ledger
        self._rows = rows
        self._every = every
        self._files = Files(on_step)
        self._flusher = Flusher(
            layout=self._layout, ledger=ledger, scheme=scheme, files=self._files
        )

    def should_flush(self, *, now: datetime) -> bool:
        """Whether a flush is due: enough rows, rows old enough, or a killed flush to finish."""
        state = self._ledger.journal_state()
        if state.rows >= self._rows:
            return True
        if state.oldest_at is not None and now - state.oldest_at >= self._every:
            return True
        return bool(self._ledger.open_batches())

    def flush(self, *, at: datetime, wait: bool = False) -> FlushReport | None:
        """Move every row journalled so far into Parquet, finishing first what was left open.

        Returns ``None`` if another flusher, in this process or another, is at work; with ``wait``
        its end is waited for instead.

        Raises:
            OSError: the disk is full or refuses; nothing is lost, and the next flush goes on.
            StoreError: a row in the journal is damaged.
        """
        lock = self._layout.flush_lock
        self._files.make_folders(lock.parent)
        try:
            held = FileLock(lock, blocking=wait).acquire()
        except Timeout:
            return None
        with held:
            return self._flusher.run(at=at)

    def verify(self) -> list[Problem]:
        """Check every part against the ledger and itself; see ``storage.lake.verify``."""
        return verify(self._layout, self._ledger)
