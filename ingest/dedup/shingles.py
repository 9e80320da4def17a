"""Text as the fold sees it: normalised, cut into tokens, hashed as a set of 3-shingles.

A *shingle* is a run of three tokens (Broder, "On the resemblance and containment of documents",
1997). Everything here is one pass of numpy over the text's code points.
"""

import re
from functools import cache
from unicodedata import category, normalize

import numpy as np
import numpy.typing as npt

SHINGLE_SIZE = 3
NORMALISATION = 1
"""Version of the rules in this module: to be raised whenever any text's shingles change."""

Hashes = npt.NDArray[np.uint64]

_BETWEEN, _WORD, _ALONE, _LETTER = 0, 1, 2, 3

# How many characters a token has at most, by the kind of its first. In a word as many as there are.
_REACH = np.array([0, 1 << 30, 1, 4])

# Scripts written without spaces between words, as blocks of the Unicode Standard; what in them is
# no letter, mark or digit parts tokens as elsewhere. In some each character says about as much as
# a syllable or a word, and is a token of its own. In others it is a letter of an alphabet: runs of
# three letters recur in any two texts (unrelated Thai news shares a fifth to a quarter of them), so
# there each letter starts a token of four, and a shingle spans six.
_LETTERS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0xA9E0, 0xA9FF),  # Myanmar extension B
    (0xAA60, 0xAA7F),  # Myanmar extension A
)
_CHARACTERS = (
    (0x2E80, 0x2FDF),  # CJK radicals
    (0x3005, 0x3007),  # iteration mark, closing mark, ideographic zero
    (0x3021, 0x30FF),  # Hangzhou numerals, Hiragana, Katakana
    (0x3100, 0x312F),  # Bopomofo
    (0x31A0, 0x31FF),  # Bopomofo and Katakana extensions
    (0x3400, 0x4DBF),  # Han, extension A
    (0x4E00, 0x9FFF),  # Han
    (0xF900, 0xFAFF),  # Han, compatibility
    (0x1AFF0, 0x1B16F),  # Kana extensions
)
_HAN_PLANES = (0x20000, 0x3FFFF)

# Characters nobody sees (soft hyphen, zero-width and direction marks): copies differ in them.
_UNSEEN = re.compile(
    r"[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+"
)

# Odd multipliers of the hash functions: fractions of the golden ratio and of square roots.
_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)
_TABLE = 1 << 17  # powers kept at hand: enough for all but huge texts

