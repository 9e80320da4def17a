"""A text's passages: what its site prints beside every article is told from what it reports.

A site's cookie notice, the sign-up line, an author's biography stand under many headlines; signed
with the article they make strangers alike and copies on two sites unlike. So each article's
passages are remembered under its headline, and those that stood under several different
ones are left out before signing.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Final

from ingest.dedup.shingles import normalise

MOST: Final = 256
"""How many distinct passages of one text are remembered."""

HEADLINES: Final = 3
"""Under so many other headlines of its site a passage is residue.

One that stands in the updates of one developing story does so under two or three; on the
fold corpus 2 instead of 3 changes nothing, 4 and more leave residue in for longer.
"""


def passages(text: str, site: str) -> Iterator[tuple[int, str]]:
    """Yield a text's paragraphs, each with a hash of its own for its site, in their order.

    The hashes are signed 64-bit integers, the paragraphs normalised; empty ones are left out.
    """
    for line in text.split("\n"):
        paragraph = normalise(line)
        if paragraph:
            yield hash_of(f"{site}\x00{paragraph}"), paragraph


def headline(title: str | None) -> int:
    """Return a hash of a title: a signed 64-bit integer, 0 for none."""
    normalised = normalise(title or "")
    return hash_of(normalised) if normalised else 0


def residue(seen: Mapping[int, int], needed: int = HEADLINES) -> frozenset[int]:
    """Return the passages that are residue.

    Args:
        seen: For each passage, under how many other headlines of its site it was seen.
        needed: From how many on it is residue.
    """
    return frozenset(passage for passage, headlines in seen.items() if headlines >= needed)


def hash_of(words: str) -> int:
    """Return a signed 64-bit hash, the same in every process and on every machine."""
    digest = blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
