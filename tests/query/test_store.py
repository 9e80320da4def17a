import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

import storage
from storage.errors import QueryError
from storage.model import Match, Outcome
from storage.query.readings import Readings
from storage.query.views import Source
from storage.store import Store
from tests.query.samples import (
    article,
    at,
    entry_commit,
)
from tests.query.world import World, folded


def count(store: Store, view: str) -> int:
    return int(store.sql(f"SELECT count(*) AS n FROM {view}")["n"][0].as_py())


def test_a_row_is_seen_once_from_its_commit_on(world: World, store: Store) -> None:
    world.poll("a", "b")
    seen = []
    for step in (
        lambda: world.commit(entry_commit(article("a"))),
        world.flush,
        lambda: world.commit(entry_commit(article("b"))),
        lambda: world.ledger.assign_batches(at=at(61), limit=100),
        world.flush,
    ):
        step()
        seen.append(count(store, "articles"))
    assert seen == [1, 1, 2, 2, 2]


def test_polls_outcomes_and_feeds_are_there_too(world: World, store: Store) -> None:
    world.poll("a")
    world.commit(entry_commit(article("a")))
    assert store.sql("SELECT feed_id, status FROM polls").to_pylist() == [
        {"feed_id": "feed", "status": 200}
    ]
    outcomes = store.sql("SELECT outcome FROM outcomes WHERE article_id = 'a'")
    assert outcomes["outcome"].to_pylist() == ["new"]
    feeds = store.sql("SELECT feed_id, url, name, ok FROM feeds").to_pylist()
    assert feeds == [
        {
            "feed_id": "feed",
            "url": "https://example.org/feed.xml",
            "name": "Example",
            "ok": True,
        }
    ]


def test_an_article_is_got_with_all_its_revisions(world: World, store: Store) -> None:
    world.poll("alpha-1", "alpha-2", "alpha-3")
    first = article("alpha-1", text="One.")
    second = article("alpha-1", revision=1, text="Two.")
    world.commit(entry_commit(first))
    world.flush()
    world.commit(entry_commit(second, entry="alpha-3"), entry_commit(article("alpha-2")))
    for key in ("alpha-1", first.url, "https://alias.example/alpha-1"):
        assert store.get(key) == [first, second]
    assert store.get("https://example.org/unknown") == []
    assert store.copies("unknown") == []


def test_the_beginning_of_an_id_is_enough_where_it_is_the_only_one(
    world: World, store: Store
) -> None:
    world.poll("abcdef01", "abcdef02", "fedcba01")
    world.commit(*(entry_commit(article(n)) for n in ("abcdef01", "abcdef02", "fedcba01")))
    assert store.resolve("abcdef01") == "abcdef01"
    assert store.resolve("fedcba") == "fedcba01"
    assert store.resolve("fedcb") is None
    with pytest.raises(QueryError, match="several ids begin with abcdef: abcdef01, abcdef02"):
        store.get("abcdef")


def test_a_storys_copies_are_found_by_any_of_them(world: World, store: Store) -> None:
    world.poll("first", "late", "early")
    world.commit(
        entry_commit(article("first")),
        folded("late", of="first", minute=9),
        folded("early", of="first", minute=3),
    )
    for key in ("first", "late", "https://example.net/early"):
        copies = store.copies(key)
        assert [copy.article_id for copy in copies] == ["early", "late"]
    assert copies[0].match is Match.NEAR
    assert store.get("late") == []
    assert store.resolve("https://example.net/late") == "late"
    stories = store.sql("SELECT article_id, copies FROM stories").to_pylist()
    assert stories == [{"article_id": "first", "copies": 3}]


def test_history_tells_all_of_an_entry_in_order(world: World, store: Store) -> None:
    world.poll("a", "b")
    world.commit(entry_commit(article("b")))
    world.flush()
    commit = entry_commit(article("a"))
    world.commit(replace(commit, change=replace(commit.change, changed_at=at(5))))
    for key in ("entry-a", "a", "https://example.org/a", "https://alias.example/a"):
        told = store.history(key)
        assert {row.entry_id for row in told} == {"entry-a"}
        assert told[-1].outcome is Outcome.NEW
        assert [row.changed_at for row in told] == sorted(row.changed_at for row in told)
    assert store.history("https://example.org/never") == []


def test_search_sees_what_is_only_in_the_journal(world: World, store: Store) -> None:
    world.poll("a", "b")
    world.commit(entry_commit(article("a", text="The harbour reopened.")))
    assert [hit.article_id for hit in store.search("harbour")] == ["a"]
    world.commit(folded("b", of="a"))
    world.flush()
    assert [hit.article_id for hit in store.search("reopened")] == ["a"]


def test_the_ledger_cannot_be_read_by_a_query(world: World, store: Store) -> None:
    path = world.root / "state" / "ledger.db"
    for query in (f"FROM read_blob('{path}')", f"FROM '{path}'", f"ATTACH '{path}' AS l"):
        with pytest.raises(QueryError):
            store.sql(query)


class Moving(Readings):
    """A store whose parts are moved by another process just after a snapshot was taken."""

    moves: int = 0

    def source(self) -> Source:
        source = super().source()
        if self.moves:
            self.moves -= 1
            old = Path(source.files["articles"][0])
            old.rename(old.with_name(f"part-moved{self.moves}.parquet"))
        return source


def test_a_part_that_is_moved_while_it_is_read_is_found_again(world: World) -> None:
    world.poll("a")
    world.commit(entry_commit(article("a")))
    world.flush()
    (part,) = (world.root / "articles").rglob("*.parquet")
    (world.root / "state" / "ledger.db").rename(world.root / "state" / "gone.db")
    world.ledger.close()
    with storage.open(world.root) as store:
        store._readings = moving = Moving(world.root)
        moving.moves = 3
        assert count(store, "articles") == 1
        assert moving.moves == 0
    assert not part.exists()


def test_readers_see_whole_commits_while_a_writer_writes(world: World) -> None:
    names = [f"n{number}" for number in range(60)]
    world.poll(*names)
    done = threading.Event()

    def read() -> list[tuple[int, int]]:
        seen = []
        with storage.open(world.root) as store:
            while True:
                last = done.is_set()
                row = store.sql(
                    "SELECT (SELECT count(*) FROM articles) AS a,"
                    " (SELECT count(*) FROM outcomes WHERE outcome = 'new') AS o"
                ).to_pylist()[0]
                seen.append((row["a"], row["o"]))
                if last:
                    return seen

    with ThreadPoolExecutor() as threads:
        readers = [threads.submit(read) for _ in range(2)]
        try:
            for number, name in enumerate(names):
                world.commit(entry_commit(article(name)))
                if number % 7 == 0:
                    world.flush()
        finally:
            done.set()
        for reader in readers:
            seen = reader.result()
            assert all(articles == outcomes for articles, outcomes in seen)
            assert [articles for articles, _ in seen] == sorted(articles for articles, _ in seen)
            assert seen[-1] == (60, 60)
