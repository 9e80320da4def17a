"""The corpus of real pages, and how extracted fields score against its labels.

Shared by tests and ``bench/extract_quality.py``. Texts are scored as
article-extraction-benchmark does: 4-grams of words (of characters, in scripts without spaces),
as multisets; precision, recall and F1 a page, averaged over pages.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from pathlib import Path

from ingest.text import clean_line, clean_text

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

_GRAM = 4
_FUZZY = 0.9
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A page with what people say it holds."""

    path: Path
    url: str
    country: str | None
    title: str | None
    authors: tuple[str, ...] | None
    published: datetime | None
    body: str | None

    @property
    def html(self) -> bytes:
        """The page's bytes."""
        return gzip.decompress(self.path.read_bytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Precision, recall and F1, 0 to 1."""

    precision: float
    recall: float
    f1: float


def labelled_pages(folder: Path = CORPUS) -> Iterator[Labelled]:
    """Yield the pages listed in a folder's ``labels.jsonl``."""
    with (folder / "labels.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            label = json.loads(line)
            published = label.get("published")
            authors = label.get("authors")
            yield Labelled(
                path=folder / label["page"],
                url=label["url"],
                country=label.get("country"),
                title=label.get("title"),
                authors=None if authors is None else tuple(authors),
                published=datetime.fromisoformat(published) if published else None,
                body=label.get("body"),
            )


def grams(text: str) -> Counter[tuple[str, ...]]:
    """Return the 4-grams of a text with their counts; one shorter gram for a shorter text."""
    tokens = _TOKEN.findall(clean_text(text))
    size = min(_GRAM, len(tokens))
    if not size:
        return Counter()
    return Counter(tuple(tokens[at : at + size]) for at in range(len(tokens) - size + 1))


def score_text(found: str, wanted: str) -> Score:
    """Score an extracted text against the labelled one."""
    ours, theirs = grams(found), grams(wanted)
    if not ours and not theirs:
        return Score(precision=1.0, recall=1.0, f1=1.0)
    common = sum((ours & theirs).values())
    precision = common / max(1, sum(ours.values()))
    recall = common / max(1, sum(theirs.values()))
    total = precision + recall
    return Score(
        precision=precision, recall=recall, f1=2 * precision * recall / total if total else 0.0
    )


def mean(scores: Sequence[Score]) -> Score:
    """Return the mean of each figure over pages."""
    count = max(1, len(scores))
    return Score(
        precision=sum(score.precision for score in scores) / count,
        recall=sum(score.recall for score in scores) / count,
        f1=sum(score.f1 for score in scores) / count,
    )


def title_matches(found: str | None, wanted: str) -> bool:
    """Tell whether two titles are the same but for a few characters."""
    ours, theirs = clean_line(found or "").casefold(), clean_line(wanted).casefold()
    return SequenceMatcher(None, ours, theirs, autojunk=False).ratio() >= _FUZZY


def date_matches(found: datetime | None, wanted: datetime) -> bool:
    """Tell whether two times are the same to the minute, or on the same day if no zone is known."""
    if found is None:
        return False
    wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)
    return abs(found - wanted) < timedelta(minutes=1) or found.date() == wanted.date()


def authors_match(found: Iterable[str], wanted: Iterable[str]) -> bool:
    """Tell whether two sets of names are equal."""
    return {clean_line(name).casefold() for name in found} == {
        clean_line(name).casefold() for name in wanted
    }
