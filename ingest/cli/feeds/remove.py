"""``newsfold feeds remove``: a feed out of the configuration, comments kept."""

import click

from ingest.cli.context import Context
from ingest.cli.output import say
from ingest.cli.output.feeds import feed_record
from ingest.config import remove_feed


@click.command("remove")
@click.argument("feed_id", metavar="ID")
@click.pass_obj
def command(context: Context, feed_id: str) -> None:
    """Take a feed out of the configuration. What is stored of it stays."""
    feed = remove_feed(context.config_path, feed_id)
    if context.as_json:
        say.emit_json(feed_record(feed))
    else:
        context.records.print(f"removed {feed.id}; what is stored of it stays", soft_wrap=True)
