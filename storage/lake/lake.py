"""The face of the lake: flush what the journal holds, and check what was stored."""

from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from storage.lake.flush import Flusher, FlushReport, OnStep
from storage.lake.layout import Layout
from storage.lake.verify import Problem, verify
from storage.ledger.base import Ledger


def _no_hook(_step: str) -> None:
    """Let every step pass."""


class Lake:
    """The Parquet files under one data folder, filled from the ledger's journal.

    ``root`` is the data folder. ``scheme`` names the signature scheme and is written into each
    file. A flush is due at ``rows`` journal rows, or when the oldest of them is ``every`` old.
    ``on_step`` is called with a step's name before each operation of a flush; what it raises ends
    the flush there, as a full disk or a kill would.
    """

    def __init__(
        self,
        root: Path,
        ledger: Ledger,
        *,
        scheme: str = "",
        rows: int = 2_000,
        every: timedelta = timedelta(minutes=5),
        on_step: OnStep = _no_hook,
    ) -> None:
        self._layout = Layout(root)
        self._ledger = ledger
        self._rows = rows
        self._every = every
        self._flusher = Flusher(layout=self._layout, ledger=ledger, scheme=scheme, on_step=on_step)

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
        lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            held = FileLock(lock, blocking=wait).acquire()
        except Timeout:
            return None
        with held:
            return self._flusher.run(at=at)

    def verify(self) -> list[Problem]:
        """Check every part against the ledger and itself; see ``storage.lake.verify``."""
        return verify(self._layout, self._ledger)
