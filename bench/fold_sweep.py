"""What moving a setting of the fold does: ``python bench/fold_sweep.py [FILE] [--only NAME]``.

One setting at a time is moved, all others being as they are by default; the documents go the
product's own way each time (``bench/fold_quality.py``). For the settings that have to do with time
the documents come ``--apart`` after one another (minutes), so that the windows have something to
cut; how far apart copies appear in the world is another matter. For the others they come within
hours. Each run's figures are kept in ``--cache``, a JSON file, and not made again as long as it is
there: remove it when the rules have changed.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.fold_file import DEFAULT, Doc, read
from bench.fold_quality import Figures, fold, score
from ingest.dedup.decision import FoldRules

RULES = FoldRules()
DEFAULTS = "(defaults)"
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

# Each setting by its key under ``dedup``, the field of the rules, and the values tried.
SETTINGS: tuple[tuple[str, str, tuple[object, ...]], ...] = (
    ("containment", "containment", (0.4, 0.5, 0.7, 0.8)),
    ("lead", "lead", (0.0, 0.05, 0.3, 0.5)),
    ("min_numbers", "min_numbers", (1, 6, 1_000)),
    ("numbers", "numbers", (0.0, 0.4, 0.8)),
    ("numbers_if_sure", "numbers_if_sure", (0.0, 0.2, 0.6)),
    ("headlines", "headlines", (2, 6, 1_000)),
)
TIMED: tuple[tuple[str, str, tuple[object, ...]], ...] = (
    ("near_window", "window", (12 * HOUR, 24 * HOUR, 7 * DAY, 90 * DAY)),
    ("late_containment", "late_containment", (0.6, 0.8, 1.0)),
)
RETENTIONS = (3 * DAY, 7 * DAY, 30 * DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One value of one setting; ``rules`` and ``retention`` are what it comes to.

    ``timed``: the documents come apart.
    """

    setting: str
    value: str
    rules: FoldRules = RULES
    retention: timedelta = 90 * DAY
    timed: bool = False

    @property
    def key(self) -> str:
        """Its name in the cache."""
        return f"{self.setting}={self.value}"


def variants() -> Iterator[Variant]:
    """Yield the defaults, then each value of each setting: those of time after the others."""
    for timed, settings in ((False, SETTINGS), (True, TIMED)):
        yield Variant(setting=DEFAULTS, value="apart" if timed else "", timed=timed)
        for key, name, values in settings:
            for value in values:
                rules = replace(RULES, **{name: value})  # type: ignore[arg-type]
                yield Variant(setting=key, value=said(value), rules=rules, timed=timed)
    for retention in RETENTIONS:
        yield Variant(setting="window", value=said(retention), retention=retention, timed=True)


def said(value: object) -> str:
    """Return a value as it stands in the configuration."""
    if not isinstance(value, timedelta):
        return str(value)
    return f"{value // HOUR}h" if value < 3 * DAY else f"{value // DAY}d"


def measured(variant: Variant, docs: Sequence[Doc], apart: timedelta) -> Figures:
    """Return the figures by language under one variant."""

    def settled(group: Sequence[Doc]) -> Iterator[tuple[Doc, str | None, str]]:
        spaced = apart if variant.timed else SECOND
        return fold(group, variant.rules, window=variant.retention, apart=spaced)

    return score(settled, docs)[0]


def tell(console: Console, rows: Sequence[tuple[Variant, Figures]]) -> None:
    """Print a table: a line for each variant, P, R, F1 and ARI by language."""
    languages = list(rows[0][1])
    heads = [f"{language} {name}" for language in languages for name in ("P", "R", "F1", "ARI")]
    table = Table("dedup.", "value", *heads)
    for variant, figures in rows:
        cells = (f"{figures[of][name]:.3f}" for of in languages for name in ("p", "r", "f1", "ari"))
        table.add_row(variant.setting, variant.value, *cells)
    console.print(table)


def main() -> int:
    """Print the table, or with ``--json`` one object a line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--only", action="append", help="sweep this setting alone; repeatable")
    parser.add_argument("--language", action="append", help="use this set alone; repeatable")
    parser.add_argument("--apart", type=float, default=10.0, metavar="MINUTES")
    parser.add_argument("--cache", type=Path, help="a JSON file of runs already made")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not arguments.file.exists():
        print(f"{arguments.file}: no such file", file=sys.stderr)
        return 2
    chosen = [
        variant
        for variant in variants()
        if not arguments.only or variant.setting in {DEFAULTS, *arguments.only}
    ]
    docs = [
        doc
        for doc in read(arguments.file)
        if not arguments.language or doc.language in arguments.language
    ]
    cache = arguments.cache
    made: dict[str, Figures] = json.loads(cache.read_text()) if cache and cache.exists() else {}
    rows = []
    for variant in chosen:
        if variant.key not in made:
            made[variant.key] = measured(variant, docs, timedelta(minutes=arguments.apart))
            if cache:
                cache.write_text(json.dumps(made))
        rows.append((variant, made[variant.key]))
        print(variant.key, file=sys.stderr)
    if arguments.json:
        for variant, figures in rows:
            print(json.dumps({"setting": variant.setting, "value": variant.value, **figures}))
    else:
        tell(Console(width=160), rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
