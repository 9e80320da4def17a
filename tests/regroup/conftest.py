from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.regroup.desk import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    opened = Room(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Room]:
    """One that keeps the texts of copies."""
    opened = Room(tmp_path, keep_text=True)
    yield opened
    opened.close()
