"""A query whose text was asked before is checked and bound no second time, and answered anew."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from storage.errors import QueryError
from storage.query import guard
from storage.query.parameters import Parameters
from storage.query.session import Session
from storage.query.unreadable import LostPartError
from storage.query.views import Source
from tests.query.samples import article, put_part


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    files = [str(put_part(tmp_path, "articles", "1", [article("a"), article("b")]))]
    with Session(Source(files={"articles": files}), folders=[tmp_path / "articles"]) as session:
        yield session


def ask(session: Session, query: str, parameters: Parameters = ()) -> list[object]:
    return [*session.ask(query, parameters, timeout=None)[0].to_pylist()]


def test_each_text_is_checked_once(session: Session) -> None:
    with patch.object(guard, "_check_node", wraps=guard._check_node) as look:
        ask(session, "SELECT title FROM articles")
        looked = look.call_count
        ask(session, "SELECT title FROM articles")
        assert look.call_count == looked > 0
        ask(session, "SELECT title  FROM articles")
        assert look.call_count == 2 * looked


def test_what_differs_from_time_to_time_differs(session: Session) -> None:
    assert ask(session, "SELECT random()") != ask(session, "SELECT random()")


def test_other_parameters_give_other_rows(session: Session) -> None:
    query = "SELECT title FROM articles WHERE article_id = ?"
    found = [ask(session, query, [name]) for name in ("a", "b", "a")]
    assert found == [["Title of a"], ["Title of b"], ["Title of a"]]
    with pytest.raises(QueryError):
        ask(session, query)


def test_a_file_that_is_gone_is_missed_by_a_query_asked_before(
    session: Session,
) -> None:
    ask(session, "SELECT title FROM articles")
    for path in session.source.paths():
        Path(path).unlink()
    with pytest.raises(LostPartError):
        ask(session, "SELECT title FROM articles")


def test_what_is_refused_is_refused_again(session: Session) -> None:
    for _ in range(2):
        with pytest.raises(QueryError, match="only SELECT"):
            ask(session, "DROP VIEW articles")
        with pytest.raises(QueryError, match="did you mean"):
            ask(session, "SELECT titel FROM articles")


def test_a_text_of_any_length_is_asked_as_often(session: Session) -> None:
    query = f"SELECT article_id FROM articles WHERE title <> '{'x' * 5_000}' ORDER BY ALL"
    assert ask(session, query) == ask(session, query) == ["a", "b"]
