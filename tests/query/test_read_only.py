"""A store is read where nothing can be written: by another user, or on a read-only disk."""

import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import storage
from storage.ledger.sqlite import SqliteLedger
from tests.query.samples import article, entry_commit
from tests.query.world import World

NOBODY = 65_534


@pytest.fixture
def world() -> Iterator[World]:
    # pytest's own folders cannot be entered by another user.
    root = Path(tempfile.mkdtemp(prefix="newsfold-test-"))
    root.chmod(0o755)
    world = World(root / "data")
    world.poll("a", "b")
    world.commit(entry_commit(article("a", text="The harbour reopened.")))
    world.flush()
    world.commit(entry_commit(article("b", text="The ferry is late.")))
    yield world
    world.ledger.close()
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    shutil.rmtree(root)


def shut(root: Path) -> None:
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            (Path(folder) / name).chmod(0o444)
        Path(folder).chmod(0o555)


def as_nobody(work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns in a process that may write nothing here."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.getuid() == 0:
                os.setuid(NOBODY)
            answer = work()
        except BaseException as error:  # noqa: BLE001 - told to the parent
            answer = error
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pickle.load(pipe)
    os.waitpid(child, 0)
    if isinstance(answer, BaseException):
        raise answer
    return answer


def everything(root: Path) -> tuple[list[str], list[str], list[str], str | None]:
    with storage.open(root) as store:
        ids = store.sql("SELECT article_id FROM articles ORDER BY 1")["article_id"].to_pylist()
        hits = [hit.article_id for hit in store.search("ferry")]
        got = [row.text for row in store.get("https://alias.example/a")]
        return ids, hits, got, store.resolve("b")


ALL = (["a", "b"], ["b"], ["The harbour reopened."], "b")


@pytest.mark.parametrize("searched", [False, True])
def test_a_closed_store_is_read_where_nothing_can_be_written(world: World, searched: bool) -> None:
    if searched:
        assert everything(world.root) == ALL
    world.ledger.close()
    shut(world.root)
    before = sorted(world.root.rglob("*"))
    assert as_nobody(lambda: everything(world.root)) == ALL
    assert sorted(world.root.rglob("*")) == before


def test_a_store_is_read_by_who_may_not_write_while_it_is_written(world: World) -> None:
    shut(world.root)
    assert as_nobody(lambda: everything(world.root)) == ALL


def test_what_a_killed_writer_left_in_its_log_is_read(world: World) -> None:
    copy = world.root.parent / "copy"
    shutil.copytree(world.root, copy)  # with the log that no checkpoint has emptied
    (copy / "state" / "ledger.db-shm").unlink()
    assert (copy / "state" / "ledger.db-wal").stat().st_size
    shut(copy)
    assert as_nobody(lambda: everything(copy)) == ALL


def test_opening_for_reading_makes_nothing(world: World) -> None:
    world.ledger.close()
    before = sorted(path.name for path in world.root.rglob("*"))
    with storage.open(world.root) as store:
        assert store.sql("FROM articles").num_rows == 2
    after = {path.name for path in world.root.rglob("*")} - set(before)
    assert after <= {"ledger.db-wal", "ledger.db-shm"}
    SqliteLedger(world.root / "state" / "ledger.db").close()
