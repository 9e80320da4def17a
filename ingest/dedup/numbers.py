"""The numbers a text states: what tells one templated report from the next."""

import hashlib
import re
from unicodedata import decimal

MOST = 256
"""How many distinct numbers are kept of one text."""

_NUMBER = re.compile(
    r"(?<!\d)\d{1,3}(?:[.,'’ ]\d{3}(?!\d))+(?:[.,]\d+)?|\d+(?:[.,]\d+)?"  # noqa: RUF001 - as printed
)
_RUN = re.compile(r"\d[\d.,'’ ]*")  # noqa: RUF001 - as printed
_GROUPS = re.compile(r"[.,'’ ](?=\d{3}(?!\d))")  # noqa: RUF001 - as printed


def numbers(normalised: str) -> tuple[str, ...]:
    """Return the distinct numbers stated in a normalised text, sorted.

    Digits of any script count. Separators of thousands and leading zeros are dropped and a
    decimal comma becomes a point, so that outlets' house styles do not make them differ. Of
    more than ``MOST`` numbers those with the least digests are kept: the same sample of the
    same numbers in any text, as in bottom-k sketches (Cohen and Kaplan 2007).
    """
    # Runs of digits and separators first: most of a text is passed over quickly.
    found = {_plain(match) for run in _RUN.findall(normalised) for match in _NUMBER.findall(run)}
    if len(found) > MOST:
        found = set(sorted(found, key=_digest)[:MOST])
    return tuple(sorted(found))


def overlap(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """Return the overlap coefficient: the share of the smaller set that lies in the other."""
    if not a or not b:
        return 0.0
    return len(set(a) & set(b)) / min(len(set(a)), len(set(b)))


def _plain(number: str) -> str:
    digits = "".join(str(decimal(mark, mark)) for mark in _GROUPS.sub("", number))
    whole, _, part = digits.replace(",", ".").partition(".")
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    return f"{whole}.{part}" if part else whole


def _digest(number: str) -> bytes:
    return hashlib.blake2b(number.encode(), digest_size=8).digest()
