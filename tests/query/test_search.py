import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import storage
from storage.errors import QueryError
from storage.search import HIT_END, HIT_START, index
from storage.search.words import asked, segmented
from storage.store import Store
from tests.query.samples import at
from tests.query.texts import found, put

FIELDS = [
    ("title:tsunami", ["wave"]),
    ("tsunami -title:tsunami", ["port"]),
    ('title:"harbour news"', ["port"]),
    ("title:harb*", ["port"]),
    ("title:津波", ["nami"]),
    ("tsunami site:example.org", ["wave", "port"]),
    ("tsunami site:example.net", []),
    ("tsunami feed:feed", ["wave", "port"]),
    ("tsunami feed:other", []),
    ("tsunami language:xx", []),
    ("tsunami since:2026-11-23", ["wave", "port"]),
    ("tsunami since:2026-11-24", []),
    ("tsunami until:2026-11-23", []),
    ("tsunami since:2026-11-23T10:00Z until:2026-11-24", ["wave", "port"]),
]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("津波", ["nami"]),
        ("波は", ["nami"]),
        ("津は", []),
        ("津波警報 解除", ["nami"]),
        ("น้ำท่วม", ["thai"]),
        ("กรุงเทพ", ["thai"]),
        ("금리", ["kore"]),
        ("한국은행", ["kore"]),
        ("cafe", ["cafe"]),
        ("CAFÉ", ["cafe"]),
        ("brucke", ["cafe"]),
        ("e-mail", ["cafe"]),
        ("हिन्दी", ["hind"]),
        ("दिल्ली बारिश", ["hind"]),
        ("tsunami", ["wave", "port"]),
        ("tsunami -port", ["wave"]),
        ("tsunami -quake", ["port"]),
        ('"warning lifted"', ["wave"]),
        ('"lifted warning"', []),
        ("lifted warning", ["wave"]),
        ("tsun*", ["wave", "port"]),
        ("tsun", []),
        ("tsunami -harb*", ["wave"]),
        ('tsunami -"other words"', ["wave"]),
        ("23日", ["nami"]),
        ("zebra", []),
    ],
)
def test_words_are_found_in_every_script(root: Path, words: str, names: list[str]) -> None:
    assert found(root, words) == names


def test_a_hit_has_what_is_needed_to_show_it(root: Path) -> None:
    with storage.open(root) as store:
        first, second = store.search("tsunami")
        (japanese,) = store.search("津波警報")
        assert len(store.search("tsunami", limit=1)) == 1
    assert (first.title, first.url, first.site) == (
        "Tsunami warning lifted",
        "https://example.org/wave",
        "example.org",
    )
    assert first.published_at == at(0)
    assert first.score > second.score > 0
    assert f"A {HIT_START}tsunami{HIT_END} is mentioned" in second.snippet
    assert japanese.title == "津波警報が解除"
    assert (
        japanese.snippet
        == f"気象庁は23日、東北地方の{HIT_START}津波警報{HIT_END}を解除した。波は低い。"
    )


def test_long_texts_are_cut_around_the_hit(root: Path) -> None:
    put(root, "2", {"long": ("Long", "blah " * 500 + "needle " + "blah " * 500)})
    with storage.open(root) as store:
        (hit,) = store.search("needle")
    assert f"{HIT_START}needle{HIT_END}" in hit.snippet
    assert len(hit.snippet) < 300
    assert hit.snippet.startswith("…")


def test_sentinels_in_a_text_do_not_reach_its_snippet(root: Path) -> None:
    put(root, "2", {"evil": ("Evil \x1b[31m", "a \x02fake\x03 \x1f needle \x1b[31m \x9b red")})
    with storage.open(root) as store:
        (hit,) = store.search("needle")
    assert hit.snippet == f"a fake {HIT_START}needle{HIT_END} [31m red"
    assert hit.title == "Evil  [31m"


@pytest.mark.parametrize("words", ["", "   ", "-tsunami", '""', "!!! ***", "-", '"', "\ud800"])
def test_a_search_without_a_word_is_refused(root: Path, words: str) -> None:
    with storage.open(root) as store, pytest.raises(QueryError, match="at least one word"):
        store.search(words)


SYNTAX = ['"', "*", "-", "(", ")", "AND", "OR", "NOT", "NEAR(", "title:", "^", "+", "{", "}", "'"]
WORDS = st.lists(st.sampled_from([*SYNTAX, "津波", "word", "\x00", " "]) | st.text(max_size=5))


@pytest.fixture(scope="module")
def fts() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.executescript(index._SCHEMA)
    return db


@settings(deadline=None)
@given(parts=WORDS, glue=st.sampled_from(["", " "]))
def test_no_words_make_a_syntax_error(
    fts: sqlite3.Connection, parts: Sequence[str], glue: str
) -> None:
    try:
        match = asked(glue.join(parts)).match
    except QueryError:
        return
    fts.execute("SELECT * FROM words WHERE words MATCH ?", [match]).fetchall()


def test_very_many_words_are_no_syntax_error(fts: sqlite3.Connection) -> None:
    match = asked(" ".join(f"w{n} -x{n}" for n in range(2_000))).match
    fts.execute("SELECT * FROM words WHERE words MATCH ?", [match]).fetchall()


@settings(deadline=None)
@given(text=st.text() | st.text(alphabet="a1 津波が。ไทยน้ำ한ー"))
def test_separators_are_all_that_is_added(text: str) -> None:
    assert segmented(text).replace("\x1f", "") == text.replace("\x1f", "")


@settings(deadline=None)
@given(text=st.text(alphabet="a1 .津波が。ไทยน้ำ한ー", max_size=12), data=st.data())
def test_every_run_of_letters_of_a_text_is_found(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    run = text[start : start + 3]
    dense = all(letter in "津波が한" for letter in run)
    if not dense or not run:
        return
    db = sqlite3.connect(":memory:")
    db.executescript(index._SCHEMA)
    db.execute("INSERT INTO words VALUES ('', ?)", [segmented(text)])
    assert db.execute("SELECT 1 FROM words WHERE words MATCH ?", [asked(run).match]).fetchone()
    db.close()


def test_an_empty_store_is_searched_in_vain(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    with Store(tmp_path) as store:
        assert store.search("anything") == []


@pytest.mark.parametrize(("words", "names"), FIELDS)
def test_fields_and_filters_narrow_what_is_found(root: Path, words: str, names: list[str]) -> None:
    assert found(root, words) == names


@pytest.mark.parametrize(("words", "told"), [("since:soon x", "soon"), ("site:a.org", "one word")])
def test_a_search_without_words_or_with_a_wrong_day_is_refused(
    root: Path, words: str, told: str
) -> None:
    with storage.open(root) as store, pytest.raises(QueryError, match=told):
        store.search(words)