# Arrays of no dimension: numpy takes its own scalars, and Python's, apart at every use.
_GAMMA = np.array(_BASE, np.uint64)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = (np.array(by, np.uint64) for by in (30, 27, 31))
_FACTOR_1, _FACTOR_2 = (
    np.array(factor, np.uint64) for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
_POSITIONS = tuple(
    np.array(factor, np.uint64)
    for factor in (0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1)
)


def normalise(text: str) -> str:
    """Return ``text`` as it is compared: folded, its white space one space each, none at the ends.

    Doing it twice changes nothing more.
    """
    return " ".join(fold(text).split())


def fold(text: str) -> str:
    """Return ``text`` in NFKC, case folded, without unseen characters. Its tokens are the same."""
    if not text.isascii():
        text = _UNSEEN.sub("", normalize("NFKC", text)).casefold()
        text = _UNSEEN.sub("", normalize("NFKC", text))
    return text.casefold()


def shingles(tokens: Hashes) -> Hashes:
    """Return the distinct 3-shingles of a text's token hashes, as 64-bit hashes, sorted.

    A text of one or two tokens has one shingle, all of it; a text of none has none. The hashes
    are the same in every process and on every machine.
    """
    if not len(tokens):
        return tokens
    size = min(SHINGLE_SIZE, len(tokens))
    count = len(tokens) - size + 1
    found = tokens[:count] * _POSITIONS[0]
    term = np.empty_like(found)
    for offset in range(1, size):
        np.multiply(tokens[offset : offset + count], _POSITIONS[offset], term)
        found += term
    _mix_in_place(found, term)
    found.sort()
    if count > 1:
        first = np.empty(count, bool)
        first[0] = True
        np.not_equal(found[1:], found[:-1], out=first[1:])
        found = found[first]
    return found


def token_hashes(folded: str) -> Hashes:
    """Return a 64-bit hash for each token of a folded or normalised text, in their order.

    Tokens are runs of letters, marks and digits; in scripts written without spaces single
    characters, or a few letters from each letter on. A run's hash is the polynomial of its code
    points, taken as a difference of prefix sums (Karp and Rabin 1987), modulo 2**64 where the
    odd base has an inverse.
    """
    if not folded:
        return np.zeros(0, np.uint64)
    points = _points(folded)
    # Clipping spares numpy the check that no index is outside: no code point is.
    kinds = _kinds().take(points, mode="clip")
    starts, ends = _runs(kinds) if kinds.max() <= _WORD else _cut(kinds)
    sums = np.empty(len(points) + 1, np.uint64)
    sums[0] = 0
    scattered = _scattered().take(points, mode="clip")
    scattered *= _powers(_BASE, len(points))
    np.add.accumulate(scattered, out=sums[1:])
    runs = sums.take(ends)
    runs -= sums.take(starts)
    runs *= _powers(_BASE_INVERSE, len(points)).take(starts)
    runs += (ends - starts).view(np.uint64)
    _mix_in_place(runs, np.empty_like(runs))
    return runs


def _points(text: str) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint32]:
    """Return a text's code points."""
    if text.isascii():
        return np.frombuffer(text.encode(), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _runs(kinds: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return where the words of a text begin and end that has nothing but words."""
    inside = np.empty(len(kinds) + 2, bool)
    inside[0] = inside[-1] = False
    inside[1:-1] = kinds
    edges = (inside[1:] != inside[:-1]).nonzero()[0].reshape(-1, 2).T.copy()
    return edges[0], edges[1]


def _cut(kinds: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return where the tokens of any text begin and end."""
    changes = np.flatnonzero(kinds[1:] != kinds[:-1]) + 1
    first_of_run = np.zeros(len(kinds), bool)
    first_of_run[0] = True
    first_of_run[changes] = True
    starts = np.flatnonzero((kinds > _WORD) | ((kinds == _WORD) & first_of_run))
    run_ends = np.append(changes, len(kinds))
    reach = starts + _REACH[kinds[starts]]
    return starts, np.minimum(reach, run_ends[np.searchsorted(run_ends, starts, side="right")])


def mix(values: Hashes) -> Hashes:
    """Return ``values`` scattered over 64 bits by SplitMix64's finalizer, a bijection.

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    mixed = values.copy()
    _mix_in_place(mixed, np.empty_like(mixed))
    return mixed


def _mix_in_place(values: Hashes, spare: Hashes) -> None:
    """Do what ``mix`` does to ``values`` themselves; ``spare`` is room for as many."""
    values += _GAMMA
    np.right_shift(values, _SHIFT_1, spare)
    values ^= spare
    values *= _FACTOR_1
    np.right_shift(values, _SHIFT_2, spare)
    values ^= spare
    values *= _FACTOR_2
    np.right_shift(values, _SHIFT_3, spare)
    values ^= spare


def _powers(base: int, count: int) -> Hashes:
    """Return ``base`` to the powers 0 … ``count - 1`` modulo 2**64."""
    if count <= _TABLE:
        return _power_table(base, _TABLE)[:count]
    return _power_table.__wrapped__(base, count)  # a huge text: not worth keeping


@cache
def _power_table(base: int, count: int) -> Hashes:
    factors = np.full(count, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors)


@cache
def _scattered() -> Hashes:
    """Return ``mix`` of each code point: looked up quicker than made."""
    return mix(np.arange(0x110000, dtype=np.uint64))


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """Return, for each code point, its kind: what parts it from or joins it to its neighbours."""
    kinds = np.zeros(0x110000, np.uint8)
    first_han, last_han = _HAN_PLANES
    for point in range(first_han):
        if category(chr(point))[0] in "LMN":
            kinds[point] = _WORD
    kinds[first_han : last_han + 1] = _ALONE
    for kind, blocks in ((_LETTER, _LETTERS), (_ALONE, _CHARACTERS)):
        for first, last in blocks:
            block = kinds[first : last + 1]
            block[block == _WORD] = kind
    return kinds
