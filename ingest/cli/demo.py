"""``newsfold demo``: the built-in newsroom, crawled twice, and what came of it."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from filelock import FileLock, Timeout

from ingest.cli.context import Context
from ingest.cli.output.demo_report import Report, program
from ingest.cli.output.progress import watching
from ingest.cli.output.say import emit_json
from ingest.cli.output.summary import report
from ingest.clock import system_clock
from ingest.config import Config
from ingest.demo.play import play
from ingest.errors import BusyError, UsageError
from ingest.observe import Tally

FOLDER = Path("newsfold-demo")

# What tells a folder that the demo made, and may empty, from anything else.
MARK = ".newsfold-demo"
LOCK = ".lock"


@click.command()
@click.option("--no-fold", is_flag=True, help="Fold nothing: the check at the end must then fail.")
@click.pass_obj
def command(context: Context, no_fold: bool) -> None:
    """Crawl a small built-in newsroom on loopback twice, and show what was folded and why.

    Needs no network. The store is left in newsfold-demo (or --data) to try queries on. Exits 0
    only if what is stored is exactly what the newsroom's own list of truths says.
    """
    folder = (context.data or FOLDER).absolute()
    check_folder(folder)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise BusyError(f"{folder}: a demo is running here already") from None
    with lock:
        empty_folder(folder)
        _demonstrate(context, folder, fold=not no_fold)


def _demonstrate(context: Context, folder: Path, *, fold: bool) -> None:
    told = Report(context.out, program(folder), brief=context.quiet or context.as_json)

    @contextmanager
    def watch(edition: int, config: Config) -> Iterator[Tally]:
        told.crawling(edition, len(config.feeds))
        started = time.monotonic()
        with watching(context, total=len(config.feeds), lines=False) as tally:
            yield tally
        if not context.as_json:
            report(context, tally, time.monotonic() - started)

    told.welcome()
    played = play(folder, fold=fold, clock=system_clock, watch=watch)
    told.everything(played)
    if context.as_json:
        crawls = [tally.summary() for tally in played.tallies]
        emit_json(
            {"exact": not played.differences, "differences": played.differences, "crawls": crawls}
        )
    elif context.quiet:
        for difference in played.differences:
            click.echo(f"newsfold: {difference}", err=True)
    if played.differences:
        raise click.exceptions.Exit(1)


def check_folder(folder: Path) -> None:
    """Make ``folder`` the demo's, if it is not.

    Raises:
        UsageError: it has things in it that the demo did not put there.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise UsageError(
            f"{folder} is not empty and not the demo's; name another with --data, or remove it"
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def empty_folder(folder: Path) -> None:
    """Remove what an earlier demo left."""
    for path in folder.iterdir():
        if path.name in {MARK, LOCK}:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
