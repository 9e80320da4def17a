"""``newsfold feeds export``: the feeds as a list for other programs."""

from pathlib import Path

import click

from ingest.cli.context import Context
from ingest.cli.output import say
from ingest.cli.output.feeds import feed_record
from ingest.cli.output.files import write_file
from ingest.config import as_file
from ingest.feeds.subscriptions import write_opml
from ingest.types import Feed

_BY_SUFFIX = {".opml": "opml", ".xml": "opml", ".yml": "yaml", ".yaml": "yaml", ".txt": "txt"}


@click.command("export", short_help="Write the feeds as OPML, YAML or a list of URLs.")
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False), required=False,
                metavar="[FILE]")  # fmt: skip
@click.option(
    "--format",
    "wanted",
    type=click.Choice(["opml", "yaml", "txt"]),
    help="How they are written.  [default: what FILE ends with, else opml]",
)
@click.pass_obj
def command(context: Context, *, output: Path | None, wanted: str | None) -> None:
    """Write the feeds as OPML 2.0, as YAML or as a list of URLs, to FILE or to stdout.

    Only YAML, which is a configuration itself, keeps ids and intervals.
    """
    feeds = context.load_config().feeds
    kind = wanted or _BY_SUFFIX.get(output.suffix.lower() if output else "", "opml")
    if output is not None:
        write_file(output, lambda raw: raw.write(_written(feeds, kind)))
        say.note(context, f"{say.plural(len(feeds), 'feed')} in {output}")
    elif wanted is not None or not context.as_json:
        click.echo(_written(feeds, kind), nl=False)
        return
    if context.as_json:
        say.emit_json([feed_record(feed) for feed in feeds])


def _written(feeds: tuple[Feed, ...], kind: str) -> bytes:
    match kind:
        case "opml":
            return write_opml(feeds, title="Newsfold")
        case "yaml":
            return as_file(feeds).encode()
        case _:
            return "".join(f"{feed.url}\n" for feed in feeds).encode()
