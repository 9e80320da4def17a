"""What a query need not read it does not read, and what does not stand is not shown for that."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import storage
from storage.query.session import Session
from storage.query.views import Source
from tests.query.samples import T0, article, entry_commit, put_part
from tests.query.world import World, folded

DAYS = 12


@pytest.fixture(params=[(), (("other", 1),)], ids=["nothing superseded", "something superseded"])
def session(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Session]:
    files = []
    for number in range(DAYS):
        at = T0 + timedelta(days=number)
        row = replace(article(f"a{number}"), fetched_at=at)
        files.append(str(put_part(tmp_path, "articles", "1", [row], day=at.date().isoformat())))
    source = Source(files={"articles": files}, superseded=request.param)
    with Session(source, folders=[tmp_path / "articles"]) as session:
        yield session


def read(session: Session, query: str) -> tuple[int, int]:
    """Return of how many files and row groups a query reads data."""
    [plan] = session.table(f"EXPLAIN ANALYZE {query}")["explain_value"].to_pylist()
    files = re.search(r"Total Files Read: (\d+)", plan)
    groups = re.findall(r"Row Groups Scanned: (\d+) / (\d+)", plan)
    return int(files[1]) if files else 0, int(groups[-1][0]) if groups else 0


@pytest.mark.parametrize("view", ["articles", "revisions"])
@pytest.mark.parametrize(
    ("where", "files", "groups"),
    [
        ("dt = DATE '2026-11-25'", 1, 1),
        ("dt >= '2026-11-25' AND dt < '2026-11-27'", 2, 2),
        ("fetched_at >= '2026-11-25' AND fetched_at < '2026-11-26'", DAYS, 1),
        ("fetched_at > '2027-01-01'", DAYS, 0),
        ("article_id = 'a3'", DAYS, 1),
        ("true", DAYS, DAYS),
    ],
)
def test_a_filter_on_day_time_or_id_reads_little(
    session: Session, view: str, where: str, files: int, groups: int
) -> None:
    assert read(session, f"SELECT title FROM {view} WHERE {where}") == (files, groups)


TWO_DAYS = [
    "fetched_at >= '2026-11-25' AND fetched_at < '2026-11-27'",
    "'2026-11-25 00:00' <= a.FETCHED_AT AND TIMESTAMP '2026-11-27' > fetched_at AND title <> ''",
    "fetched_at BETWEEN DATE '2026-11-25' AND '2026-11-26T23:59:59.999999Z'",
    "fetched_at >= $since AND fetched_at < $until",
]
ALL_DAYS = [
    "fetched_at >= '2026-11-25' OR revision = 7",
    "NOT fetched_at >= '2026-11-25'",
    "fetched_at < '2026-11-25 03:00+14'",
    "fetched_at >= '2026-11-25' AND EXISTS (FROM revisions WHERE fetched_at < '2026-11-25')",
    "first_seen_at >= '2026-11-25'",
]
GIVEN = {
    "since": datetime(2026, 11, 25, 5, tzinfo=timezone(timedelta(hours=5))),
    "until": date(2026, 11, 27),
}


@pytest.mark.parametrize("view", ["articles", "revisions"])
@pytest.mark.parametrize(
    ("where", "opened"), [(each, 2) for each in TWO_DAYS] + [(each, DAYS) for each in ALL_DAYS]
)
def test_only_files_of_days_asked_for_are_opened(
    session: Session, view: str, where: str, opened: int
) -> None:
    query = f"SELECT article_id FROM {view} a WHERE {where} ORDER BY 1"
    given = GIVEN if "$" in where else {}
    whole = session.table(query, given)
    assert session.ask(query, given, timeout=None).equals(whole)
    for path in session.source.files["articles"]:
        if opened < DAYS and not any(day in path for day in ("2026-11-25", "2026-11-26")):
            Path(path).unlink()
    assert session.ask(query, given, timeout=None).equals(whole)


def test_a_query_about_no_stored_day_leaves_the_next_one_all_of_them(session: Session) -> None:
    none = session.ask("FROM articles WHERE fetched_at > '2030-01-01'", (), timeout=None)
    some = session.ask("FROM articles", (), timeout=None)
    assert (none.num_rows, some.num_rows) == (0, DAYS)


def test_columns_that_go_by_other_names_are_not_taken_for_the_time(session: Session) -> None:
    renamed = "FROM articles AS a(fetched_at) WHERE fetched_at > '2026-11-25'"
    shadowed = """
        WITH articles AS (SELECT DATE '2030-01-01' AS fetched_at, title FROM revisions)
        FROM articles WHERE fetched_at > '2029-01-01'"""
    for query in (renamed, shadowed):
        assert session.ask(query, (), timeout=None).num_rows == DAYS


def test_a_folder_in_the_path_that_looks_like_a_day_is_none(tmp_path: Path) -> None:
    root = tmp_path / "dt=1999-01-01" / "x"
    put_part(root, "articles", "1", [article("a")])
    with storage.open(root) as store:
        found = store.sql("SELECT dt::VARCHAR AS dt FROM articles WHERE dt > '2026-01-01'")
    assert found["dt"].to_pylist() == ["2026-11-23"]


NAMES = st.sampled_from("abc")
STEPS = st.lists(st.tuples(NAMES, st.sampled_from(["store", "fold"])), max_size=8)


@settings(deadline=None, max_examples=25)
@given(steps=STEPS)
def test_the_ledger_knows_which_rows_do_not_stand(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    """What is told by the ledger is what the rows themselves tell."""
    world = World(tmp_path_factory.mktemp("world") / "data")
    try:
        world.poll("first")
        world.commit(entry_commit(article("first")))
        revisions: dict[str, int] = {}
        for number, (name, step) in enumerate(steps):
            revision = revisions[name] = revisions.get(name, -1) + 1
            world.poll(f"{name}{number}")
            if step == "fold":
                commit = folded(name, of="first", revision=revision)
            else:
                commit = entry_commit(article(name, revision=revision))
            world.commit(
                replace(commit, change=replace(commit.change, entry_id=f"entry-{name}{number}"))
            )
        snapshot = world.ledger.snapshot()
    finally:
        world.ledger.close()
    by_ledger = Source(rows=snapshot.rows, superseded=snapshot.superseded)
    by_rows = Source(rows=snapshot.rows)
    assert shown(by_ledger) == shown(by_rows)


def shown(source: Source) -> dict[str, list[dict[str, object]]]:
    with Session(source, folders=[]) as session:
        return {
            view: session.table(f"FROM {view} ORDER BY ALL").to_pylist()
            for view in ("articles", "duplicates", "stories")
        }
