"""How well the fold finds copies: ``python bench/fold_quality.py [FILE] [--json]``.

FILE is as ``bench/fold_file.py`` says. Each document goes the product's own way: it is signed as
extraction signs it, then settled and committed to a ledger, which finds its candidates. Beside ours
stand the recipes of ``bench/fold_peers.py``.

A document whose story was seen before counts as found if it is folded into that story; folded
anywhere else it is a false positive. The adjusted Rand index (Hubert and Arabie 1985) compares the
resulting stories with the true ones. Sets are folded apart. With ``--orders N`` each is folded in N
other orders of arrival as well, and the stories that come of that are compared with the stream's:
all at random, or with ``--round M`` only those of each M that follow one another, as when feeds are
asked in another order.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from math import comb
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.fold_file import DEFAULT, Doc, read
from bench.fold_peers import PEERS, Peer, stories
from ingest.articles.urls import site_of
from ingest.config import RetrySettings
from ingest.dedup.decision import FoldRules
from ingest.dedup.shingles import normalise
from ingest.dedup.signature import SCHEME, fingerprint
from ingest.reading.single import entry_for
from ingest.settle import Circumstances, settle
from ingest.settle.finding import Found
from ingest.types import Extracted
from storage.ledger.fold.index import RETENTION
from storage.ledger.sqlite import SqliteLedger

START = datetime(2026, 1, 1, tzinfo=UTC)
GROUP = 64
OURS = "ours"
_ABREAST = 4  # languages in one table


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


Folded = Iterator[tuple[Doc, int | None, str]]
"""Each document, the place of the one it was folded into, and the name of its story at the end."""
Figures = dict[str, dict[str, float]]


def fold(
    docs: Sequence[Doc],
    rules: FoldRules,
    *,
    window: timedelta = RETENTION,
    apart: timedelta = timedelta(seconds=1),
) -> Folded:
    """Settle each document in order; yield it, the one it was folded into, and its story.

    They appeared ``apart`` after one another, and come so; copies are looked for within ``window``.
    """
    with tempfile.TemporaryDirectory() as folder:
        ledger = SqliteLedger(Path(folder) / "ledger.db", retention=window)
        ledger.set_fold_scheme(SCHEME)
        run = Circumstances(
            run_id=ledger.begin_run(kind="bench", at=START),
            rules=rules,
            window=window,
            fold=True,
            keep_duplicate_text=False,
            retry=RetrySettings(),
        )
        keys: dict[int, str] = {}
        places: dict[str, int] = {}
        matched: dict[int, int | None] = {}
        for start in range(0, len(docs), GROUP):
            group = [
                (doc, START + apart * (start + at))
                for at, doc in enumerate(docs[start : start + GROUP])
            ]
            states = [entry_for(doc.url, None, now=START) for doc, _ in group]
            ledger.add_entries(states, run_id=run.run_id, at=START)
            with ledger.writing() as writer:
                for (doc, at), state in zip(group, states, strict=True):
                    own, *_ = settle(writer, state, _found(doc, at, apart), at, run)
                    assert own.article_id is not None
                    of = json.loads(own.evidence).get("of")
                    matched[doc.place] = places.get(of)
                    keys[doc.place] = own.article_id
                    places.setdefault(own.article_id, doc.place)
        stored = ledger.stories.articles(list(places))
        ledger.close()
    homes = {article.article_id: article.story_id for article in stored}
    for doc in docs:
        yield doc, matched[doc.place], homes[keys[doc.place]]


def _found(doc: Doc, at: datetime, apart: timedelta) -> Found:
    extracted = Extracted(
        canonical_url=doc.url,
        text=doc.text,
        fingerprint=fingerprint(doc.text, site=site_of(doc.url), title=doc.title),
        title=doc.title,
        published_at=START + apart * doc.place,
        language=doc.language,
        word_count=len(doc.text.split()),
    )
    return Found(extracted=extracted, url=doc.url, urls=(doc.url,), fetched_at=at)


def peer(make: Callable[[], Peer], docs: Sequence[Doc]) -> Folded:
    """Fold the documents by another's recipe."""
    keys = [(str(doc.place), normalise(doc.text)) for doc in docs]
    for doc, (match, story) in zip(docs, stories(make(), keys), strict=True):
        yield doc, None if match is None else int(match), story


def measure(runs: Iterable[Folded]) -> tuple[Figures, dict[str, Score]]:
    """Return the figures by language, and the scores by language and kind (``en base``).

    Stories of different ``runs``, of which each is a set's, are never the same.
    """
    scores: dict[str, Score] = defaultdict(Score)
    groups: dict[str, list[tuple[object, object]]] = defaultdict(list)
    for number, folded in enumerate(runs):
        truth: dict[int, str] = {}
        seen: set[str] = set()
        for doc, match, story in folded:
            right = match is not None and truth[match] == doc.story
            for key in (doc.language, f"{doc.language} {doc.kind}"):
                score = scores[key]
                score.documents += 1
                score.copies += doc.story in seen
                score.found += right
                score.false += match is not None and not right
            seen.add(doc.story)
            truth[doc.place] = doc.story
            groups[doc.language].append(((number, doc.story), (number, story)))
    figures = {
        language: {**scores[language].figures(), "ari": adjusted_rand(pairs)}
        for language, pairs in groups.items()
    }
    return figures, scores


