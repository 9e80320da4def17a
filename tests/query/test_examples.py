from pathlib import Path

import pytest

import storage
from storage.ledger.sqlite import SqliteLedger
from storage.query.examples import EXAMPLES, Example
from tests.cli.conftest import Crawled, crawled  # noqa: F401 - a fixture

LEAST = 12


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.question)
def test_an_example_works_on_an_empty_store(example: Example, tmp_path: Path) -> None:
    SqliteLedger(tmp_path / "state" / "ledger.db").close()
    with storage.open(tmp_path) as store:
        assert store.sql(example.sql).num_rows == 0


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.question)
def test_an_example_works_on_a_full_store(example: Example, crawled: Crawled) -> None:  # noqa: F811
    with storage.open(crawled.data) as store:
        assert store.sql(example.sql).num_columns > 1


def test_there_are_a_dozen_and_each_says_what_it_answers() -> None:
    assert len(EXAMPLES) >= LEAST
    assert all(each.question.partition("?")[1] for each in EXAMPLES)
