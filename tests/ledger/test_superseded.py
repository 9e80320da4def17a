"""Which rows of the lake do not stand is known by the articles."""

from storage.ledger.base import Ledger
from tests.ledger.values import better, copy, entry, new, poll, stored


def _superseded(ledger: Ledger) -> dict[str, int]:
    return dict(ledger.snapshot().superseded)


def test_a_revision_supersedes_those_before_it(ledger: Ledger) -> None:
    for revision in range(3):
        ledger.commit_poll(poll(entry(f"a{revision}")))
        with ledger.writing() as writer:
            writer.commit(new(entry(f"a{revision}"), stored("A", revision=revision)))
        assert _superseded(ledger) == ({"A": revision} if revision else {})


def test_a_copy_that_never_stood_supersedes_nothing(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a"), entry("b")))
    with ledger.writing() as writer:
        writer.commit(new(entry("a"), stored("A")))
        writer.commit(copy(entry("b"), stored("B", story="A", duplicate_of="A")))
    assert _superseded(ledger) == {}


def test_a_first_copy_that_is_demoted_supersedes_its_own_row(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a"), entry("c")))
    with ledger.writing() as writer:
        writer.commit(new(entry("a"), stored("A")))
        former = writer.article("A")
        assert former is not None
        writer.commit(better(entry("c"), stored("C"), former))
    assert _superseded(ledger) == {"A": 1}
