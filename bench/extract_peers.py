"""Peers in environments of their own, made on demand outside the tree.

They pin other versions of the libraries that Newsfold uses, so each has a virtual environment in
the user's cache folder (``XDG_CACHE_HOME``), made at first use by pip.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.corpus.scoring import Labelled

REQUIREMENTS = {
    "readability-lxml": ("readability-lxml", "lxml_html_clean"),
    "newspaper4k": ("newspaper4k", "lxml_html_clean"),
    "news-please": ("news-please", "lxml_html_clean"),
    "goose3": ("goose3", "lxml_html_clean"),
}
PATIENCE = 1_200  # seconds for making an environment, and again for all pages
RUNNER = Path(__file__).with_name("extract_peer.py")


class UnavailableError(Exception):
    """A peer could not be installed or run; says why."""


def cache() -> Path:
    """Return the folder of the environments."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "newsfold-bench" / "peers"


def python_of(name: str) -> Path:
    """Return the interpreter of a peer's environment, made if there is none.

    Raises:
        UnavailableError: It cannot be made.
    """
    folder = cache() / name
    interpreter = folder / "bin" / "python"
    done = folder / "installed"
    if done.exists():
        return interpreter
    print(f"making an environment for {name} in {folder}", file=sys.stderr)
    make = [sys.executable, "-m", "venv", "--clear", str(folder)]
    install = [str(interpreter), "-m", "pip", "install", "--quiet", *REQUIREMENTS[name]]
    for command in (make, install):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.CalledProcessError as error:
            last = (error.stderr.strip().splitlines() or ["no message"])[-1]
            raise UnavailableError(f"{name} could not be installed: {last}") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UnavailableError(f"{name} could not be installed: {error}") from error
    done.touch()
    return interpreter


def run_peer(name: str, pages: Sequence[Labelled]) -> Iterator[dict[str, object]]:
    """Yield what a peer finds in each page, in order.

    Raises:
        UnavailableError: It cannot be installed, or ends before all pages are done.
    """
    lines = "".join(
        json.dumps({"path": str(page.path.resolve()), "url": page.url}) + "\n" for page in pages
    )
    command = [str(python_of(name)), str(RUNNER), name]
    try:
        done = subprocess.run(
            command, input=lines, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"{name} was not done after {PATIENCE} s") from error
    answers = done.stdout.splitlines()
    if len(answers) != len(pages):
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise UnavailableError(f"{name} answered {len(answers)} of {len(pages)} pages: {last}")
    return (json.loads(answer) for answer in answers)
