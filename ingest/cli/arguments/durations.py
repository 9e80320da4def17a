"""Durations on the command line, written as they are in ``feeds.yml``."""

from datetime import timedelta

import click

from ingest.config.quantities import parse_duration


class Duration(click.ParamType[timedelta]):
    """A duration above zero, as ``30s`` or ``15m``."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the duration that ``value`` states."""
        if isinstance(value, timedelta):
            return value
        try:
            length = parse_duration(value)
        except ValueError:
            length = timedelta(0)
        if not length:
            self.fail(f'expected a duration like "30s" or "15m", got "{value}"', param, ctx)
        return length


DURATION = Duration()
