"""For all tests: Hypothesis without haste, tables shown at the end, a folder in memory."""

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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, text in getattr(report, "user_properties", ()):
                if name == TABLE and getattr(report, "when", None) == "call":
                    terminalreporter.write_sep("-", report.nodeid)
                    terminalreporter.write_line(text)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a kill takes no power from the machine."""
    shared = Path("/dev/shm")
    if not shared.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shared, prefix="newsfold-") as name:
        yield Path(name)
