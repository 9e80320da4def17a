"""What each rule of the fold earns: ``python bench/fold_ablation.py [FILE] [--language L]``.

One rule at a time is taken out, all others staying as they are; the documents go the product's own
way each time (``bench/fold_quality.py``). A rule that is a setting is taken out by that; for the
others the one function or number it rests on is replaced for the time of the run.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.fold_file import DEFAULT, Doc, read
from bench.fold_quality import Figures, fold, score
from ingest.dedup import shingles
from ingest.dedup.decision import Copy, FoldRules
from ingest.dedup.sample import Likeness, likeness
from ingest.settle import gathering
from ingest.settle.case import Case
from storage.model import StoredArticle

NEVER = 1_000_000


def _no_bands(_: npt.NDArray[np.uint32]) -> tuple[int, ...]:
    return ()


def _jaccard(a: bytes, b: bytes, sizes: tuple[int, int]) -> Likeness:
    found = likeness(a, b, sizes)
    return replace(found, containment=found.jaccard)


_story_of = gathering.story_of


def _none_alone(case: Case, decision: Copy) -> tuple[StoredArticle, tuple[Copy, ...]]:
    return _story_of(case, replace(decision, also=()))


_kinds = shingles._kinds


def _words_alone() -> npt.NDArray[np.uint8]:
    return np.minimum(_kinds(), 1)


def _unfolded(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """A rule taken out: the rules then, and what is put in the place of what, by its name."""

    name: str
    rules: FoldRules = field(default_factory=FoldRules)
    instead: Mapping[str, object] = field(default_factory=dict)


ABLATIONS = (
    Ablation(name="(nothing)"),
    Ablation(
        name="containment: Jaccard instead", instead={"ingest.dedup.decision.likeness": _jaccard}
    ),
    Ablation(name="the lead's signature", instead={"ingest.dedup.signature.lead_bands": _no_bands}),
    Ablation(name="a common lead where one contains the other", rules=FoldRules(lead=0.0)),
    Ablation(name="numbers must agree", rules=FoldRules(min_numbers=NEVER)),
    Ablation(name="fewer numbers where much is shared", rules=FoldRules(numbers_if_sure=0.6)),
    Ablation(name="residue is left out", rules=FoldRules(headlines=NEVER)),
    Ablation(name="joining those alone", instead={"ingest.settle.place.story_of": _none_alone}),
    Ablation(name="eight candidates: one", instead={"ingest.settle.choice.CANDIDATES": 1}),
    Ablation(name="characters as tokens", instead={"ingest.dedup.shingles._kinds": _words_alone}),
    Ablation(
        name="NFKC and case folding",
        instead={"ingest.dedup.shingles.fold": _unfolded},
    ),
)


def measured(ablation: Ablation, docs: Sequence[Doc]) -> Figures:
    """Return the figures by language without one rule."""
    with ExitStack() as stack:
        for name, other in ablation.instead.items():
            stack.enter_context(patch(name, other))
        return score(lambda group: fold(group, ablation.rules), docs)[0]


def main() -> int:
    """Print the table, or with ``--json`` one object a line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--language", action="append", help="use these documents alone; repeatable")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not arguments.file.exists():
        print(f"{arguments.file}: no such file", file=sys.stderr)
        return 2
    wanted = arguments.language
    docs = [doc for doc in read(arguments.file) if not wanted or doc.language in wanted]
    rows = []
    for ablation in ABLATIONS:
        rows.append((ablation.name, measured(ablation, docs)))
        print(ablation.name, file=sys.stderr)
        if arguments.json:
            print(json.dumps({"without": ablation.name, **rows[-1][1]}), flush=True)
    if not arguments.json:
        Console(width=160).print(_table(rows))
    return 0


def _table(rows: Sequence[tuple[str, Figures]]) -> Table:
    languages = list(rows[0][1])
    names = ("P", "R", "F1", "ARI")
    table = Table("without", *(f"{language} {name}" for language in languages for name in names))
    for name, figures in rows:
        cells = (f"{figures[of][it.lower()]:.3f}" for of in languages for it in names)
        table.add_row(name, *cells)
    return table


if __name__ == "__main__":
    sys.exit(main())
