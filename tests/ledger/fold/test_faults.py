"""A full disk or a kill at any operation on the index's files costs no article."""

from itertools import count
from pathlib import Path

import pytest

from storage.fs import OnStep
from storage.model import StoredArticle
from tests.ledger.fold.desk import ask, files, open_ledger, place, store

GROUP = 4
ARTICLES = 5 * GROUP


class Killed(BaseException):
    """What no code of ours handles: the process is gone."""


def _fault_at(number: int, fault: type[BaseException]) -> tuple[OnStep, list[str]]:
    steps: list[str] = []

    def on_step(step: str) -> None:
        steps.append(step)
        if len(steps) == number:
            raise fault(f"at {step}")

    return on_step, steps


def _group(first: int) -> list[StoredArticle]:
    return [place(f"a{number}", (-1, number)) for number in range(first, first + GROUP)]


def _full(last: int) -> list[str]:
    return [f"a{number}" for number in range(last)]


def test_a_disk_that_refuses_any_one_operation_costs_no_article(tmp_path: Path) -> None:
    for number in count(1):
        path = tmp_path / str(number) / "ledger.db"
        on_step, steps = _fault_at(number, OSError)
        ledger = open_ledger(path, on_step=on_step)
        for first in range(0, ARTICLES, GROUP):
            store(ledger, *_group(first))
            ledger._fold.settle()
        assert ask(ledger, [-1]) == _full(ARTICLES)
        assert ledger.fold_checks() == []
        ledger.close()
        _opens_whole(path, ARTICLES)
        if len(steps) < number:
            break
    assert number > 30
    assert {"create", "write", "write the header", "sync", "rename", "remove"} <= set(steps)


def test_a_kill_before_any_one_operation_costs_no_article(tmp_path: Path) -> None:
    for number in count(1):
        path = tmp_path / str(number) / "ledger.db"
        on_step, steps = _fault_at(number, Killed)
        ledger = open_ledger(path, on_step=on_step)
        stored = 0
        try:
            for first in range(0, ARTICLES, GROUP):
                stored = first + GROUP  # the transaction comes before any operation
                store(ledger, *_group(first))
                ledger._fold.settle()
        except Killed:
            pass
        ledger._database.close()  # and nothing else: no tidying up
        _opens_whole(path, stored)
        if len(steps) < number:
            break
    assert number > 30


def _opens_whole(path: Path, articles: int) -> None:
    ledger = open_ledger(path)
    assert ledger.fold_checks() == []
    assert ask(ledger, [-1]) == _full(articles)
    store(ledger, *_group(articles))
    assert ask(ledger, [-1]) == _full(articles + GROUP)
    ledger.close()
    assert not list(path.parent.glob("fold/*.tmp"))
    assert len(files(path)) <= 5


@pytest.mark.parametrize("number", range(1, 9))
def test_a_fault_while_files_are_made_anew_is_raised_and_the_next_try_goes_on(
    path: Path, number: int
) -> None:
    ledger = open_ledger(path)
    for first in range(0, ARTICLES, GROUP):
        store(ledger, *_group(first))
    ledger.close()
    for file in files(path):
        file.unlink()
    on_step, _ = _fault_at(number, OSError)
    ledger = open_ledger(path, on_step=on_step)
    with pytest.raises(OSError, match="at "):
        ask(ledger, [-1])
    assert ask(ledger, [-1]) == _full(ARTICLES)
    ledger.close()
