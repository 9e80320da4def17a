from pathlib import Path

import pytest


@pytest.fixture
def root(memory: Path) -> Path:
    return memory
