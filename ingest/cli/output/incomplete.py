"""Answers that lack what cannot be read are given, told on stderr, and end with exit code 1."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click

from ingest.text import clean_text
from storage.errors import UnreadablePartWarning


@dataclass(slots=True)
class Incomplete:
    """What was told, each once."""

    told: set[str] = field(default_factory=set)

    def tell(self, message: Warning | str) -> None:
        """Print one line, unless it was printed before."""
        line = clean_text(str(message))
        if line not in self.told:
            self.told.add(line)
            click.echo(f"newsfold: {line}", err=True)


@contextmanager
def noting() -> Iterator[Incomplete]:
    """Tell, while this lasts, each warning of a part that cannot be read as one line."""
    incomplete = Incomplete()
    with warnings.catch_warnings():
        warnings.simplefilter("always", UnreadablePartWarning)
        others = warnings.showwarning

        def show(
            message: Warning | str, category: type[Warning], *place: object, **more: object
        ) -> None:
            if issubclass(category, UnreadablePartWarning):
                incomplete.tell(message)
            else:
                others(message, category, *place, **more)  # type: ignore[arg-type]

        warnings.showwarning = show
        yield incomplete
