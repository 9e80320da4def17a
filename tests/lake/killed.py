"""A flusher that kills itself (-9) before one of its operations: ``killed.py ROOT OPERATION``."""

import os
import signal
import sys
from itertools import count
from pathlib import Path

from storage.lake.lake import Lake
from tests.lake.world import NOON, open_ledger


def main(root: Path, operation: int) -> None:
    operations = count(1)

    def on_step(_step: str) -> None:
        if next(operations) == operation:
            os.kill(os.getpid(), signal.SIGKILL)

    ledger = open_ledger(root)
    Lake(root, ledger, on_step=on_step).flush(at=NOON)
    ledger.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
