from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.web import open_web
from tests.websub.house import House
from tests.websub.hub import open_hub


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_web() as web, open_hub() as hub:
        web.feed("/feed")
        yield House(web, hub, tmp_path)
