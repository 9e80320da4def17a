"""A text's passages: what its site prints beside every article is told from what it reports.

A site's cookie notice, the sign-up line, an author's biography stand under many headlines; signed
with the article they make strangers alike and copies on two sites unlike. So each article's
passages are remembered under its headline, and those that stood under several different
ones are left out before signing.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Final

from ingest.dedup.shingles import normalise
from storage.model import Fingerprint

MOST: Final = 256
"""How many distinct passages of one text are remembered."""

HEADLINES: Final = 3
"""Under so many other headlines of its site a passage is residue.

One that stands in the updates of one developing story does so under two or three; on the
fold corpus 2 instead of 3 changes nothing, 4 and more leave residue in for longer.
"""

QUOTED: Final = 3
"""So many passages are quoted where two texts are compared."""

_QUOTED_LENGTH: Final = 120
_VERSION_SIZE: Final = 12
_TELLING_LENGTH: Final = 80
_SENTENCE_END: Final = re.compile(
    r"[.!?\u2026\u3002\uff01\uff1f\u061f\u06d4\u0964]"  # of Latin, CJK, Arabic, Indic scripts
    r"[\"'\u2019\u201d\u00bb)\]\u300d]*$"
)
_DIGITS: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Of a text's distinct passages ``count`` are in another; ``others`` are the rest, in order."""

    count: int
    others: tuple[str, ...]


def passages(text: str, site: str) -> Iterator[tuple[int, str]]:
    """Yield a text's paragraphs, each with a hash of its own for its site, in their order.

    The hashes are signed 64-bit integers, the paragraphs normalised; empty ones are left out.
    A hash is odd where the passage *tells* something: a sentence, or a long line. Of the others,
    which are headings, counters, dates and pointers to other articles, the digits are not
    looked at.
    """
    for passage, paragraph, _ in _lines(text, site):
        yield passage, paragraph


def shared(text: str, site: str, passages: Collection[int]) -> Shared:
    """Return how many passages of a text are among ``passages``, and the others as printed.

    Args:
        text: The text, a paragraph a line.
        site: The site that ``passages`` were hashed for, whichever ``text`` stands on.
        passages: Those of the other text.
    """
    lines = {passage: line for passage, _, line in _lines(text, site)}
    return Shared(
        count=sum(passage in passages for passage in lines),
        others=tuple(line for passage, line in lines.items() if passage not in passages),
    )


def quotes(paragraphs: Iterable[str], most: int = QUOTED) -> list[str]:
    """Return the first few of some paragraphs, each cut to a length that is quickly read."""
    return [
        line if len(line) <= _QUOTED_LENGTH else f"{line[: _QUOTED_LENGTH - 1].rstrip()}\u2026"
        for line in islice(paragraphs, most)
    ]


def version(print_: Fingerprint) -> str:
    """Return what names a text among those its article had: the same while its news is the same.

    A digest of the passages that tell something. Where there are none, or so many that not all are
    known, it is the content hash.
    """
    told = telling(print_.passages)
    if not told or len(print_.passages) >= MOST:
        return print_.content_hash
    packed = b"".join(passage.to_bytes(8, "little", signed=True) for passage in sorted(told))
    return blake2b(packed, digest_size=_VERSION_SIZE).hexdigest()


def telling(passages: Collection[int]) -> frozenset[int]:
    """Return those passages that tell something: a text in which others change is not revised."""
    return frozenset(passage for passage in passages if passage & 1)


def headline(title: str | None) -> int:
    """Return a hash of a title: a signed 64-bit integer, 0 for none."""
    normalised = normalise(title or "")
    return _hash_of(normalised) if normalised else 0


def residue(seen: Mapping[int, int], needed: int = HEADLINES) -> frozenset[int]:
    """Return the passages that are residue.

    Args:
        seen: For each passage, under how many other headlines of its site it was seen.
        needed: From how many on it is residue.
    """
    return frozenset(passage for passage, headlines in seen.items() if headlines >= needed)


def _lines(text: str, site: str) -> Iterator[tuple[int, str, str]]:
    """Yield each passage's hash, its normalised words, and the line as printed."""
    for line in text.split("\n"):
        paragraph = normalise(line)
        if paragraph:
            tells = len(paragraph) >= _TELLING_LENGTH or bool(_SENTENCE_END.search(paragraph))
            words = paragraph if tells else _DIGITS.sub("0", paragraph)
            yield _hash_of(f"{site}\x00{words}") & ~1 | tells, paragraph, line.strip()


def _hash_of(words: str) -> int:
    """Return a signed 64-bit hash, the same in every process and on every machine."""
    digest = blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
