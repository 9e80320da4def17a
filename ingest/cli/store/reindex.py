"""``newsfold store reindex``: the search index made anew."""

import time

import click

from ingest.cli.context import Context
from ingest.cli.output import say


@click.command("reindex")
@click.pass_obj
def command(context: Context) -> None:
    """Build the search index anew from the stored articles. May run beside a crawl."""
    began = time.monotonic()
    with context.open_store() as store:
        store.reindex()
    seconds = time.monotonic() - began
    if context.as_json:
        say.emit_json({"seconds": round(seconds, 3)})
    say.note(context, f"the search index is built anew · {seconds:.1f} s")
