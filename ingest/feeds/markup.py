"""Small conversions between HTML and plain text, for titles, summaries and digests."""

import html
import re
from typing import Final

from ingest.text import clean_line, clean_text

_TAG: Final = re.compile(r"<!--.*?(?:-->|$)|</?[A-Za-z][^<>]*>", re.DOTALL)
_LONGEST_TITLE: Final = 1_000  # characters
_BLANK_LINES: Final = re.compile(r"\n[ \t]*\n\s*")


def as_line(markup: str) -> str:
    """Return the words of a piece of HTML as one line of plain text."""
    return clean_line(html.unescape(_TAG.sub(" ", markup)))


def title_line(value: str, *, is_html: bool) -> str:
    """Return a title as one line of plain text.

    Character references are resolved in either case: titles escaped twice are common, titles
    about character references are not. What is no headline by its length is cut.
    """
    # Tags inside a title are inline: nothing may come to stand in their place.
    plain = html.unescape(_TAG.sub("", value) if is_html else value)
    return clean_line(plain[: 2 * _LONGEST_TITLE])[:_LONGEST_TITLE].rstrip()


def as_html(text: str) -> str:
    """Return plain text as HTML: one ``<p>`` a paragraph, ``<br>`` for single line ends."""
    paragraphs = [part.strip() for part in _BLANK_LINES.split(clean_text(text)) if part.strip()]
    escaped = [html.escape(part, quote=False).replace("\n", "<br>") for part in paragraphs]
    if len(escaped) == 1:
        return escaped[0]
    return "".join(f"<p>{part}</p>" for part in escaped)
