"""A disk that fails to sync or rename under a whole crawl: one line, and nothing is lost."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Crawled
from tests.cli.runner import Ran, newsfold


def failing(do: Callable[..., Any], number: int) -> Callable[..., Any]:
    """Return a call that fails with EIO from its ``number``-th time on."""
    calls = 0

    def call(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls >= number:
            raise OSError(errno.EIO, os.strerror(errno.EIO), *map(str, args[1:2]))
        return do(*args)

    return call


def crawl(crawled: Crawled, data: Path) -> Ran:
    return newsfold("--config", crawled.config, "--data", data, "crawl", "meridian")


def stored(data: Path) -> set[str]:
    ran = newsfold("--data", data, "--json", "query", "SELECT article_id FROM articles")
    assert ran.code == 0
    return {row["article_id"] for row in ran.json}


@pytest.fixture(scope="module")
def served(crawled: Crawled, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    data = tmp_path_factory.mktemp("sound") / "data"
    assert crawl(crawled, data).code == 0
    return stored(data)


@pytest.mark.parametrize(
    ("call", "number"), [("os.fsync", 1), ("os.fsync", 3), ("pathlib.Path.replace", 1)]
)
def test_a_crawl_says_which_file_it_could_not_write_and_the_next_goes_on(
    crawled: Crawled, served: set[str], tmp_path: Path, call: str, number: int
) -> None:
    data = tmp_path / "data"
    with pytest.MonkeyPatch.context() as patch:
        original = os.fsync if call == "os.fsync" else Path.replace
        patch.setattr(call, failing(original, number))
        ran = crawl(crawled, data)
    assert ran.code == 1
    assert "Traceback" not in ran.err
    [line] = [line for line in ran.err.splitlines() if line.startswith("newsfold: ")]
    assert str(data) in line
    assert "Input/output error" in line
    committed = stored(data)
    assert crawl(crawled, data).code == 0
    assert committed <= stored(data) == served
    assert newsfold("--data", data, "store", "verify").code == 0
