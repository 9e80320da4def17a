"""The fold's quality on the fold corpus, just under what was reached."""

import gzip
import importlib
import json
from pathlib import Path
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


def test_any_file_of_documents_is_measured(tmp_path: Path) -> None:
    text = " ".join(f"Keeper{n} saw boat{n} leave quay{n}." for n in range(30))
    lines = [
        {"story": 1, "text": text},
        {"story": 1, "text": f"{text} More to follow.\r\n", "language": "th", "title": None},
        {"story": 2, "text": "", "id": "a/b #?", "site": "Ü, x"},
        {"story": 1, "text": f"{text} \ud800", "set": "another set", "id": "a/b #?"},
    ]
    body = "\r\n".join(map(json.dumps, lines)).encode("utf-8-sig")
    plain, packed = tmp_path / "any.jsonl", tmp_path / "any.jsonl.gz"
    plain.write_bytes(body)
    packed.write_bytes(gzip.compress(body))
    docs = quality.read(plain)
    assert docs == quality.read(packed)
    figures, scores = quality.score(lambda group: quality.fold(group, FoldRules()), docs)
    assert figures["th"] == {"p": 1.0, "r": 1.0, "f1": 1.0, "ari": 1.0}
    assert (scores["und any"].documents, scores["und any"].copies) == (3, 0)
    plain.write_text('{"story": 1}\n{"text": "no story"}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"any\.jsonl:2: is no document"):
        quality.read(plain)
