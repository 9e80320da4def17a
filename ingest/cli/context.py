"""What every command is given: the global options, and the ways to the configuration and store."""

import os
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

import storage
from storage.errors import StoreError

if TYPE_CHECKING:
    from ingest.config import Config
    from storage.ledger.sqlite import SqliteLedger
    from storage.store import Store

UNBROKEN = 10_000  # columns


@dataclass(frozen=True)
class Context:
    """The global options. Data goes to ``out`` (stdout), all else to ``err`` (stderr)."""

    config_path: Path
    data: Path | None
    quiet: bool = False
    verbose: int = 0
    as_json: bool = False

    def load_config(self) -> "Config":
        """Read the configuration.

        Raises:
            ConfigError: it is missing or wrong.
        """
        from ingest.config import load  # noqa: PLC0415 - few commands need it

        return load(self.config_path, data=self.data)

    def known_config(self) -> "Config | None":
        """Read the configuration; ``None`` if there is none yet.

        Raises:
            ConfigError: it is wrong.
        """
        return self.load_config() if self.config_path.exists() else None

    def data_folder(self) -> Path:
        """Return the data folder: ``--data``, else the configuration's."""
        return self.data.absolute() if self.data else self.load_config().data

    def open_store(self, *, strict: bool = False) -> "Store":
        """Open the store for reading. ``strict`` is for those that write by what they read.

        Raises:
            StoreError: nothing is stored there.
        """
        return storage.open(self.data_folder(), strict=strict)

    def open_ledger(self, *, retention: timedelta | None = None) -> "SqliteLedger":
        """Open the store's ledger; close it. ``retention`` is for those that write articles.

        Raises:
            StoreError: there is none.
        """
        from storage.lake.layout import Layout  # noqa: PLC0415 - few commands need them
        from storage.ledger.sqlite import SqliteLedger  # noqa: PLC0415

        layout = Layout(self.data_folder())
        if lost := layout.lost_ledger():
            raise StoreError(lost)
        path = layout.ledger
        if not path.is_file():
            raise StoreError(f"there is no ledger in {path.parent}; `newsfold crawl` makes one")
        return SqliteLedger(path, retention=retention) if retention else SqliteLedger(path)

    @cached_property
    def out(self) -> Console:
        """The console for results."""
        return Console(highlight=False)

    @cached_property
    def records(self) -> Console:
        """The console for records: takes no markup, and breaks no line but on a terminal."""
        console = Console(highlight=False, emoji=False, markup=False)
        if not console.is_terminal and "COLUMNS" not in os.environ:
            console.width = UNBROKEN
        return console

    @cached_property
    def err(self) -> Console:
        """The console for progress and messages."""
        return Console(stderr=True, highlight=False, quiet=self.quiet)
