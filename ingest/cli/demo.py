"""``newsfold demo``: the built-in newsroom, crawled twice, and what came of it."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ingest.cli.context import Context
from ingest.cli.crawl import report
from ingest.cli.demo_report import Report, program
from ingest.cli.progress import watching
from ingest.clock import system_clock
from ingest.config import Config
from ingest.demo.play import play
from ingest.errors import UsageError
from ingest.observe import Tally

FOLDER = Path("newsfold-demo")

# What tells a folder that the demo made, and may empty, from anything else.
MARK = ".newsfold-demo"


@click.command()
@click.option("--no-fold", is_flag=True, help="Fold nothing: the check at the end must then fail.")
@click.pass_obj
def command(context: Context, no_fold: bool) -> None:
    """Crawl a small built-in newsroom on loopback twice, and show what was folded and why.

    Needs no network. The store is left in newsfold-demo (or --data) to try queries on. Exits 0
    only if what is stored is exactly what the newsroom's own list of truths says.
    """
    folder = empty_folder((context.data or FOLDER).absolute())

    @contextmanager
    def watch(edition: int, config: Config) -> Iterator[Tally]:
        told.crawling(edition, len(config.feeds))
        started = time.monotonic()
        with watching(context, total=len(config.feeds), lines=False) as tally:
            yield tally
        report(context, tally, time.monotonic() - started)

    told = Report(context.out, program(folder))
    told.welcome()
    played = play(folder, fold=not no_fold, clock=system_clock, watch=watch)
    told.everything(played)
    if played.differences:
        raise click.exceptions.Exit(1)


def empty_folder(folder: Path) -> Path:
    """Make ``folder`` an empty folder of the demo's.

    Raises:
        UsageError: it has things in it that the demo did not put there.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise UsageError(
                f"{folder} is not empty and not the demo's; name another with --data, or remove it"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    return folder
