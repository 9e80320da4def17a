"""How log lines are written: nothing of a stranger's in them acts on the terminal."""

import logging

from ingest.text import clean_text


class CleanFormatter(logging.Formatter):
    """Cleans whole records, with the traceback and whatever an exception quotes."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        return clean_text(super().format(record))
