from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import storage
from ingest.inspection.explain import TakenDown, explain
from ingest.regroup.takedown import Gone, Purged, Removal
from storage.lake.lake import Lake
from storage.model import Outcome, Reason
from storage.search import SearchIndex
from tests.regroup.desk import NEAR, NEARER, OTHER, TEXT, Room, id_of, prose, url_of

SECRET = "Zanzibarquux the archivist hid seventeen lanterns under Mildenhall pier."
SECRETS = (SECRET.encode(), b"Zanzibarquux", b"secret.example")
OWN = f"{prose(7)} {SECRET}"


@pytest.fixture(params=[False, True], ids=["texts not kept", "texts kept"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path, keep_text=request.param)
    yield room
    room.close()


@contextmanager
def removing(room: Room) -> Iterator[Removal]:
    with storage.open(room.folder) as store:
        yield Removal(
            ledger=room.ledger,
            store=store,
            lake=Lake(room.folder, room.ledger),
            search=SearchIndex(room.folder / "state"),
            run_id=room.run.run_id,
            at=room.at,
        )


def remove(room: Room, name: str) -> Gone:
    with removing(room) as removal:
        gone = removal.take_down(id_of(name))
        assert list(removal.finish()) == []
    return gone


def found_in(folder: Path, what: bytes) -> list[str]:
    """The files that have some bytes, Parquet also as what it holds."""
    found = []
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        content = file.read_bytes()
        if file.suffix == ".parquet":
            content += repr(pq.read_table(file).to_pylist()).encode()
        if what in content:
            found.append(file.relative_to(folder).as_posix())
    return found


def test_no_byte_of_an_article_that_is_taken_down_is_left(room: Room) -> None:
    room.come("secret", OWN)
    room.come("x", OTHER)
    room.flush()
    room.come("secret", f"{OWN} It was told again the next day, with another word for each.")
    room.flush()
    room.come("copy", OWN.replace(SECRET, ""))
    with storage.open(room.folder) as store:
        assert store.search("Zanzibarquux")
    assert all(found_in(room.folder, secret) for secret in SECRETS)
    remove(room, "secret")
    for secret in SECRETS:
        assert found_in(room.folder, secret) == []
    with storage.open(room.folder) as store:
        assert store.search("Zanzibarquux") == []
        assert [hit.url for hit in store.search("Keeper2x1")] == [url_of("x")]
        assert store.get(id_of("secret")) == []
    assert Lake(room.folder, room.ledger).verify() == []
    assert room.ledger.takedowns.unfinished() == []


def test_what_was_taken_down_does_not_come_back(room: Room) -> None:
    room.come("secret", OWN)
    room.come("x", OTHER)
    room.flush()
    remove(room, "secret")
    change = room.come("secret", f"{OWN} With more.")
    assert (change.outcome, change.reason) == (Outcome.SKIPPED, Reason.TAKEN_DOWN)
    elsewhere = room.come("other", OWN, feed="f")
    assert elsewhere.outcome is Outcome.NEW, "another article is not what was taken down"
    assert room.ledger.article(id_of("secret")) is None


def test_what_was_taken_down_is_known_by_its_id_and_by_its_address(room: Room) -> None:
    room.come("secret", OWN)
    room.flush()
    url = room.ledger.stories.articles([id_of("secret")])[0].canonical_url
    remove(room, "secret")
    by_id = room.ledger.takedowns.find((), article_id=id_of("secret"))
    assert by_id is not None
    assert by_id == room.ledger.takedowns.find([url])
    assert room.ledger.takedowns.find((), article_id=id_of("other")) is None
    with storage.open(room.folder) as store:
        told = explain(id_of("secret"), ledger=room.ledger, store=store, config=None)
    assert isinstance(told, TakenDown)


def test_the_next_copy_leads_the_story_of_one_that_is_taken_down(room: Room) -> None:
    room.come("a", TEXT)
    room.come("b", NEAR)
    room.come("c", NEARER)
    room.flush()
    gone = remove(room, "a")
    assert gone.heir is not None
    assert gone.heir.article_id == id_of("b")
    assert gone.reread is not room.keep_text
    if gone.reread:
        change = room.read("b", NEAR)
        assert (change.outcome, change.reason) == (Outcome.NEW, Reason.SET_APART)
    first, second = room.ledger.stories.members(gone.article.story_id)
    assert (first.article_id, first.duplicate_of) == (id_of("b"), None)
    assert (second.article_id, second.duplicate_of) == (id_of("c"), id_of("b"))
    room.flush()
    with storage.open(room.folder) as store:
        [story] = store.sql("SELECT article_id, copies FROM stories").to_pylist()
        assert story == {"article_id": id_of("b"), "copies": 2}
        [article] = store.get(id_of("b"))[-1:]
        assert article.text == NEAR
    assert Lake(room.folder, room.ledger).verify() == []


def test_a_takedown_that_was_killed_is_gone_on_with(room: Room) -> None:
    room.come("secret", OWN)
    room.come("x", OTHER)
    room.flush()
    with removing(room) as removal:
        removal.take_down(id_of("secret"))  # and no more than that
        [remains] = room.ledger.takedowns.unfinished()
        assert remains.article_id == id_of("secret")
        assert room.ledger.checks() == []
        [told] = Lake(room.folder, room.ledger).verify()
        assert told.path == "people.jsonl"
        assert list(removal.finish()) == []
    assert found_in(room.folder, SECRET.encode()) == []


def test_numbers_of_the_index_are_not_given_out_twice(room: Room) -> None:
    room.come("x", OTHER)
    room.come("secret", OWN)
    remove(room, "secret")
    assert room.come("new", prose(9)).outcome is Outcome.NEW
    assert room.come("again", prose(9)).outcome is Outcome.DUPLICATE
    assert room.come("third", OWN).outcome is Outcome.NEW


def test_files_in_quarantine_that_may_hold_it_are_removed_and_named(room: Room) -> None:
    room.come("one", TEXT)
    room.come("other", OTHER)
    room.flush()
    quarantine = room.folder / "quarantine"
    [part] = (room.folder / "articles").rglob("*.parquet")
    [others] = (room.folder / "outcomes").rglob("*.parquet")
    for name, content in {
        "articles/dt=2026-11-23/part-1.parquet": part.read_bytes(),
        "articles/dt=2026-11-23/part-2.parquet": b"PAR1 and no more",
        "polls/dt=2026-11-23/part-3.parquet": others.read_bytes(),
        "state/ledger.db": b"a former ledger",
    }.items():
        (quarantine / name).parent.mkdir(parents=True, exist_ok=True)
        (quarantine / name).write_bytes(content)
    with removing(room) as removal:
        removal.take_down(id_of("one"))
        purged = [it.path for it in removal.finish() if isinstance(it, Purged)]
    assert purged == [
        "quarantine/articles/dt=2026-11-23/part-1.parquet",
        "quarantine/articles/dt=2026-11-23/part-2.parquet",
        "quarantine/state/ledger.db",
    ]
    assert [file.name for file in quarantine.rglob("*") if file.is_file()] == ["part-3.parquet"]
