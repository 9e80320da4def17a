"""Measures work in a process of its own: its speed, its processor time, its memory."""

import gc
import os
import pickle
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Result:
    """What a contender did: its documents a second, and how its memory grew, in bytes.

    ``micros`` is the processor time of one document.
    """

    rate: float
    micros: float
    anonymous: int
    of_files: int


def timed(
    work: Callable[[], object], count: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return how many of ``count`` things a second ``work`` does."""
    begin = clock()
    work()
    return count / (clock() - begin)


def in_child(work: Callable[[], T]) -> T:
    """Return what ``work`` returns in a fork of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(work(), pipe)
            code = 0
        except BaseException:  # noqa: BLE001 - whatever it is, it is told and the child ends
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    result: T = pickle.loads(data)
    return result


def observed(work: Callable[[], object], count: int, before: tuple[int, int]) -> Result:
    """Measure work on ``count`` documents; memory as against ``before``."""
    begin = time.process_time()
    rate = timed(work, count)
    spent = time.process_time() - begin
    anonymous, of_files = (now - then for now, then in zip(memory(), before, strict=True))
    return Result(rate, spent / count * 1e6, anonymous, of_files)


def memory() -> tuple[int, int]:
    """Return this process's resident memory in bytes: anonymous, and of files."""
    gc.collect()
    lines = Path("/proc/self/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    anonymous, of_files = (int(fields[key].split()[0]) * 1024 for key in ("RssAnon", "RssFile"))
    return anonymous, of_files
