"""Commands on a data folder that cannot be written: reading works, writing says why it does not."""

import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from ingest.cli.root import COMMANDS
from tests.cli.conftest import Crawled
from tests.cli.runner import Ran, newsfold
from tests.query.test_read_only import as_nobody, shut


@pytest.fixture(scope="module")
def shut_up(crawled: Crawled) -> Iterator[Path]:
    """Return a copy of the newsroom's store in which another user can write nothing."""
    for name in COMMANDS:  # who is nobody may not be let into our own folders
        importlib.import_module(f"ingest.cli.{name}")
    root = Path(tempfile.mkdtemp(prefix="newsfold-test-"))
    root.chmod(0o755)
    shutil.copytree(crawled.data, root / "data")
    shutil.copy(crawled.config, root / "feeds.yml")
    shut(root / "data")
    yield root
    for folder, _, _ in os.walk(root):
        Path(folder).chmod(0o755)
    shutil.rmtree(root)


def ask(root: Path, *args: str) -> Ran:
    config = root / "feeds.yml"
    ran: Ran = as_nobody(partial(newsfold, "--config", config, "--data", root / "data", *args))
    return ran


@pytest.mark.parametrize(
    "command",
    [
        ("query", "SELECT count(*) FROM articles"),
        ("search", "bridge"),
        ("show", "{article}"),
        ("why", "{article}"),
        ("why", "meridian"),
        ("status",),
        ("stories", "list"),
        ("feeds", "list"),
        ("store", "verify"),
        ("store", "repair", "--dry-run"),
        ("store", "repair"),
    ],
    ids=" ".join,
)
def test_what_reads_works_and_says_the_same(
    crawled: Crawled, shut_up: Path, command: tuple[str, ...]
) -> None:
    article = crawled.one("SELECT min(article_id) FROM articles")
    named = [word.format(article=article) for word in command]
    before = sorted((shut_up / "data").rglob("*"))
    ran = ask(shut_up, *named)
    assert (ran.code, "Traceback" in ran.err) == (0, False), ran.err
    if command not in {("status",), ("why", "meridian")}:  # which tell how long ago
        assert ran.out == crawled.run(*named).out
    assert sorted((shut_up / "data").rglob("*")) == before


@pytest.mark.parametrize(
    "command",
    [
        ("crawl", "meridian"),
        ("daemon",),
        ("store", "compact"),
        ("store", "prune"),
        ("store", "reindex"),
        ("store", "delete", "{article}", "--yes"),
        ("stories", "forget", "{article}"),
        ("refold",),
    ],
    ids=" ".join,
)
def test_what_writes_says_in_one_line_where_it_cannot(
    crawled: Crawled, shut_up: Path, command: tuple[str, ...]
) -> None:
    article = crawled.one("SELECT min(article_id) FROM articles")
    ran = ask(shut_up, *(word.format(article=article) for word in command))
    assert ran.code == 1
    [line] = [line for line in ran.err.splitlines() if line.startswith("newsfold: ")]
    assert str(shut_up / "data") in line
    assert "writ" in line
    assert "Traceback" not in ran.err
