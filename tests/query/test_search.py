import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import filelock
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import storage
from storage import search
from storage.asked import asked, segmented
from storage.errors import QueryError, StoreError
from storage.model import Row
from storage.search import HIT_END, HIT_START
from storage.store import Store
from tests.query.samples import article, at, duplicate, put_part

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

TEXTS = {
    "wave": ("Tsunami warning lifted", "The coast is calm again after the quake. " * 30),
    "nami": ("津波警報が解除", "気象庁は23日、東北地方の津波警報を解除した。波は低い。"),
    "thai": ("น้ำท่วมใหญ่", "เกิดน้ำท่วมใหญ่ที่กรุงเทพมหานครเมื่อคืนนี้"),
    "kore": ("한국은행 금리 동결", "한국은행이 기준금리를 동결했다고 밝혔다."),
    "cafe": ("Café naïve", "Der Zug fährt über die Brücke; résumé follows, e-mail too."),
    "hind": ("हिन्दी समाचार", "दिल्ली में भारी बारिश हुई।"),
    "port": ("Harbour news", "A tsunami is mentioned once, among many other words of the port."),
}


def put(root: Path, part: str, texts: dict[str, tuple[str, str]], revision: int = 0) -> None:
    rows = [
        article(name, title=title, text=text, revision=revision)
        for name, (title, text) in texts.items()
    ]
    put_part(root, "articles", part, rows)


def found(root: Path, words: str) -> list[str]:
    with storage.open(root) as store:
        return [hit.article_id for hit in store.search(words)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    put(tmp_path, "1", TEXTS)
    return tmp_path


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
    db.executescript(search._SCHEMA)
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
    db.executescript(search._SCHEMA)
    db.execute("INSERT INTO words VALUES ('', ?)", [segmented(text)])
    assert db.execute("SELECT 1 FROM words WHERE words MATCH ?", [asked(run).match]).fetchone()
    db.close()


def test_the_index_follows_the_articles(root: Path) -> None:
    assert found(root, "harbour") == ["port"]
    put(root, "2", {"port": ("Airport news", "No ship any more.")}, revision=1)
    put(root, "3", {"quay": ("The harbour", "A quay.")})
    assert found(root, "harbour") == ["quay"]
    assert found(root, "airport") == ["port"]
    put_part(root, "duplicates", "4", [duplicate("port", of="quay", revision=1)])
    assert found(root, "airport") == []
    put(root, "5", {"port": ("Airport again", "Reopened.")}, revision=2)
    assert found(root, "airport") == ["port"]


def test_the_index_takes_less_room_than_the_texts_alone(root: Path) -> None:
    sentence = "The harbour was quiet on day {} as the ferries stayed in port. "
    texts = ["".join(sentence.format(n + m) for m in range(60)) for n in range(400)]
    put_part(root, "articles", "2", [article(f"m{n}", text=text) for n, text in enumerate(texts)])
    assert found(root, "ferries")
    assert (root / "state" / "search.db").stat().st_size < sum(map(len, texts))


def test_an_unchanged_store_is_not_indexed_again(root: Path) -> None:
    found(root, "harbour")
    before = (root / "state" / "search.db").stat().st_mtime_ns
    assert found(root, "harbour") == ["port"]
    assert (root / "state" / "search.db").stat().st_mtime_ns == before


def test_indexing_that_was_broken_off_goes_on(root: Path) -> None:
    many: list[Row] = [article(f"m{n}", title="Manifold") for n in range(1_200)]
    put_part(root, "articles", "2", many)
    with storage.open(root) as store:
        assert len(store.search("manifold", limit=2_000)) == 1_200
    db = search.connected(root / "state" / "search.db")
    db.execute("DELETE FROM meta")
    db.execute("DELETE FROM words WHERE rowid > 300")
    db.execute("DELETE FROM docs WHERE id > 300")
    db.close()
    with storage.open(root) as store:
        assert len(store.search("manifold", limit=2_000)) == 1_200


def damage_all(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1_000)


def damage_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def make_old(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()


def make_foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE docs (a)")
    db.close()


def spoil_texts(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE docs SET body = zeroblob(length(body))")
    db.close()


def drop_shadow(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM words_data")
        db.execute("DELETE FROM meta")
    db.close()


@pytest.mark.parametrize(
    "harm",
    [
        *(damage_all, damage_pages, cut_short, empty, make_old, make_foreign),
        *(spoil_texts, drop_shadow),
    ],
)
@pytest.mark.parametrize("changed", [False, True])
def test_a_damaged_index_is_built_again(root: Path, harm: object, changed: bool) -> None:
    assert callable(harm)
    assert found(root, "tsunami") == ["wave", "port"]
    harm(root / "state" / "search.db")
    if changed:
        put(root, "2", {"port": ("Airport news", "No ship any more.")}, revision=1)
    assert found(root, "tsunami") == (["wave"] if changed else ["wave", "port"])
    assert found(root, "津波") == ["nami"]


def test_two_processes_may_build_the_index_at_once(root: Path) -> None:
    put_part(root, "articles", "2", [article(f"m{n}", title="Manifold") for n in range(1_000)])
    script = (
        "import storage, sys\n"
        f"with storage.open({str(root)!r}) as store:\n"
        "    print(len(store.search('manifold', limit=2000)))\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [process.communicate(timeout=60)[0] for process in running] == ["1000\n"] * 3


def test_an_index_that_is_held_too_long_is_said(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_PATIENCE", 0.05)
    (root / "state").mkdir()
    with (
        filelock.FileLock(root / "state" / "search.lock"),
        storage.open(root) as store,
        pytest.raises(StoreError, match="still building"),
    ):
        store.search("tsunami")


def test_an_index_that_cannot_be_written_is_said(root: Path) -> None:
    (root / "state").write_text("in the way")
    with storage.open(root) as store, pytest.raises(StoreError, match="cannot be used"):
        store.search("tsunami")


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


def test_the_index_can_be_built_anew(root: Path) -> None:
    assert found(root, "harbour") == ["port"]
    db = search.connected(root / "state" / "search.db")
    db.execute("DELETE FROM words")  # what no stamp tells
    db.close()
    assert found(root, "harbour") == []
    with storage.open(root) as store:
        store.reindex()
    assert found(root, "harbour") == ["port"]
