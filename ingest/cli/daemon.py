"""``newsfold daemon``: poll feeds as they fall due until told to stop."""

import asyncio
import logging

import click

from ingest.cli.context import Context
from ingest.cli.output.progress import Lines
from ingest.clock import system_clock
from ingest.daemon import run_daemon


@click.command()
@click.pass_obj
def command(context: Context) -> None:
    """Poll feeds as they fall due, until SIGTERM or Ctrl-C; then drain, flush and exit 0.

    `newsfold crawl`, `query` and all other commands may be used beside it.
    """
    config = context.load_config()
    if not context.quiet and not context.verbose:
        logging.getLogger("ingest").setLevel(logging.INFO)
    asyncio.run(run_daemon(config, clock=system_clock, observer=Lines()))
