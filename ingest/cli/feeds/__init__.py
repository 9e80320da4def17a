"""``newsfold feeds``: the feeds in the configuration."""

import click

from ingest.cli.feeds.add import add, move, remove
from ingest.cli.feeds.check import check
from ingest.cli.feeds.discover import discover
from ingest.cli.feeds.exchange import export, import_
from ingest.cli.feeds.listing import list_


@click.group()
def command() -> None:
    """List, find, add, move, remove or check the feeds in the configuration."""


for each in (list_, discover, add, move, remove, check, import_, export):
    command.add_command(each)
