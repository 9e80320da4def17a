"""The texts of ``bench/store.py``: like news in their words, and in which word follows which.

Random letters make an index of words too large and a file too large: no word comes as often as
words do, and nothing compresses. So where the corpus of documents lies beside the project, each
text is a walk through its articles: the next word is one that follows the last somewhere in them
(a Markov chain of order 1). Without it the words are invented, as often as Zipf's law has them.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "folds.jsonl.gz"
WORDS = 400
SHORTEST = 60
NAMES = 0.004
"""How many of a text's words stand in hardly any other: a walk would never find a new one."""

CHINESE = 50
"""One text in so many is Chinese, twice as many characters as an English one has words."""

AT_ONCE = 2_000
_INVENTED, _SIGNS = 60_000, 4_000
_SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnprstvz" for vowel in "aeiou"]


@dataclass(frozen=True, slots=True)
class Text:
    """An article's text and its language."""

    text: str
    language: str


def texts(count: int, seed: int) -> Iterator[Text]:
    """Yield texts of about ``WORDS`` words."""
    chance = np.random.default_rng(seed)
    english, chinese = _english(chance), _chinese(chance)
    for number in range(count):
        yield next(chinese if number % CHINESE == CHINESE - 1 else english)


def _english(chance: np.random.Generator) -> Iterator[Text]:
    words = [word for text in _corpus("en") for word in text.split()]
    if not words:
        ranks = chance.zipf(1.15, 4_000_000) - 1
        words = [_name(int(rank)) for rank in ranks[ranks < _INVENTED]]
    for chosen in _walks(words, WORDS, chance):
        places = chance.integers(0, len(chosen), chance.binomial(len(chosen), NAMES))
        chosen[places] = [_name(int(n)) for n in chance.integers(0, 10**9, len(places))]
        yield Text(" ".join(chosen), "en")


def _chinese(chance: np.random.Generator) -> Iterator[Text]:
    signs = [sign for text in _corpus("zh") for sign in "".join(text.split())]
    if not signs:
        ranks = chance.zipf(1.3, 400_000)
        signs = [chr(0x4E00 + int(rank)) for rank in ranks[ranks < _SIGNS]]
    for chosen in _walks(signs, 2 * WORDS, chance):
        yield Text("".join(chosen), "zh")


def _corpus(language: str) -> list[str]:
    if not CORPUS.exists():
        return []
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    return [
        document["text"]
        for document in documents
        if document["language"] == language and document["kind"] == "base"
    ]


def _walks(tokens: list[str], length: int, chance: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield walks of about ``length`` steps without end, each from a token to one that follows."""
    numbers = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    known = np.array(list(numbers), dtype=object)
    line = np.array([numbers[token] for token in tokens])
    # The places of each token, those of one token after those of another; the last has no next.
    places = np.argsort(line[:-1], kind="stable")
    counts = np.bincount(line[:-1], minlength=len(known))
    begins = np.cumsum(counts) - counts
    while True:
        lengths = np.maximum(SHORTEST, chance.normal(length, length / 3, AT_ONCE)).astype(int)
        steps = np.empty((lengths.max(), AT_ONCE), dtype=np.int64)
        steps[0] = line[chance.integers(0, len(line) - 1, AT_ONCE)]
        for number in range(1, len(steps)):
            last = steps[number - 1]
            picked = begins[last] + (chance.random(AT_ONCE) * counts[last]).astype(int)
            steps[number] = line[places[np.minimum(picked, len(places) - 1)] + 1]
        for number, of in enumerate(lengths):
            yield known[steps[:of, number]]


def _name(number: int) -> str:
    """Return a word that can be said, another for each number."""
    said = _SYLLABLES[number % len(_SYLLABLES)]
    while number := number // len(_SYLLABLES):
        said += _SYLLABLES[number % len(_SYLLABLES)]
    return said
