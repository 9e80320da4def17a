from collections.abc import Iterator
from contextlib import contextmanager

from ingest.config import Config
from ingest.observe import Tally


@contextmanager
def unwatched(_edition: int, _config: Config) -> Iterator[Tally]:
    yield Tally()
