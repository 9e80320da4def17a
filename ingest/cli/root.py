"""The command line's trunk: global options, commands loaded when they are named, exit codes.

Exit codes: 0 done, 1 could not complete, 2 wrong usage or configuration, 130 interrupted.
"""

import errno
import importlib
import logging
import os
import sqlite3
import sys
from pathlib import Path

import click

from ingest.cli.context import Context
from ingest.cli.output.incomplete import noting
from ingest.cli.output.logs import CleanFormatter
from ingest.errors import NewsfoldError
from ingest.text import clean_text
from storage.errors import StoreError
from storage.fs import is_full

INTERRUPTED = 130
_WRITABLE = ": make it writable for this user, and run this again"
_REMEDIES = {
    errno.EROFS: _WRITABLE,
    errno.EACCES: _WRITABLE,
    errno.EPERM: _WRITABLE,
    errno.EIO: ": the disk may be failing; see the system's log, and run this again",
}
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")

# Each command's module in this folder has its name; what it does stands here, so that the list of
# commands costs no imports.
COMMANDS = {
    "demo": "Crawl a small built-in newsroom and show what was folded.",
    "crawl": "Poll feeds now, or ingest single pages.",
    "daemon": "Poll feeds as they fall due, until told to stop.",
    "query": "Run a SELECT and print its rows.",
    "search": "Find articles by words.",
    "show": "Show an article, its revisions and its copies.",
    "extract": "Extract one page, storing nothing, and show how.",
    "reextract": "Run today's extraction over archived pages.",
    "why": "Say all that happened to a URL, an id or a feed.",
    "fold": "Say whether two articles are copies of each other, and why.",
    "stories": "List stories; split an article off, join two, take a word back.",
    "refold": "Fold all that is stored anew, by today's rules.",
    "status": "Show the feeds' health, what waits, what is stored.",
    "feeds": "List, find, add, move, remove, check, import or export feeds.",
    "store": "Look after what is stored.",
    "config": "Check the configuration, or show it.",
}


class Commands(click.Group):
    """A group that imports a command's module only when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order a newcomer meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ingest.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="NEWSFOLD_CONFIG",
    default=Path("feeds.yml"),
    show_default=True,
    help="The configuration.  [env: NEWSFOLD_CONFIG]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="NEWSFOLD_DATA",
    help="The data folder, instead of the configuration's.  [env: NEWSFOLD_DATA]",
)
@click.option("-v", "--verbose", count=True, help="Say more (-vv: everything).")
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON on stdout.")
@click.version_option(package_name="newsfold")
@click.pass_context
def newsfold(
    ctx: click.Context,
    *,
    config: Path,
    data: Path | None,
    verbose: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Poll news feeds, fold near-duplicates together, query the articles as Parquet."""
    level = (
        logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    )
    to_stderr = logging.StreamHandler()
    to_stderr.setFormatter(CleanFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[to_stderr], level=level, force=True)
    for chatty in ("httpx", "httpcore", "apscheduler", "trafilatura", "asyncio"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    ctx.obj = Context(config_path=config, data=data, quiet=quiet, verbose=verbose, as_json=as_json)


def _refusal(error: BaseException) -> str | None:
    """Return what a disk or a database refused, in one line; ``None`` for a mistake of ours."""
    if isinstance(error, BaseExceptionGroup):
        said = {_refusal(each) for each in error.exceptions}
        return None if None in said else "; ".join(sorted(filter(None, said)))
    if is_full(error):
        return clean_text(f"the disk is full ({error}): make room on it and run this again")
    if isinstance(error, OSError):
        remedy = _REMEDIES.get(error.errno or 0, "")
        return clean_text(f"{error.filename or 'the disk'}: {error.strerror or error}{remedy}")
    if not isinstance(error, sqlite3.Error):
        return None
    if getattr(error, "sqlite_errorname", "").startswith(_DAMAGED):
        return clean_text(f"the ledger is damaged ({error}): `newsfold store repair` mends it")
    return clean_text(f"the ledger: {error}")


def run() -> int:
    """Run the command line and return its exit code; errors people can mend are one line."""
    try:
        with noting() as incomplete:
            # Outside standalone mode click returns the code of an Exit instead of raising it.
            code = newsfold.main(standalone_mode=False, prog_name="newsfold")
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (NewsfoldError, StoreError) as error:
        click.echo(f"newsfold: {clean_text(str(error))}", err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("newsfold: interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has all it wants; what Python still holds must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, sqlite3.Error, BaseExceptionGroup) as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        safe = "" if "is damaged" in refusal else "; what was committed is safe"
        click.echo(f"newsfold: {refusal}{safe}", err=True)
        return 1
    # A script must not take an answer for whole that is not.
    return (code if isinstance(code, int) else 0) or int(bool(incomplete.told))
