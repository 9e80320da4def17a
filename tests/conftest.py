"""For all tests: Hypothesis without haste, the longest first, tables shown, a folder in memory."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A loaded machine is no failure.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# A test that measures something calls ``record_property(TABLE, text)`` with what is to be read.
TABLE = "table"

ROOM = 1 << 30
"""Bytes; no test takes as much, but several run at once."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that may take longest first: none begins when the others are nearly done."""
    items.sort(key=_allowed, reverse=True)


def _allowed(item: pytest.Item) -> float:
    """Return the seconds of a test's own time limit, 0 for one that has none."""
    own = item.get_closest_marker("timeout")
    return float(own.args[0]) if own else 0.0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, text in getattr(report, "user_properties", ()):
                if name == TABLE and getattr(report, "when", None) == "call":
                    terminalreporter.write_sep("-", report.nodeid)
                    terminalreporter.write_line(text)


@pytest.fixture
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is room: a kill takes no power from the machine."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shutil.disk_usage(shared).free < ROOM:
        yield tmp_path_factory.mktemp("folder")
        return
    with tempfile.TemporaryDirectory(dir=shared, prefix="newsfold-") as name:
        yield Path(name)
