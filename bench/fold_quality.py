"""How well the fold finds copies: ``python bench/fold_quality.py [FILE] [--json]``.

FILE has one JSON object a line (``id``, ``text``, ``language``, ``story``, ``kind``), in stream
order; by default ``../shared/corpus/folds.jsonl.gz`` from the project's root. The documents go
through ``ingest.dedup`` as in a crawl, against an index in memory that gives candidates
as the ledger does. A document whose story was seen before counts as found if it is folded into
that story; folded anywhere else it is a false positive. The adjusted Rand index (Hubert and
Arabie 1985) compares the resulting stories with the true ones.
"""

import argparse
import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import comb
from pathlib import Path

from ingest.dedup.decision import Copy, FoldRules, Incoming, Original, decide
from ingest.dedup.signature import fingerprint
from storage.model import Fingerprint, StoredArticle

DEFAULT = Path(__file__).parents[2] / "shared" / "corpus" / "folds.jsonl.gz"
START = datetime(2026, 1, 1, tzinfo=UTC)
CANDIDATES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc:
    """One document of the file."""

    id: str
    site: str
    text: str
    language: str
    story: str
    kind: str


@dataclass(slots=True)
class Index:
    """What the ledger's index does, in memory: by content hash and by shared bands."""

    articles: dict[str, StoredArticle] = field(default_factory=dict)
    hashes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    bands: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    def exact(self, own: Fingerprint) -> list[StoredArticle]:
        """Return the articles with the same content hash."""
        return [self.articles[key] for key in self.hashes.get(own.content_hash, ())]

    def near(self, own: Fingerprint) -> list[StoredArticle]:
        """Return the articles that share bands, most shared first."""
        shared = Counter(key for band in own.bands for key in self.bands.get(band, ()))
        ranked = sorted(shared, key=lambda key: (-shared[key], key))
        return [self.articles[key] for key in ranked[:CANDIDATES]]

    def add(self, article: StoredArticle) -> None:
        """Keep ``article``."""
        self.articles[article.article_id] = article
        self.hashes[article.fingerprint.content_hash].append(article.article_id)
        for band in article.fingerprint.bands:
            self.bands[band].append(article.article_id)


@dataclass(slots=True)
class Score:
    """Counts of one group of documents."""

    documents: int = 0
    copies: int = 0
    found: int = 0
    false: int = 0

    def figures(self) -> dict[str, float]:
        """Return precision, recall and F1."""
        precision = self.found / (self.found + self.false) if self.found + self.false else 1.0
        recall = self.found / self.copies if self.copies else 1.0
        both = precision + recall
        return {"p": precision, "r": recall, "f1": 2 * precision * recall / both if both else 0.0}


def read(path: Path) -> Iterator[Doc]:
    """Yield the documents of ``path``."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            names = ("id", "site", "text", "language", "story", "kind")
            yield Doc(**{name: str(item.get(name, "")) for name in names})


def fold(
    docs: Iterable[Doc], rules: FoldRules
) -> Iterator[tuple[Doc, StoredArticle, Copy | Original]]:
    """Decide on each document in order, against all that came before it."""
    index = Index()
    for place, doc in enumerate(docs):
        seen = START + timedelta(seconds=place)
        own = fingerprint(doc.text)
        incoming = Incoming(
            article_id=doc.id, site=doc.site, published_at=None, first_seen_at=seen, fingerprint=own
        )
        decision = decide(incoming, exact=index.exact(own), near=index.near(own), rules=rules)
        copied = decision.of if isinstance(decision, Copy) else None
        stored = StoredArticle(
            article_id=doc.id,
            revision=0,
            story_id=copied.story_id if copied else doc.id,
            duplicate_of=copied.article_id if copied else None,
            url=doc.id,
            canonical_url=doc.id,
            site=doc.site,
            title=None,
            published_at=None,
            first_seen_at=seen,
            fetched_at=seen,
            word_count=0,
            fingerprint=own,
        )
        index.add(stored)
        yield doc, stored, decision


def adjusted_rand(pairs: Iterable[tuple[str, str]]) -> float:
    """Return the adjusted Rand index of two groupings, given each item's pair of groups."""
    both = Counter(pairs)
    left: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for (one, other), count in both.items():
        left[one] += count
        right[other] += count
    together = sum(comb(count, 2) for count in both.values())
    lefts = sum(comb(count, 2) for count in left.values())
    rights = sum(comb(count, 2) for count in right.values())
    expected = lefts * rights / max(1, comb(both.total(), 2))
    most = (lefts + rights) / 2
    return 1.0 if most == expected else (together - expected) / (most - expected)


def measure(path: Path, rules: FoldRules) -> tuple[dict[str, dict[str, float]], dict[str, Score]]:
    """Return the figures by language, and the scores by language and kind (``en base``)."""
    scores: dict[str, Score] = defaultdict(Score)
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    truth: dict[str, str] = {}
    seen: set[str] = set()
    for doc, stored, decision in fold(read(path), rules):
        right = isinstance(decision, Copy) and truth[decision.of.article_id] == doc.story
        for key in (doc.language, f"{doc.language} {doc.kind}"):
            score = scores[key]
            score.documents += 1
            score.copies += doc.story in seen
            score.found += right
            score.false += isinstance(decision, Copy) and not right
        seen.add(doc.story)
        truth[doc.id] = doc.story
        groups[doc.language].append((doc.story, stored.story_id))
    figures = {
        language: {**scores[language].figures(), "ari": adjusted_rand(pairs)}
        for language, pairs in groups.items()
    }
    return figures, scores


def main() -> int:
    """Print the table, or with ``--json`` one object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not arguments.file.exists():
        print(f"{arguments.file}: no such file", file=sys.stderr)
        return 2
    figures, scores = measure(arguments.file, FoldRules())
    if arguments.json:
        print(json.dumps({"ours": figures}))
        return 0
    print(f"{'':24}{'docs':>7}{'copies':>8}{'P':>7}{'R':>7}{'F1':>7}{'ARI':>7}")
    for key in sorted(scores):
        score, its = scores[key], scores[key].figures()
        ari = f"{figures[key]['ari']:7.3f}" if key in figures else ""
        print(
            f"{key:24}{score.documents:7}{score.copies:8}"
            f"{its['p']:7.3f}{its['r']:7.3f}{its['f1']:7.3f}{ari}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
