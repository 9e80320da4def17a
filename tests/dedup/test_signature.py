import os
import subprocess
import sys

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

from ingest.dedup.bands import BANDS, LEAD_BANDS, bands, lead_bands
from ingest.dedup.shingles import normalise, shingles, token_hashes
from ingest.dedup.signature import (
    LEAD_PERMUTATIONS,
    MIN_SHINGLES,
    PERMUTATIONS,
    SCHEME,
    fingerprint,
    lead_share,
)

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
        "/bands=42x3/lead=48x64x21/sample=128/normalisation=1"
    )
    assert made.content_hash == "ea50072dbc710c252677b127cbccdf3b7c20166dfad408886ee45a7086575404"
    assert np.frombuffer(made.signature, "<u4")[:3].tolist() == [68765636, 6287275, 32354801]
    assert made.bands[:2] == (-3918496365876664479, -3610676364044124152)
    assert (made.shingles, made.numbers) == (49, ("1200", "35"))
    assert np.frombuffer(made.sample, "<u4")[:3].tolist() == [13290276, 53638126, 111933426]
    assert np.frombuffer(made.lead, "<u4")[:3].tolist() == [68765636, 6287275, 32354801]
    assert made.lead_bands[:2] == (4966417165857699852, -1485001389942931746)
    assert (made.lead_shingles, made.passages, made.headline) == (46, (6228308579741569051,), 0)


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
    assert len(made.lead) == (4 * LEAD_PERMUTATIONS if made.shingles else 0)
    assert len(made.lead_bands) == (LEAD_BANDS if made.shingles >= MIN_SHINGLES else 0)
    keys = (*made.bands, *made.lead_bands, *made.passages)
    assert all(-(2**63) <= key < 2**63 for key in keys)


@given(TEXTS)
def test_residue_leaves_the_whole_texts_hash_and_passages_as_they_are(text: str) -> None:
    page = f"{text}\nSign up for the letter we send each morning"
    whole = fingerprint(page, site="s")
    without = fingerprint(page, site="s", residue=whole.passages[-1:])
    alone = fingerprint(text)
    assert (without.content_hash, without.passages) == (whole.content_hash, whole.passages)
    assert (without.signature, without.sample, without.shingles, without.numbers) == (
        (alone.signature, alone.sample, alone.shingles, alone.numbers)
    )


def test_a_text_of_residue_alone_has_nothing_to_compare() -> None:
    whole = fingerprint("One line.\n\nAnother line.", site="s")
    nothing = fingerprint("One line.\n\nAnother line.", site="s", residue=whole.passages)
    assert (nothing.shingles, nothing.sample, nothing.lead, nothing.bands) == (0, b"", b"", ())


@pytest.mark.parametrize("length", [60, 200, 1000, 4000])
def test_how_much_of_a_lead_stands_in_another_text_is_told_from_the_values(length: int) -> None:
    words = [f"w{number}" for number in range(9000)]
    article = fingerprint(" ".join(words[:length]))
    begins_alike = fingerprint(" ".join(words[:50]))
    quotes_it = fingerprint(" ".join([*words[5000 : 5000 + length], *words[:50]]))
    assert lead_share(article, begins_alike) > 0.8
    assert lead_share(quotes_it, begins_alike) < 0.1
    assert lead_share(fingerprint(""), article) == lead_share(article, fingerprint("")) == 0


def test_a_bands_key_tells_whether_it_is_of_a_text_or_of_a_lead() -> None:
    values = np.full(PERMUTATIONS, 7, np.uint32)
    assert not set(bands(values)) & set(lead_bands(values))


@pytest.mark.parametrize("text", [GOLDEN_TEXT, " ".join(f"long{number}" for number in range(2000))])
def test_the_same_values_as_datasketchs_own_loop(text: str) -> None:
    loop = MinHash(num_perm=PERMUTATIONS, seed=1, scheme="affine32", hashfunc=int)
    for value in (shingles(token_hashes(normalise(text))) >> np.uint64(32)).tolist():
        loop.update(value)
    assert fingerprint(text).signature == loop.hashvalues.astype("<u4").tobytes()


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
