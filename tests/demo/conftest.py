from datetime import UTC, datetime

import pytest

from ingest.demo.outlets import OUTLETS
from ingest.demo.world import World

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def world_of(edition: int) -> World:
    bases = {o.id: f"http://127.83.0.{n}:8123" for n, o in enumerate(OUTLETS, start=1)}
    return World(bases=bases, opened=NOW, edition=edition)


@pytest.fixture(params=[1, 2], ids=["first", "second"])
def world(request: pytest.FixtureRequest) -> World:
    return world_of(request.param)
