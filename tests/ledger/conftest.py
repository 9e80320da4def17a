from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.ledger.base import Ledger
from storage.ledger.sqlite import SqliteLedger


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """In memory: what is written here is synced all the time."""
    return memory


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    opened = SqliteLedger(path)
    yield opened
    assert opened.checks() == []
    assert opened.fold_checks() == []
    opened.close()


@pytest.fixture
def other(path: Path) -> Iterator[Ledger]:
    """The same file opened once more, as another process has it."""
    opened = SqliteLedger(path)
    yield opened
    opened.close()
