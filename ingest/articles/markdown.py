"""Paragraphs as Markdown (CommonMark 0.31), for those who want an article's structure."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from ingest.articles.paragraphs import Kind, Paragraph

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>])")
_BLOCK_START: Final = re.compile(r"^(\s*)(#{1,6}(?=\s)|[-+](?=\s)|>|~{3,}|={2,}|(?<=\d)[.)])")
_NUMBERED: Final = re.compile(r"^(\d{1,9})([.)])(?=\s)")
_LEVEL: Final = 2  # of headings whose markup does not tell


def markdown(found: Sequence[Paragraph]) -> str:
    """Return paragraphs as Markdown blocks, parted by blank lines; rows of a table by none.

    What is plain text in a paragraph is escaped, so that it stays so.
    """
    blocks = []
    for kind, group in groupby(found, key=lambda paragraph: paragraph.kind):
        lines = [_block(paragraph) for paragraph in group]
        if kind is Kind.ROW:
            columns = max(line.count(" | ") for line in lines) + 1
            lines.insert(1, "|" + " --- |" * columns)
        blocks.append(("\n" if kind in {Kind.ROW, Kind.ITEM} else "\n\n").join(lines))
    return "\n\n".join(blocks)


def _block(paragraph: Paragraph) -> str:
    text = paragraph.text
    match paragraph.kind:
        case Kind.CODE:
            fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text) or [""]))
            return f"{fence}\n{text}\n{fence}"
        case Kind.HEADING:
            return f"{'#' * (paragraph.level or _LEVEL)} {_escaped(text)}"
        case Kind.ITEM:
            return f"- {_escaped(text)}"
        case Kind.QUOTE:
            return f"> {_escaped(text)}"
        case Kind.ROW:
            return f"| {_escaped(text)} |"
        case Kind.TEXT:
            return _escaped(text)


def _escaped(text: str) -> str:
    text = _SPECIAL.sub(r"\\\1", text)
    text = _NUMBERED.sub(r"\1\\\2", text)
    return _BLOCK_START.sub(r"\1\\\2", text)
