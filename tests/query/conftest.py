from collections.abc import Iterator
from pathlib import Path

import pytest

import storage
from storage.store import Store
from tests.query.texts import TEXTS, put
from tests.query.world import World


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """In memory: what is written here is synced all the time."""
    return memory


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "data")
    yield world
    world.ledger.close()


@pytest.fixture
def store(world: World) -> Iterator[Store]:
    with storage.open(world.root) as store:
        yield store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder in which ``TEXTS`` are stored."""
    put(tmp_path, "1", TEXTS)
    return tmp_path
