"""The fold's quality on the fold corpus, just under what was reached."""

import importlib
from typing import Any

import pytest

from ingest.dedup.decision import FoldRules

# A benchmark, not a package of ours: it is looked at as the script that it is.
quality: Any = importlib.import_module("bench.fold_quality")

FLOORS = {"en": (0.965, 0.955), "de": (0.972, 0.960), "zh": (0.975, 0.970)}


@pytest.mark.skipif(not quality.DEFAULT.exists(), reason="the fold corpus is absent")
def test_the_fold_is_no_worse_than_it_was() -> None:
    docs = quality.read(quality.DEFAULT)
    figures, _ = quality.score(lambda group: quality.fold(group, FoldRules()), docs)
    for language, (f1, ari) in FLOORS.items():
        assert figures[language]["f1"] >= f1, (language, figures[language])
        assert figures[language]["ari"] >= ari, (language, figures[language])
