"""The articles' texts: read from ``copy/``, taken apart into blocks."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A text as its author handed it in.

    ``blocks`` are paragraphs and, where ``headings`` says so, a heading between them.
    """

    headline: str
    byline: str
    section: str
    summary: str
    blocks: tuple[str, ...]
    headings: frozenset[int] = frozenset()


@cache
def read(name: str) -> Copy:
    """Return the text called ``name``: TOML between ``+++`` lines, then blocks.

    Blocks are divided by empty lines; one that starts with ``##`` is a heading.
    """
    source = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    _, head, body = re.split(r"^\+\+\+$", source, maxsplit=2, flags=re.MULTILINE)
    facts = tomllib.loads(head)
    blocks = [block.strip() for block in body.strip().split("\n\n")]
    return Copy(
        headline=facts["headline"],
        byline=facts["byline"],
        section=facts["section"],
        summary=facts["summary"],
        blocks=tuple(block.removeprefix("## ") for block in blocks),
        headings=frozenset(i for i, block in enumerate(blocks) if block.startswith("## ")),
    )
