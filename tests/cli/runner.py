"""Runs the command line in this process, as a person's shell would."""

import io
import json
import logging
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ingest.cli.root import run

_OWN = ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "NEWSFOLD_CONFIG", "NEWSFOLD_DATA")


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


def newsfold(*args: str | Path, stdin: str = "", env: dict[str, str] | None = None) -> Ran:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    err = io.StringIO()
    environment = {key: value for key, value in os.environ.items() if key not in _OWN}
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    logger.handlers.clear()  # or they would be closed by the command's own set-up
    try:
        with (
            patch.dict(os.environ, environment | (env or {}), clear=True),
            patch.object(sys, "argv", ["newsfold", *map(str, args)]),
            patch.object(sys, "stdin", io.StringIO(stdin)),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = run()
    finally:
        logger.handlers[:] = handlers
        logger.setLevel(level)
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    return Ran(code=code, raw=out.buffer.getvalue(), err=err.getvalue())
