"""For all tests: Hypothesis without haste, and tables shown at the end, also with pytest-xdist."""

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
