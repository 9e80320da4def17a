import os
import subprocess
import sys

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

from ingest.dedup.bands import BANDS, bands
from ingest.dedup.shingles import normalise, shingles
from ingest.dedup.signature import (
    MIN_SHINGLES,
    PERMUTATIONS,
    SCHEME,
    containment,
    fingerprint,
    jaccard,
)
from storage.model import Fingerprint

GOLDEN_TEXT = (
    "The river rose by 1,200 mm overnight, and 35 families left their homes in Straßburg. "
    "東京で会議が開かれた。 ไทยแลนด์ "
    "Officials said the worst was over but asked people to stay away from the banks until Friday."
)
TEXTS = st.lists(
    st.sampled_from([f"word{number}" for number in range(40)]), min_size=1, max_size=120
).map(" ".join)
ANY = st.text(max_size=120)


def test_the_scheme_is_what_stored_signatures_were_made_by() -> None:
    # If this fails, stored signatures no longer compare: change SCHEME (or NORMALISATION) with it.
    made = fingerprint(GOLDEN_TEXT)
    assert SCHEME == (
        "datasketch-affine32/permutations=128/seed=1/shingles=3/hash=poly64-splitmix"
        "/bands=42x3/normalisation=1"
    )
    assert made.content_hash == "ea50072dbc710c252677b127cbccdf3b7c20166dfad408886ee45a7086575404"
    assert np.frombuffer(made.signature, "<u4")[:3].tolist() == [68765636, 6287275, 32354801]
    assert made.bands[:2] == (-3918496365876664479, -3610676364044124152)
    assert (made.shingles, made.numbers) == (49, ("1200", "35"))


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_every_process_makes_the_same_fingerprint(seed: str) -> None:
    program = (
        "import sys; from ingest.dedup.signature import fingerprint; "
        "sys.stdout.write(ascii(fingerprint(sys.stdin.buffer.read().decode())))"
    )
    made = subprocess.run(
        [sys.executable, "-c", program],
        input=GOLDEN_TEXT.encode(),
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
    )
    assert made.stdout.decode() == ascii(fingerprint(GOLDEN_TEXT))


@given(ANY)
def test_a_fingerprint_is_whole_or_empty(text: str) -> None:
    made = fingerprint(text)
    assert len(made.signature) == (4 * PERMUTATIONS if made.shingles else 0)
    assert len(made.bands) == (BANDS if made.shingles >= MIN_SHINGLES else 0)
    assert all(-(2**63) <= band < 2**63 for band in made.bands)


@given(ANY)
def test_a_text_is_wholly_like_itself_or_has_nothing_to_compare(text: str) -> None:
    made = fingerprint(text)
    expected = 1.0 if made.shingles else 0.0
    assert jaccard(made, made) == expected
    assert containment(made, made) == expected


@given(TEXTS, TEXTS)
def test_likeness_is_symmetric_and_a_share(one: str, other: str) -> None:
    a, b = fingerprint(one), fingerprint(other)
    assert jaccard(a, b) == jaccard(b, a)
    assert containment(a, b) == containment(b, a)
    assert 0 <= jaccard(a, b) <= containment(a, b) <= 1


@pytest.mark.parametrize(
    ("shared", "more"), [(400, 0), (400, 100), (300, 500), (150, 850), (0, 500)]
)
@pytest.mark.parametrize("start", range(0, 8000, 2000))
def test_containment_is_estimated_as_well_as_128_values_allow(
    shared: int, more: int, start: int
) -> None:
    words = [f"w{number}" for number in range(start, start + 1900)]
    one = " ".join([*words[:shared], *words[1000:1100]])
    other = " ".join(words[: shared + more] if shared else words[200 : 200 + more])
    a, b = set(shingles(normalise(one)).tolist()), set(shingles(normalise(other)).tolist())
    true_jaccard, true_containment = len(a & b) / len(a | b), len(a & b) / min(len(a), len(b))
    error = (true_jaccard * (1 - true_jaccard) / PERMUTATIONS) ** 0.5
    tolerance = 3.5 * error / (1 + true_jaccard) ** 2 * (len(a) + len(b)) / min(len(a), len(b))
    found = containment(fingerprint(one), fingerprint(other))
    assert found == pytest.approx(true_containment, abs=tolerance + 1e-9)


def test_the_estimate_has_no_bias() -> None:
    errors = []
    for start in range(0, 90_000, 900):
        words = [f"w{number}" for number in range(start, start + 800)]
        one, other = " ".join(words[:500]), " ".join(words[150:])
        exact = len(range(150, 498)) / len(range(498))
        errors.append(containment(fingerprint(one), fingerprint(other)) - exact)
    assert abs(float(np.mean(errors))) < 0.02


def test_the_same_values_as_datasketchs_own_loop() -> None:
    loop = MinHash(num_perm=PERMUTATIONS, seed=1, scheme="affine32", hashfunc=int)
    for value in (shingles(normalise(GOLDEN_TEXT)) >> np.uint64(32)).tolist():
        loop.update(value)
    assert fingerprint(GOLDEN_TEXT).signature == loop.hashvalues.astype("<u4").tobytes()


def test_a_signature_of_another_make_resembles_nothing() -> None:
    made = fingerprint(GOLDEN_TEXT)
    foreign = Fingerprint(content_hash="", signature=made.signature[:256], shingles=made.shingles)
    assert jaccard(made, foreign) == containment(made, foreign) == 0


def test_equal_values_in_another_band_are_another_band() -> None:
    assert len(set(bands(np.full(PERMUTATIONS, 7, np.uint32)))) == BANDS


def test_a_band_depends_on_each_of_its_rows_and_on_no_others() -> None:
    values = np.arange(PERMUTATIONS, dtype=np.uint32)
    before = bands(values)
    for place in range(PERMUTATIONS):
        changed = values.copy()
        changed[place] ^= 1
        differing = [i for i, band in enumerate(bands(changed)) if band != before[i]]
        assert differing == ([place // 3] if place < 3 * BANDS else [])