def adjusted_rand(pairs: Iterable[tuple[object, object]]) -> float:
    """Return the adjusted Rand index of two groupings, given each item's pair of groups."""
    both = Counter(pairs)
    left: Counter[object] = Counter()
    right: Counter[object] = Counter()
    for (one, other), count in both.items():
        left[one] += count
        right[other] += count
    together = sum(comb(count, 2) for count in both.values())
    lefts = sum(comb(count, 2) for count in left.values())
    rights = sum(comb(count, 2) for count in right.values())
    expected = lefts * rights / max(1, comb(both.total(), 2))
    most = (lefts + rights) / 2
    return 1.0 if most == expected else (together - expected) / (most - expected)


def by_set(docs: Sequence[Doc]) -> list[list[Doc]]:
    """Return the documents of each set, in stream order."""
    sets: dict[str, list[Doc]] = defaultdict(list)
    for doc in docs:
        sets[doc.set].append(doc)
    return list(sets.values())


def score(
    make: Callable[[Sequence[Doc]], Folded], docs: Sequence[Doc]
) -> tuple[Figures, dict[str, Score]]:
    """Fold each set by itself, and measure them together."""
    return measure(make(group) for group in by_set(docs))


def orders(docs: Sequence[Doc], count: int, at_once: int) -> dict[str, dict[str, float]]:
    """Fold each set in ``count`` other orders of arrival; compare the stories with the stream's.

    Returns for each language the least and the mean adjusted Rand index between the two groupings.

    Args:
        docs: The documents in stream order.
        count: How many other orders.
        at_once: Only so many that follow one another change places; 0 for all.
    """
    sets = by_set(docs)
    streams = [{doc.place: story for doc, _, story in fold(its, FoldRules())} for its in sets]
    found: dict[str, list[float]] = defaultdict(list)
    for seed in range(count):
        chance = random.Random(seed)
        pairs: dict[str, list[tuple[object, object]]] = defaultdict(list)
        for number, (its, stream) in enumerate(zip(sets, streams, strict=True)):
            size = at_once or len(its)
            rounds = [its[start : start + size] for start in range(0, len(its), size)]
            arrived = [doc for one in rounds for doc in chance.sample(one, len(one))]
            for doc, _, story in fold(arrived, FoldRules()):
                pairs[doc.language].append(((number, stream[doc.place]), (number, story)))
        for language, both in pairs.items():
            found[language].append(adjusted_rand(both))
    return {
        language: {"min": min(its), "mean": sum(its) / len(its)} for language, its in found.items()
    }


def tell_orders(console: Console, found: Mapping[str, Mapping[str, float]], count: int) -> None:
    """Print how much the order of arrival matters."""
    table = Table("language", "least ARI", "mean ARI", title=f"{count} orders against the stream's")
    for language, its in sorted(found.items()):
        table.add_row(language, f"{its['min']:.4f}", f"{its['mean']:.4f}")
    console.print(table)


def tell_kinds(console: Console, figures: Figures, scores: Mapping[str, Score]) -> None:
    """Print ours by language and kind."""
    table = Table("ours", "documents", "copies", "P", "R", "F1", "ARI", title="By kind")
    for key in sorted(scores):
        its = scores[key]
        own = its.figures()
        ari = f"{figures[key]['ari']:.3f}" if key in figures else ""
        shares = (f"{own[name]:.3f}" for name in ("p", "r", "f1"))
        table.add_row(key, f"{its.documents}", f"{its.copies}", *shares, ari)
    console.print(table)


def tell_peers(console: Console, figures: Mapping[str, Figures]) -> None:
    """Print ours beside the others by language, as many languages in a table as fit."""
    languages = sorted({language for found in figures.values() for language in found})
    for start in range(0, len(languages), _ABREAST):
        some = languages[start : start + _ABREAST]
        table = Table("", *(f"{language} {name}" for language in some for name in ("F1", "ARI")))
        for name, found in figures.items():
            cells = (f"{found[language][it]:.3f}" for language in some for it in ("f1", "ari"))
            table.add_row(name, *cells)
        console.print(table)


def main() -> int:
    """Print the tables, or with ``--json`` one object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-peers", action="store_true", help="measure ours alone")
    parser.add_argument(
        "--orders", type=int, default=0, metavar="N", help="also fold in N other orders of arrival"
    )
    parser.add_argument(
        "--round", type=int, default=0, metavar="M", help="only M after one another change places"
    )
    arguments = parser.parse_args()
    try:
        docs = read(arguments.file)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    ours, scores = score(lambda group: fold(group, FoldRules()), docs)
    peers = {
        make().name: score(partial(peer, make), docs)[0]
        for make in (() if arguments.no_peers else PEERS)
    }
    shuffled = orders(docs, arguments.orders, arguments.round) if arguments.orders else {}
    if arguments.json:
        print(json.dumps({OURS: ours, "peers": peers, "orders": shuffled}))
        return 0
    console = Console(width=120)
    tell_kinds(console, ours, scores)
    tell_peers(console, {OURS: ours, **peers})
    if shuffled:
        tell_orders(console, shuffled, arguments.orders)
    return 0


if __name__ == "__main__":
    sys.exit(main())
