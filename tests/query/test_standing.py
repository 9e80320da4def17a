"""Who asks one snapshot often gets the rows that stand by their places, and they are the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import storage
from storage.errors import QueryError
from storage.model import Article
from storage.query import standing, views
from storage.query.session import Session
from storage.query.views import Source
from storage.query.window import Window
from tests.query.samples import T0, article, entry_commit, put_part
from tests.query.world import World, folded

DAYS = 4
QUERIES = [
    "SELECT article_id, revision, dt FROM articles ORDER BY ALL",
    "SELECT article_id, revision FROM articles WHERE dt = DATE '2026-11-25' ORDER BY ALL",
    "SELECT article_id, title FROM articles WHERE dt > '2026-11-24' OR revision = 1 ORDER BY ALL",
    "SELECT article_id FROM articles WHERE fetched_at >= '2026-11-25' ORDER BY ALL",
    "SELECT revision FROM articles WHERE article_id = 'b' ORDER BY ALL",
    "FROM stories ORDER BY ALL",
    "FROM duplicates ORDER BY ALL",
    "FROM revisions ORDER BY ALL",
]
OFTEN = 6


def row(name: str, revision: int, *, day: int) -> Article:
    return replace(article(name, revision=revision), fetched_at=T0 + timedelta(days=day))


def parts(root: Path, rows: list[Article]) -> list[str]:
    by_day: dict[str, list[Article]] = {}
    for each in rows:
        by_day.setdefault(each.fetched_at.date().isoformat(), []).append(each)
    return [str(put_part(root, "articles", "1", some, day=day)) for day, some in by_day.items()]


def asks(session: Session, query: str) -> list[dict[str, object]]:
    return list(session.ask(query, (), timeout=None).to_pylist())


def joins(session: Session) -> bool:
    [plan] = session.table("EXPLAIN SELECT revision FROM articles")["explain_value"].to_pylist()
    return "ANTI" in plan


REVISIONS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, DAYS - 1), st.booleans()), max_size=12
)


@settings(deadline=None, max_examples=10)
@given(revisions=REVISIONS, folded=st.sets(st.sampled_from("abcd")))
def test_answers_stay_the_same_however_often_a_snapshot_is_asked(
    tmp_path_factory: pytest.TempPathFactory,
    revisions: list[tuple[str, int, bool]],
    folded: set[str],
) -> None:
    root = tmp_path_factory.mktemp("data")
    counts = dict.fromkeys("abcd", -1)
    stored, waiting = list[Article](), list[Article]()
    for name, day, flushed in revisions:
        counts[name] += 1
        (stored if flushed else waiting).append(row(name, counts[name], day=day))
    superseded = {name: last + (name in folded) for name, last in counts.items()}
    source = Source(
        files={"articles": parts(root, stored)},
        rows={"articles": waiting},
        superseded=[(name, before) for name, before in superseded.items() if before > 0],
    )
    with Session(source, folders=[root / "articles"]) as session:
        first = {query: session.table(query).to_pylist() for query in QUERIES}
        for _ in range(2):
            assert {query: asks(session, query) for query in QUERIES} == first


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A file a day, in each a row that stands and, but for the last, one that does not."""
    rows = [row("a", number, day=number) for number in range(DAYS)]
    rows += [row(f"of-{day}", 0, day=day) for day in range(DAYS)]
    return Source(files={"articles": parts(tmp_path, rows)}, superseded=[("a", DAYS - 1)])


def often(source: Source, query: str, then: Callable[[Session], object]) -> object:
    with Session(source, folders=[Path(source.files["articles"][0]).parents[1]]) as session:
        for _ in range(OFTEN):
            session.ask(query, (), timeout=None)
        return then(session)


def test_who_asks_often_reads_no_ids(source: Source) -> None:
    with Session(source, folders=[Path(source.files["articles"][0]).parents[1]]) as session:
        assert joins(session)
    assert not often(source, "SELECT count(*) FROM articles", joins)


def test_what_reads_few_files_or_other_views_is_no_reason_to_look_for_places(
    source: Source,
) -> None:
    assert often(source, "SELECT title FROM articles WHERE fetched_at > '2026-11-25'", joins)
    assert often(source, "SELECT count(*) FROM revisions", joins)


def test_where_none_of_the_files_has_such_a_row_none_is_looked_at(source: Source) -> None:
    unknown = replace(source, superseded=[("unheard-of", 3)])
    counted = "SELECT count(*) AS n FROM articles"
    assert not often(unknown, counted, joins)
    assert often(unknown, counted, lambda session: asks(session, counted)) == [{"n": 2 * DAYS}]


def test_with_too_many_files_or_without_a_ledger_the_join_stays(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = "SELECT count(*) FROM articles"
    assert often(replace(source, superseded=None), counted, joins)
    monkeypatch.setattr(standing, "MANY_FILES", DAYS - 2)
    assert often(source, counted, joins)


def test_a_search_that_fails_leaves_the_next_query_as_it_was(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = "SELECT count(*) AS n FROM articles"

    def cut_off(*_: object) -> None:
        raise QueryError("cut off")

    monkeypatch.setattr(standing, "find", cut_off)
    with Session(source, folders=[Path(source.files["articles"][0]).parents[1]]) as session:
        for _ in range(3):
            asks(session, counted)
        with pytest.raises(QueryError, match="cut off"):
            asks(session, counted)
        assert asks(session, counted) == [{"n": 1 + DAYS}]


def test_places_are_looked_for_in_all_files_whatever_is_asked_just_then(source: Source) -> None:
    with Session(source, folders=[Path(source.files["articles"][0]).parents[1]]) as session:
        window = Window(table="articles", first=date(2026, 11, 25), last=date(2026, 11, 25))
        with views.narrowed(session._connection, source, window):
            standing.find(session._connection, source)
        assert asks(session, "SELECT count(*) AS n FROM articles") == [{"n": 1 + DAYS}]


DOINGS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["store", "fold", "flush", "compact"])),
    max_size=10,
)


@settings(deadline=None, max_examples=10)
@given(doings=DOINGS)
def test_a_store_held_open_shows_what_stands_after_each_commit_flush_and_compaction(
    tmp_path_factory: pytest.TempPathFactory, doings: list[tuple[str, str]]
) -> None:
    world = World(tmp_path_factory.mktemp("world") / "data")
    try:
        world.poll("first")
        world.commit(entry_commit(article("first")))
        current = {"first": 0}
        last: dict[str, int] = {}
        with storage.open(world.root) as store:
            for number, (name, what) in enumerate(doings):
                if what == "flush":
                    world.lake.flush(at=T0)
                elif what == "compact":
                    list(world.lake.compact(at=T0 + timedelta(days=3)))
                else:
                    revision = last[name] = last.get(name, -1) + 1
                    world.poll(f"{name}{number}")
                    if what == "fold":
                        done = folded(name, of="first", revision=revision)
                        current.pop(name, None)
                    else:
                        done = entry_commit(article(name, revision=revision))
                        current[name] = revision
                    change = replace(done.change, entry_id=f"entry-{name}{number}")
                    world.commit(replace(done, change=change))
                for _ in range(OFTEN):
                    shown = store.sql("SELECT article_id, revision FROM articles").to_pylist()
                    assert {row["article_id"]: row["revision"] for row in shown} == current
                    assert len(shown) == len(current)
    finally:
        world.ledger.close()
