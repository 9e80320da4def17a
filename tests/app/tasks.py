"""What workers are given in tests: hostile, broken and honest tasks."""

import fcntl
import os
import re
import signal
import time
from pathlib import Path
from typing import ClassVar


def double(number: int) -> int:
    return 2 * number


def process_id() -> int:
    return os.getpid()


def pipes() -> list[int]:
    """Return the sizes in bytes of the pipes that this process has open, on Linux."""
    files = [file for file in Path("/proc/self/fd").iterdir() if file.is_fifo()]
    return [fcntl.fcntl(int(file.name), fcntl.F_GETPIPE_SZ) for file in files]


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def backtrack() -> bool:
    """Hold the interpreter for ages: a regular expression lets no other thread run."""
    return re.fullmatch(r"(a|aa)+b", "a" * 120) is not None


def devour() -> int:
    hoard = []
    while True:
        hoard.append(bytearray(16 * 1024 * 1024))


def die(code: int) -> None:
    os._exit(code)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def blunder() -> None:
    raise ValueError("a bug of ours")


class Hoard:
    """What a task leaves behind in its process."""

    pieces: ClassVar[list[bytearray]] = []


def bloat(megabytes: int) -> int:
    Hoard.pieces += [bytearray(1024 * 1024) for _ in range(megabytes)]
    return os.getpid()
