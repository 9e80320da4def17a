"""The index of the search: it follows the articles, and is built again where it is damaged."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

import storage
from storage.errors import StoreError
from storage.model import Row
from storage.search import index
from tests.query.samples import article, duplicate, put_part
from tests.query.texts import found, put


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
    db = index.connected(root / "state" / "search.db")
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
    monkeypatch.setattr(index, "_PATIENCE", 0.05)
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


def test_the_index_can_be_built_anew(root: Path) -> None:
    assert found(root, "harbour") == ["port"]
    db = index.connected(root / "state" / "search.db")
    db.execute("DELETE FROM words")  # what no stamp tells
    db.close()
    assert found(root, "harbour") == []
    with storage.open(root) as store:
        store.reindex()
    assert found(root, "harbour") == ["port"]
