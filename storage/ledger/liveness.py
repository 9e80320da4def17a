"""Which runs are alive, told by locks that the operating system drops with their process.

A process id would not do: ids are used again, and say nothing across containers.
"""

from collections.abc import Collection
from pathlib import Path

from filelock import FileLock, Timeout


class RunLocks:
    """Locks in ``folder``, one a live run. To be used inside write transactions of the ledger.

    That keeps a lock's file from being removed between another process's making it and taking it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, FileLock] = {}

    def hold(self, run_id: str) -> None:
        """Take a new run's lock for as long as this process lives."""
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = self._lock(run_id)
        lock.acquire()
        self._held[run_id] = lock

    def drop(self, run_id: str) -> None:
        """Give a run's lock up, if it is held here."""
        lock = self._held.pop(run_id, None)
        if lock is not None:
            Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()

    def bury(self, run_id: str) -> bool:
        """Return whether a run is dead, having removed its lock if so."""
        if run_id in self._held:
            return False
        if not self._folder.is_dir():
            return True
        lock = self._lock(run_id)
        try:
            lock.acquire()
        except Timeout:
            return False
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()
        return True

    def sweep(self, known: Collection[str]) -> None:
        """Remove what runs left that were killed before the ledger knew of them."""
        for file in self._folder.glob("*.lock"):
            if file.stem not in known:
                self.bury(file.stem)

    def close(self) -> None:
        """Let go of all locks, as the end of the process would."""
        for lock in self._held.values():
            lock.release()
        self._held.clear()

    def _lock(self, run_id: str) -> FileLock:
        return FileLock(self._folder / f"{run_id}.lock", blocking=False, thread_local=False)
