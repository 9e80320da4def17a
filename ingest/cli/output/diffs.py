"""What changed between two texts, paragraph by paragraph and within them word by word. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

# Words, spaces and marks; in scripts that set no spaces, letters.
_TOKEN = re.compile(
    r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
    r"|[^\W\u0e00-\u109f\u1780-\u17ff\u3040-\u9fff\uf900-\ufaff]+|\s+|[^\w\s]"
)
# SequenceMatcher takes time with the square of its input; longer paragraphs differ as a whole.
_MOST_TOKENS = 4_000
# Below this share of common words a comparison word by word is harder to read than both texts.
_ALIKE = 0.4


class Kind(Enum):
    """What happened to a piece of text."""

    KEPT = "kept"
    DELETED = "deleted"
    INSERTED = "inserted"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text with one fate."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of either text or of both. Joined without the deleted pieces it is the new one's.

    ``pieces`` of one kind alone: the paragraph was kept, deleted or inserted whole.
    """

    pieces: tuple[Piece, ...]

    @property
    def kept(self) -> bool:
        """Whether nothing changed in it."""
        return all(piece.kind is Kind.KEPT for piece in self.pieces)


def compare(old: str, new: str) -> list[Paragraph]:
    """Return all paragraphs of both texts, in order; empty lines do not count."""
    before, after = _paragraphs(old), _paragraphs(new)
    found: list[Paragraph] = []
    for tag, i1, i2, j1, j2 in _opcodes(before, after):
        if tag == "equal":
            found += [_whole(Kind.KEPT, text) for text in after[j1:j2]]
        else:
            found += _replaced(before[i1:i2], after[j1:j2])
    return found


def _replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[Paragraph]:
    """Pair paragraphs that took each other's place, as far as they go, in order."""
    for old, new in zip(before, after, strict=False):
        words = _words(old, new)
        if words is not None:
            yield Paragraph(tuple(words))
        else:
            yield _whole(Kind.DELETED, old)
            yield _whole(Kind.INSERTED, new)
    yield from (_whole(Kind.DELETED, text) for text in before[len(after) :])
    yield from (_whole(Kind.INSERTED, text) for text in after[len(before) :])


def _words(old: str, new: str) -> list[Piece] | None:
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    if len(before) + len(after) > _MOST_TOKENS:
        return None
    pieces: list[Piece] = []
    common = 0
    for tag, i1, i2, j1, j2 in _opcodes(before, after):
        if tag == "equal":
            common += i2 - i1
            pieces.append(Piece(Kind.KEPT, "".join(after[j1:j2])))
            continue
        if i1 < i2:
            pieces.append(Piece(Kind.DELETED, "".join(before[i1:i2])))
        if j1 < j2:
            pieces.append(Piece(Kind.INSERTED, "".join(after[j1:j2])))
    alike = 2 * common / max(1, len(before) + len(after))
    return list(_joined(pieces)) if alike >= _ALIKE else None


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Let a space that was kept between two changes go with them: fewer, longer pieces."""
    deleted = inserted = ""
    for index, piece in enumerate(pieces):
        follows = index + 1 < len(pieces)
        if piece.kind is Kind.DELETED:
            deleted += piece.text
        elif piece.kind is Kind.INSERTED:
            inserted += piece.text
        elif piece.text.isspace() and follows and (deleted or inserted):
            deleted += piece.text
            inserted += piece.text
        else:
            yield from _changed(deleted, inserted)
            deleted = inserted = ""
            yield piece
    yield from _changed(deleted, inserted)


def _changed(deleted: str, inserted: str) -> Iterable[Piece]:
    if deleted:
        yield Piece(Kind.DELETED, deleted)
    if inserted:
        yield Piece(Kind.INSERTED, inserted)


def _opcodes(
    before: Sequence[str], after: Sequence[str]
) -> Sequence[tuple[str, int, int, int, int]]:
    return SequenceMatcher(None, before, after, autojunk=False).get_opcodes()


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _whole(kind: Kind, text: str) -> Paragraph:
    return Paragraph((Piece(kind, text),))
