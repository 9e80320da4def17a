from dataclasses import fields
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import storage
from storage.errors import StoreError
from storage.model import FeedState, Row
from storage.query.session import Session
from storage.query.views import FEEDS, Source
from storage.schema import TABLES
from tests.query.samples import T0, article, at, duplicate, put_part

VIEWS = ["articles", "duplicates", "feeds", "outcomes", "polls", "revisions", "stories"]


def ids(source: Source, view: str) -> list[tuple[str, int]]:
    with Session(source, folders=[]) as session:
        rows = session.table(f"SELECT article_id, revision FROM {view} ORDER BY ALL").to_pylist()
    return [(row["article_id"], row["revision"]) for row in rows]


def test_an_empty_store_has_every_view_with_its_columns() -> None:
    with Session(Source(), folders=[]) as session:
        assert session.table("SHOW TABLES")["name"].to_pylist() == VIEWS
        for view in VIEWS:
            assert session.table(f"FROM {view}").num_rows == 0
        for table, schema in TABLES.items():
            empty = session.table(f"FROM {table}").schema
            assert empty.names == [*schema.names, "dt"]
            assert [empty.field(name).type for name in schema.names] == schema.types
        assert session.table("FROM feeds").schema.types == FEEDS.types


def test_the_feeds_view_has_all_that_is_known_of_a_feed() -> None:
    assert FEEDS.names == [column.name for column in fields(FeedState)]


@pytest.mark.parametrize(
    ("articles", "duplicates", "shown", "folded"),
    [
        ([("a", 0)], [], [("a", 0)], []),
        ([("a", 0), ("a", 1), ("b", 0)], [], [("a", 1), ("b", 0)], []),
        ([("a", 0)], [("a", 0)], [], [("a", 0)]),
        ([("a", 0), ("a", 1)], [("a", 1)], [], [("a", 1)]),
        ([("a", 0)], [("a", 2)], [], [("a", 2)]),
        ([("a", 1)], [("a", 0)], [("a", 1)], []),
        ([("a", 0), ("a", 2)], [("a", 1)], [("a", 2)], []),
        ([], [("a", 0), ("a", 1)], [], [("a", 1)]),
    ],
)
def test_an_article_stands_or_is_folded_as_its_highest_revision_says(
    articles: list[tuple[str, int]],
    duplicates: list[tuple[str, int]],
    shown: list[tuple[str, int]],
    folded: list[tuple[str, int]],
) -> None:
    rows: dict[str, list[Row]] = {
        "articles": [article(name, revision=revision) for name, revision in articles],
        "duplicates": [duplicate(name, of="x", revision=number) for name, number in duplicates],
    }
    source = Source(rows=rows)
    assert ids(source, "articles") == shown
    assert ids(source, "duplicates") == folded
    assert ids(source, "revisions") == articles


NAMES = st.sampled_from("abcd")
KEYS = st.sets(st.tuples(NAMES, st.integers(0, 3)), max_size=8)


@settings(deadline=None, max_examples=25)
@given(articles=KEYS, duplicates=KEYS, split=st.integers(0, 8))
def test_every_article_is_in_exactly_one_of_the_two_views(
    articles: set[tuple[str, int]], duplicates: set[tuple[str, int]], split: int
) -> None:
    texts = [article(name, revision=number) for name, number in sorted(articles)][split:]
    copies = [duplicate(name, of="x", revision=number) for name, number in sorted(duplicates)]
    source = Source(rows={"articles": texts, "duplicates": copies})
    known = {row.article_id for row in texts} | {row.article_id for row in copies}
    seen = [name for name, _ in ids(source, "articles") + ids(source, "duplicates")]
    assert sorted(seen) == sorted(known)


def test_a_story_is_told_by_its_first_copy() -> None:
    rows: dict[str, list[Row]] = {
        "articles": [article("b", story="s", minute=5, site="b.org"), article("alone")],
        "duplicates": [
            duplicate("c", of="b", story="s", minute=2, site="c.org"),
            duplicate("d", of="b", story="s", minute=9, site="b.org"),
        ],
    }
    with Session(Source(rows=rows), folders=[]) as session:
        stories = session.table("FROM stories ORDER BY copies DESC").to_pylist()
    assert [story["story_id"] for story in stories] == ["s", "alone"]
    assert stories[0] == {
        "story_id": "s",
        "article_id": "b",
        "title": "Title of b",
        "url": "https://b.org/b",
        "copies": 3,
        "sites": ["b.org", "c.org"],
        "first_published_at": at(2),
        "first_seen_at": at(2),
    }


def test_parts_are_read_where_there_is_no_ledger(tmp_path: Path) -> None:
    put_part(tmp_path, "articles", "1", [article("a")])
    put_part(tmp_path, "articles", "2", [article("b")], day="2026-11-24")
    with storage.open(tmp_path) as store:
        found = store.sql("SELECT article_id, CAST(dt AS VARCHAR) AS dt FROM articles ORDER BY 1")
    assert found.to_pylist() == [
        {"article_id": "a", "dt": "2026-11-23"},
        {"article_id": "b", "dt": "2026-11-24"},
    ]


def test_times_come_back_as_utc(tmp_path: Path) -> None:
    put_part(tmp_path, "articles", "1", [article("a")])
    with storage.open(tmp_path) as store:
        found = store.sql("SELECT fetched_at, fetched_at::VARCHAR AS text FROM articles")
    assert found["fetched_at"][0].as_py() == T0
    assert found["text"][0].as_py() == "2026-11-23 12:00:00+00"


def test_a_part_of_an_older_schema_gives_null_for_what_it_lacks(tmp_path: Path) -> None:
    path = put_part(tmp_path, "articles", "1", [article("a")])
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["language", "extra"]), path)
    put_part(tmp_path, "articles", "2", [article("b")])
    with storage.open(tmp_path) as store:
        found = store.sql("SELECT article_id, extra FROM articles ORDER BY article_id")
    assert found["extra"].to_pylist() == [None, "{}"]


@pytest.mark.parametrize(
    "name", ["it's", 'a "b"', "two words", "каталог 新聞", "[x]", "a*b?", "k=v", "semi;colon"]
)
def test_the_data_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    put_part(root, "articles", "1", [article("a")])
    with storage.open(root) as store:
        found = store.sql("SELECT * FROM articles")
    assert found["article_id"].to_pylist() == ["a"]
    assert found.column_names == [*TABLES["articles"].names, "dt"]


def test_the_data_folder_and_a_table_may_be_reached_by_links(tmp_path: Path) -> None:
    put_part(tmp_path / "disk", "articles", "1", [article("a")])
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "articles").symlink_to(tmp_path / "disk" / "articles")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with storage.open(tmp_path / "link") as store:
        assert store.sql("FROM articles").num_rows == 1


@pytest.mark.parametrize("make", [True, False])
def test_a_folder_without_a_store_is_refused(tmp_path: Path, make: bool) -> None:
    root = tmp_path / "data"
    if make:
        root.mkdir()
    with pytest.raises(StoreError, match="no store"):
        storage.open(root)
