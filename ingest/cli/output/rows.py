"""Rows on stdout: as wide as the terminal, and through a pager if they are longer than it."""

import io
import os
import sys

import click

from ingest.cli.context import UNBROKEN, Context
from storage.answers.formats import Format, Rows, write

PIPED_WIDTH = 160  # columns of a table that goes to a file or a program


def show(context: Context, table: Rows, kind: Format) -> None:
    """Write rows to stdout."""
    console = context.records
    width = PIPED_WIDTH if console.width == UNBROKEN else console.width
    if not console.is_terminal or kind is Format.PARQUET:
        write(table, kind, sys.stdout, width=width)
        return
    text = io.StringIO()
    write(table, kind, text, width=width)
    paged(text.getvalue(), height=console.height)


def paged(text: str, *, height: int) -> None:
    """Write a text to the terminal, by way of $PAGER (else less) if it has more lines than that."""
    if text.count("\n") < height:
        click.echo(text, nl=False)
        return
    # Lines are not wrapped, colours stay, and what was read is still there afterwards.
    os.environ.setdefault("LESS", "-SFRX")
    click.echo_via_pager(text)
