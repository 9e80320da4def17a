"""Configurations written for a test, and the mistakes in them."""

from pathlib import Path

import pytest

from ingest.config import load
from ingest.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    path = folder / "feeds.yml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [line.removeprefix(str(path)) for line in caught.value.problems]
