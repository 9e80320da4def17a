"""``newsfold feeds``: the feeds in the configuration."""

import click

from ingest.cli.feeds import add, check, discover, export, import_, list_, move, remove


@click.group()
def command() -> None:
    """List, find, add, move, remove or check the feeds in the configuration."""


for each in (list_, discover, add, move, remove, check, import_, export):
    command.add_command(each.command)
