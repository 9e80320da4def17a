import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import storage
from storage.errors import QueryError
from storage.store import Store
from tests.query.samples import T0, article, duplicate, put_part


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    for number, (site, language) in enumerate([("a.org", "en"), ("b.org", "de"), ("a.org", "de")]):
        at = T0 + timedelta(days=number)
        row = replace(
            article(f"n{number}", site=site), fetched_at=at, language=language, feed_id=f"f{number}"
        )
        put_part(tmp_path, "articles", "1", [row], day=at.date().isoformat())
    put_part(tmp_path, "duplicates", "1", [duplicate("copy", of="n0")])
    with storage.open(tmp_path) as store:
        yield store


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({}, ["n0", "n1", "n2"]),
        ({"since": "2026-11-24"}, ["n1", "n2"]),
        ({"since": date(2026, 11, 24), "until": date(2026, 11, 25)}, ["n1"]),
        ({"until": datetime(2026, 11, 23, 12, tzinfo=UTC)}, []),
        ({"until": "2026-11-23T14:00+01:00"}, ["n0"]),
        ({"site": "a.org"}, ["n0", "n2"]),
        ({"site": "a.org", "language": "de"}, ["n2"]),
        ({"language": ["de", "en"]}, ["n0", "n1", "n2"]),
        ({"feed": "f1"}, ["n1"]),
        ({"feed": []}, []),
        ({"site": "x' OR true --"}, []),
    ],
)
def test_articles_are_selected_by_time_and_names(
    store: Store, given: dict[str, Any], ids: list[str]
) -> None:
    found = store.articles(**given)
    assert [row["article_id"] for row in found] == ids
    assert len(found) == len(ids)


def test_a_selection_comes_in_every_form(store: Store) -> None:
    found = store.articles(site="a.org")
    arrow = found.arrow()
    assert arrow["article_id"].to_pylist() == ["n0", "n2"]
    assert found.polars().equals(found.polars())
    assert found.polars()["article_id"].to_list() == ["n0", "n2"]
    assert found.pandas()["article_id"].tolist() == ["n0", "n2"]
    relation = found.duckdb().filter("language = 'de'").project("article_id")
    assert relation.fetchall() == [("n2",)]
    assert found.relation().order("fetched_at DESC").limit(1).fetchall()[0][0] == "n2"


def test_stories_are_selected(store: Store) -> None:
    assert {row["story_id"]: row["copies"] for row in store.stories()} == {
        "n0": 2,
        "n1": 1,
        "n2": 1,
    }


def test_what_is_no_time_is_refused(store: Store) -> None:
    with pytest.raises(QueryError, match=r'expected a day or a time like .* got "soon"'):
        store.articles(since="soon")


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_a_library_that_is_missing_is_named(
    store: Store, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=f"pip install {library}"):
        getattr(store.articles(), library)()


def test_a_session_is_kept_while_nothing_is_stored(store: Store, tmp_path: Path) -> None:
    store.sql("SELECT 1")
    kept = store._readings._current
    store.sql("SELECT 2")
    assert store._readings._current is kept
    put_part(tmp_path, "articles", "2", [article("later")])
    assert len(store.articles()) == 4
    assert store._readings._current is not kept
