"""The docs' Python is run as it stands there, against a store that was really crawled."""

import importlib
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from ingest.clock import system_clock
from ingest.demo.play import play
from tests.docs.support import unwatched

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/reference/python.md", "docs/how-to/query.md")
SNIPPETS = [
    pytest.param(snippet, id=f"{page} {number}")
    for page in PAGES
    for number, snippet in enumerate(
        re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    )
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    (folder / "data").mkdir()
    play(folder / "data", fold=True, clock=system_clock, watch=unwatched)
    return folder


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_a_snippet_runs_and_shows_something(folder: Path, snippet: str) -> None:
    if "pyspark" in snippet and not (shutil.which("java") and find_spec("pyspark")):
        pytest.skip("Spark needs Java and pyspark, which are not here")
    done = subprocess.run(
        [sys.executable, "-c", snippet],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_notebooks_cell_runs_in_a_notebook(folder: Path) -> None:
    """It shows the frame that is printed, and the one that is the cell's last line."""
    why = "a notebook needs nbclient and ipykernel, which are not here"
    nbclient = pytest.importorskip("nbclient", reason=why)
    pytest.importorskip("ipykernel", reason=why)
    nbformat = importlib.import_module("nbformat")
    page = (ROOT / "docs/how-to/query.md").read_text().partition("## A notebook")[2]
    (cell,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in (cell, "frame", "store.close()")]
    )
    where = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(notebook, timeout=120, resources=where).execute()
    ((printed,), (shown,), closed) = (each["outputs"] for each in notebook["cells"])
    assert "title" in printed["text"]
    assert "<table" in shown["data"]["text/html"]
    assert not closed


def test_there_is_a_snippet_for_each_engine() -> None:
    all_of_them = "\n".join(str(each.values[0]) for each in SNIPPETS)
    named = set(re.findall(r"^(?:import|from) (\w+)", all_of_them, re.MULTILINE))
    assert {"duckdb", "polars", "pandas", "pyspark", "storage"} <= named
