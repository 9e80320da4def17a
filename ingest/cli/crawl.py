"""``newsfold crawl``: poll now, take every entry to its outcome, flush, and say what it came to."""

import asyncio
import signal
import time

import click

from ingest.app import crawl, ingest_pages
from ingest.cli.arguments.feeds import select_feeds
from ingest.cli.context import Context
from ingest.cli.output.progress import watching
from ingest.cli.output.summary import report
from ingest.clock import system_clock
from ingest.observe import Tally
from ingest.reading.single import link_of
from storage.model import Outcome

# Outcomes of an entry whose article is in the store.
STORED = (Outcome.NEW, Outcome.REVISED, Outcome.UNCHANGED, Outcome.DUPLICATE)


@click.command()
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@click.option("--url", "urls", multiple=True, metavar="URL", help="Ingest this page; repeatable.")
@click.option("--due", is_flag=True, help="Poll only feeds whose next poll is due.")
@click.pass_obj
def command(context: Context, feeds: tuple[str, ...], urls: tuple[str, ...], due: bool) -> None:
    """Poll all feeds now, or those named by id, name, tag or URL; or ingest single pages.

    Feeds that have asked to be left alone for a while (Retry-After) or are gone (410) are polled
    only when named. Exits when everything is flushed. One dead feed never fails the run; with
    --url the exit code is 1 if no article came of any page.
    """
    if urls and (feeds or due):
        raise click.UsageError("--url ingests single pages: leave out the feeds")
    links = [link_of(url) for url in urls]
    config = context.load_config()
    chosen = select_feeds(config, feeds) if not urls else ()
    # Whoever ends the process kindly gets the same as with Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    started = time.monotonic()
    tally = Tally()
    try:
        with watching(context, total=len(chosen)) as tally:
            if urls:
                asyncio.run(ingest_pages(config, links, clock=system_clock, observer=tally))
            else:
                asyncio.run(
                    crawl(
                        config,
                        chosen,
                        clock=system_clock,
                        observer=tally,
                        named=bool(feeds),
                        only_due=due,
                    )
                )
    finally:
        report(context, tally, time.monotonic() - started)
    if links and not any(tally.settlements[outcome] for outcome in STORED):
        raise click.exceptions.Exit(1)
