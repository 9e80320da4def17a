"""``newsfold store``: looking after what is stored."""

import click

from ingest.cli.store import compact, delete, export, import_, prune, reindex, repair, verify


@click.group()
def command() -> None:
    """Look after what is stored."""


for each in (verify, compact, delete, export, import_, prune, reindex, repair):
    command.add_command(each.command)
