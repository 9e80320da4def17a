"""The feed that a person means by an address: found on the web, and told."""

from rich.text import Text

from ingest.cli.context import Context
from ingest.cli.opening.prober import open_prober
from ingest.cli.output import say
from ingest.cli.output.documents import about, parsed_record, trouble
from ingest.cli.output.feeds import feed_record
from ingest.config import Config
from ingest.errors import NewsfoldError
from ingest.probing.probe import Probe
from ingest.types import Feed, ParsedFeed


async def find_feed(
    context: Context, config: Config | None, url: str, *, nothing: str
) -> tuple[Probe, ParsedFeed]:
    """Return the feed at ``url``, or the first that a page there announces.

    Raises:
        NewsfoldError: there is none, or it cannot be had; ``nothing`` says what was not done.
    """
    async with open_prober(context, config) as prober:
        probe = await prober.probe(url)
        if isinstance(probe.document, ParsedFeed):
            return probe, probe.document
        if not probe.announced:
            raise NewsfoldError(
                f"{url}: {trouble(probe.document)}; {nothing} (`newsfold feeds discover {url}` "
                "looks further)"
            )
        first, *others = probe.announced
        say.note(context, say.said(f"{url} is a page; it announces the feed {first.url}").plain)
        for other in others:
            title = f" ({other.title})" if other.title else ""
            say.note(context, say.said(f"it also announces {other.url}{title}").plain)
        probe = await prober.probe(first.url)
        if isinstance(probe.document, ParsedFeed):
            return probe, probe.document
        raise NewsfoldError(f"{first.url}: {trouble(probe.document)}; {nothing}")


def tell_found(context: Context, done: str, feed: Feed, probe: Probe, parsed: ParsedFeed) -> None:
    """Say what was done with the feed, and what its document is."""
    if context.as_json:
        say.emit_json(feed_record(feed) | parsed_record(probe, parsed))
        return
    line = Text.assemble(f"{done} ", (feed.id, "bold green"), ": ", say.said(feed.name))
    context.records.print(line, soft_wrap=True)
    say.unbroken(context, say.said(feed.url, "dim"), indent=2)
    say.flowing(context, Text(about(probe, parsed)), indent=2)
    if parsed.flaw:
        say.note(context, f"flawed, but readable: {say.said(parsed.flaw).plain}")
    say.note(context, f"`newsfold crawl {feed.id}` reads it now")
