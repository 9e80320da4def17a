"""What a crawl came to, in a line and as JSON."""

import json

import click

from ingest.cli.context import Context
from ingest.observe import Tally


def report(context: Context, tally: Tally, seconds: float) -> None:
    """Print the summary line on stderr and, with ``--json``, the summary object on stdout."""
    summary = tally.summary() | {"seconds": round(seconds, 3)}
    polled = ", ".join(
        f"{count} {name.replace('_', ' ')}" for name, count in tally.feeds.items() if count
    )
    entries = dict(tally.entries)
    seen = entries.pop("seen")
    outcomes = ", ".join(f"{count} {name}" for name, count in entries.items() if count)
    line = f"feeds: {polled} · " if polled else ""
    line += f"entries: {seen} seen"
    line += f" ({outcomes})" if outcomes else ""
    if not context.quiet:
        click.echo(f"{line} · {seconds:.1f} s", err=True)
    if context.as_json:
        click.echo(json.dumps(summary))
