"""The README's Python is run as it stands there, against a store that was really crawled."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.clock import system_clock
from ingest.demo.play import play
from tests.docs.support import unwatched

README = Path(__file__).parents[2] / "README.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    (folder / "data").mkdir()
    play(folder / "data", fold=True, clock=system_clock, watch=unwatched)
    return folder


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_a_snippet_runs_and_shows_something(folder: Path, number: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SNIPPETS[number]],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_there_is_a_snippet_for_each_engine() -> None:
    assert {"duckdb", "polars", "pandas", "storage"} <= set(
        re.findall(r"^import (\w+)", "\n".join(SNIPPETS), re.MULTILINE)
    )
