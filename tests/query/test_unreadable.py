"""One bad file never keeps anyone from the others, and no answer that lacks one looks whole."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import storage
from storage.errors import QueryError, StoreError, UnreadablePartWarning
from storage.store import Store
from tests.query.samples import article, entry_commit
from tests.query.world import World

NAMES = ("a", "b", "c")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def cut_to_the_magic(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:4])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def scramble_the_footer(file: Path) -> None:
    data = bytearray(file.read_bytes())
    length = int.from_bytes(data[-8:-4], "little")
    data[-8 - length : -8] = b"\xff" * length
    file.write_bytes(data)


def scramble_the_pages(file: Path) -> None:
    """Damage the compressed bytes of the text column, such that they cannot be decompressed."""
    data = bytearray(file.read_bytes())
    group = pq.read_metadata(file).row_group(0)
    columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    column = columns["text"]
    at = column.dictionary_page_offset or column.data_page_offset
    data[at : at + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    file.write_bytes(data)


def not_parquet(file: Path) -> None:
    file.write_bytes(b"PAR1" + b"no Parquet at all" * 100)


DAMAGES = (
    cut,
    cut_to_the_magic,
    empty,
    scramble_the_footer,
    scramble_the_pages,
    not_parquet,
    Path.unlink,
)


@pytest.fixture
def parts(world: World) -> dict[str, Path]:
    """One part for each of three articles."""
    found: dict[str, Path] = {}
    world.poll(*NAMES)
    for name in NAMES:
        world.commit(entry_commit(article(name, text=f"The harbour of {name}.")))
        world.flush()
        (new,) = set((world.root / "articles").rglob("*.parquet")) - set(found.values())
        found[name] = new
    return found


@pytest.fixture
def bad(parts: dict[str, Path]) -> Path:
    return parts["b"]


def titles(store: Store) -> list[str]:
    found = store.sql("SELECT article_id, text FROM articles ORDER BY ALL")
    return [str(name) for name in found["article_id"].to_pylist()]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_the_others_are_read_and_the_bad_one_is_named(
    store: Store, bad: Path, damage: Callable[[Path], None]
) -> None:
    damage(bad)
    with pytest.warns(UnreadablePartWarning, match=rf"articles/dt=.*/{bad.name}; see .*verify"):
        assert titles(store) == ["a", "c"]
    with pytest.warns(UnreadablePartWarning):  # the next answer is no more whole
        assert len(store.articles()) == 2


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_so_it_is_in_a_folder_without_a_ledger(
    world: World, bad: Path, damage: Callable[[Path], None]
) -> None:
    world.ledger.close()
    shutil.rmtree(world.root / "state")
    damage(bad)
    with storage.open(world.root) as alone:
        if not bad.exists():
            assert titles(alone) == ["a", "c"]  # nothing says that there ever was more
            return
        with pytest.warns(UnreadablePartWarning, match=bad.name):
            assert titles(alone) == ["a", "c"]


@pytest.mark.parametrize("damage", [cut, Path.unlink], ids=["cut", "lost"])
def test_every_call_answers_from_the_others(
    store: Store, bad: Path, damage: Callable[[Path], None]
) -> None:
    damage(bad)
    with pytest.warns(UnreadablePartWarning):
        assert [hit.article_id for hit in store.search("harbour")] == ["a", "c"]
    with pytest.warns(UnreadablePartWarning):
        assert store.get("b") == []
    with pytest.warns(UnreadablePartWarning):
        assert [row.article_id for row in store.get("a")] == ["a"]
    with pytest.warns(UnreadablePartWarning):
        assert len(store.articles().relation().fetchall()) == 2
    with pytest.warns(UnreadablePartWarning):
        assert store.stories().arrow().num_rows == 2


def test_a_lent_relation_leaves_out_what_was_cut_before_anything_was_asked(
    store: Store, bad: Path
) -> None:
    cut(bad)
    with pytest.warns(UnreadablePartWarning, match=bad.name):
        assert len(store.articles().relation().fetchall()) == 2


def test_a_file_that_is_whole_again_is_read_again(
    world: World, store: Store, parts: dict[str, Path]
) -> None:
    kept = world.root / "kept"
    shutil.copy(parts["b"], kept)
    cut(parts["b"])
    with pytest.warns(UnreadablePartWarning):
        assert titles(store) == ["a", "c"]
    shutil.copy(kept, parts["b"])
    assert titles(store) == ["a", "b", "c"]


def test_nothing_is_left_out_of_a_strict_store(world: World, bad: Path) -> None:
    cut(bad)
    with (
        storage.open(world.root, strict=True) as strict,
        pytest.raises(StoreError, match=rf"cannot be read: .*{bad.name}; see .*verify"),
    ):
        strict.sql("FROM articles")


def test_a_query_that_reads_nothing_of_a_bad_file_is_whole(store: Store, bad: Path) -> None:
    cut(bad)
    assert store.sql("SELECT DISTINCT entry_id FROM outcomes").num_rows == len(NAMES)


@pytest.mark.parametrize(
    "mistake", ["SELECT error('no')", "SELECT strptime('x', '%Y')", "SELECT x", "SELEC"]
)
def test_a_mistake_in_a_query_is_blamed_on_no_file(
    store: Store, parts: dict[str, Path], mistake: str
) -> None:
    with pytest.raises(QueryError):
        store.sql(mistake)
    assert len(parts) == len(titles(store))


def test_a_persons_own_glob_over_a_bad_file_is_told_what_duckdb_says(
    world: World, store: Store, bad: Path
) -> None:
    cut(bad)
    with pytest.raises(QueryError, match=bad.name):
        store.sql(f"SELECT count(text) FROM read_parquet('{world.root}/articles/*/*.parquet')")
