"""How the changes from one revision to the next are drawn."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from ingest.cli.output import say
from ingest.cli.output.diffs import Kind, Paragraph, compare

_CHANGES = {
    Kind.KEPT: ("", "", ""),
    Kind.DELETED: ("red strike", "[-", "-]"),
    Kind.INSERTED: ("green", "{+", "+}"),
}

Revision = tuple[str | None, str]
"""A title and a text."""


def revision_diff(console: Console, old: Revision, new: Revision) -> Iterator[Text]:
    """Yield what changed, a paragraph each: in colour, or in brackets where there is none."""
    changes = compare(old[1], new[1])
    if (old[0] or "") != (new[0] or ""):
        changes = compare(old[0] or "", new[0] or "") + changes
    kept = 0
    for paragraph in changes:
        if paragraph.kept:
            kept += 1
            continue
        yield from _unchanged(kept)
        kept = 0
        yield _changed(console, paragraph)
    yield from _unchanged(kept)


def _unchanged(count: int) -> Iterator[Text]:
    if count:
        yield Text(f"… {say.plural(count, 'paragraph')} unchanged …", "dim")


def _changed(console: Console, paragraph: Paragraph) -> Text:
    text = Text()
    for piece in paragraph.pieces:
        style, opening, closing = _CHANGES[piece.kind]
        plain = say.said(f"|{piece.text}|").plain[1:-1]
        coloured = console.color_system is not None
        text.append(plain if coloured else f"{opening}{plain}{closing}", style)
    return text
