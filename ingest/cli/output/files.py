"""Files that results are written to."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import click

from storage.schema import TABLES


def check_outside(output: Path, data: Path) -> None:
    """Refuse to write among a store's own files, where every reader of the folder would read it.

    Raises:
        click.UsageError: ``output`` lies in a folder that is a table's, or the ledger's.
    """
    target = output.resolve()
    for name in (*TABLES, "state", "tmp"):
        if target.is_relative_to((data / name).resolve()):
            raise click.UsageError(
                f"{output} would lie among the store's own files in {data / name}, and be taken"
                " for one of them: name another place"
            )


def write_file(output: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Replace ``output``, whole or not at all; a device or a pipe is written to.

    Args:
        output: The file.
        fill: Writes what is to be in it.

    Raises:
        click.FileError: it cannot be written.
    """
    if output.exists() and not output.is_file():
        try:
            with output.open("wb") as raw:
                fill(raw)
        except OSError as error:
            raise click.FileError(str(output), error.strerror) from error
        return
    try:
        handle, name = tempfile.mkstemp(dir=output.resolve().parent, prefix=f".{output.name}.")
    except OSError as error:
        raise click.FileError(str(output), error.strerror) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as raw:
            fill(raw)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(output.resolve())
    except OSError as error:
        raise click.FileError(str(output), error.strerror) from error
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
