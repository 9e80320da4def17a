"""The searches of ``bench/store.py``: words that are about as rare as those people look for."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq

SAMPLE = 4_000
ONE_IN = 100
A_PHRASE_ONE_IN = 400
PREFIX = 5


def searches(ideal: Path) -> dict[str, str]:
    """Return searches by what they are; each word of them is in about one article in ``ONE_IN``."""
    batch = next(pq.ParquetFile(ideal).iter_batches(SAMPLE, columns=["text", "language"]))
    words: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    signs: Counter[str] = Counter()
    for row in batch.to_pylist():
        if row["language"] == "zh":
            signs.update({a + b for a, b in pairwise(row["text"]) if (a + b).isalpha()})
            continue
        said = row["text"].split()
        words.update({word for word in said if word.isascii() and word.isalpha()})
        pairs.update({f"{a} {b}" for a, b in pairwise(said) if (a + b).isalpha()})
    first, second = _like(words, SAMPLE // ONE_IN, 2)
    (phrase,) = _like(pairs, SAMPLE // A_PHRASE_ONE_IN, 1)
    ((sign, _),) = [each for each in signs.most_common() if not each[0].isascii()][:1]
    return {
        "one word": first,
        "two words": f"{first} {second}",
        "a phrase": f'"{phrase}"',
        "a prefix": f"{first[:PREFIX]}*",
        "two Chinese signs": sign,
    }


def _like(counts: Counter[str], often: int, wanted: int) -> list[str]:
    """Return the keys whose count is nearest to ``often``, long words first."""
    return sorted(counts, key=lambda key: (abs(counts[key] - often), -len(key), key))[:wanted]
