"""A process that kills itself (-9) before one of its operations: ``killed.py ROOT OPERATION``.

It flushes, or does what is named after that: ``compact``.
"""

import os
import signal
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from storage.lake.lake import Lake
from storage.ledger.sqlite import SqliteLedger


def main(root: Path, operation: int, work: str = "flush") -> None:
    operations = count(1)

    def on_step(_step: str) -> None:
        if next(operations) == operation:
            os.kill(os.getpid(), signal.SIGKILL)

    ledger = SqliteLedger(root / "state" / "ledger.db", on_step=on_step)
    lake = Lake(root, ledger, on_step=on_step)
    if work == "compact":
        list(lake.compact(at=datetime.now(UTC)))
    else:
        lake.flush(at=datetime.now(UTC))
    ledger.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
