"""Errors people can mend. Faults of feeds and pages are values (``ingest.types.Fault``).

::

    NewsfoldError
    ├── ConfigError      feeds.yml is missing or wrong; lists every mistake at once
    ├── UsageError       a name or URL on the command line means nothing
    └── BusyError        another process holds the data folder
"""

from collections.abc import Sequence


class NewsfoldError(Exception):
    """Base of all errors that are told to the person in one line, without a traceback."""

    exit_code = 1


class ConfigError(NewsfoldError):
    """The configuration cannot be used. ``problems`` has one ``file:line: …`` line each."""

    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class UsageError(NewsfoldError):
    """An argument names nothing that exists."""

    exit_code = 2


class BusyError(NewsfoldError):
    """Another process already does this on the same data folder."""
