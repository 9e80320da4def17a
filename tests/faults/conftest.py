"""A folder where syncing costs nothing: a kill takes no power from the machine."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    if not _SHARED_MEMORY.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=_SHARED_MEMORY, prefix="newsfold-") as name:
        yield Path(name)
