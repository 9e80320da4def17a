from pathlib import Path

import pytest


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """In memory: what is written here is synced all the time."""
    return memory
