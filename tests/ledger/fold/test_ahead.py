"""Texts looked up together are answered as each alone is, whatever is added meanwhile."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from storage.ledger.base import LedgerWriter
from storage.ledger.fold import ahead
from storage.ledger.sqlite import SqliteLedger
from storage.model import Fingerprint, StoredArticle
from tests.ledger.fold.desk import files, open_ledger, place, store
from tests.ledger.values import NOON, entry, new, poll

NOTICE = 77
TEXTS = ("one text", "another")


@pytest.fixture
def desk(path: Path) -> Iterator[SqliteLedger]:
    """A ledger with articles in files, in blocks and in the dictionary."""
    ledger = open_ledger(path)
    for number in range(19):
        store(ledger, _article(number))
        ledger._fold.settle()
    other = open_ledger(path)
    store(other, *map(_article, range(19, 22)))
    other.close()
    yield ledger
    ledger.close()


class _Dropped(Exception):  # noqa: N818 - no error
    pass


def _article(number: int) -> StoredArticle:
    plain = place(f"a{number}", (number % 3, 100 + number % 4), lead=(number % 5, 200))
    print_ = replace(
        plain.fingerprint,
        content_hash=TEXTS[number % 2],
        passages=(NOTICE, 1000 + number % 6),
        headline=number,
    )
    return replace(plain, fingerprint=print_, fetched_at=NOON + timedelta(minutes=number))


def _asked(number: int) -> Fingerprint:
    """Return a text with bands that repeat, that its lead shares, and that nobody has."""
    return Fingerprint(
        content_hash=("none has this", *TEXTS)[number % 3],
        bands=(number, number, 100 + number, 999),
        lead_bands=(number, number + 1, 200),
        passages=(1000 + number, NOTICE, 999),
    )


def _answers(writer: LedgerWriter, print_: Fingerprint) -> object:
    answers = []
    for since in (NOON, NOON + timedelta(minutes=9)):
        near = writer.articles_near(print_, since=since, limit=9, floor=0)
        same = writer.articles_by_hash(print_.content_hash, since=since)
        seen = writer.passages_seen(print_.passages, headline=3, since=since)
        answers.append((near, same, seen))
    return answers


def _with_more(ledger: SqliteLedger, prints: list[Fingerprint]) -> list[object]:
    """Ask of texts in one transaction, each after another article was stored; keep none of it."""
    entries = [entry(f"more {number}") for number in range(len(prints))]
    answers = []
    with suppress(_Dropped), ledger.writing() as writer:
        writer.commit_poll(poll(*entries))
        writer.expect(prints[: len(prints) // 2] * 2)
        for number, (of, print_) in enumerate(zip(entries, prints, strict=True)):
            writer.commit(new(of, _article(50 + number)))
            answers.append(_answers(writer, print_))
        raise _Dropped
    return answers


def test_texts_looked_up_together_are_answered_as_each_alone(desk: SqliteLedger) -> None:
    prints = [_asked(number) for number in range(7)]
    with desk.writing() as writer:
        alone = [_answers(writer, print_) for print_ in prints]
        assert alone != [_answers(writer, replace(prints[0], bands=()))] * 7
        writer.expect(prints)
        assert [_answers(writer, print_) for print_ in prints] == alone
        writer.expect([])
        assert [_answers(writer, print_) for print_ in prints] == alone


def test_what_a_transaction_adds_is_found_after_what_was_looked_up_before(
    desk: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    prints = [_asked(number) for number in range(6)]
    together = _with_more(desk, prints)
    with monkeypatch.context() as without:
        without.setattr(desk._fold, "expect", lambda _: None)
        assert _with_more(desk, prints) == together
    with desk.writing() as writer:
        assert [_answers(writer, print_) for print_ in prints] != together, "it was dropped"


def test_a_text_that_shares_keys_with_very_many_is_looked_up_alone(
    desk: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    rare = 2**62  # small numbers are no hashes: all of them have one prefix
    prints = [_asked(0), Fingerprint(content_hash="", bands=(rare,))]
    monkeypatch.setattr(ahead, "EACH", 9)
    with desk.writing() as writer:
        alone = [_answers(writer, print_) for print_ in prints]
        writer.expect(prints)
        assert list(desk._fold._ahead.near) == [((rare,), ())]
        assert [_answers(writer, print_) for print_ in prints] == alone


def test_a_file_that_points_nowhere_is_named_to_whoever_asks(path: Path) -> None:
    ledger = open_ledger(path)
    store(ledger, *map(_article, range(8)))
    ledger.close()
    (file,) = files(path)
    whole = bytearray(file.read_bytes())
    places = ledger._fold._keeper.chain[0].header.layout()[1][2]
    whole[places : places + 4 * 40] = b"\xee" * 4 * 40
    file.write_bytes(whole)
    damaged = open_ledger(path)
    with pytest.raises(OSError, match="damaged"):
        _first_of_two(damaged)
    assert _first_of_two(damaged)
    damaged.close()


def _first_of_two(ledger: SqliteLedger) -> list[StoredArticle]:
    with ledger.writing() as writer:
        writer.expect([_asked(0), _asked(1)])
        return writer.articles_near(_asked(0), since=NOON, limit=9, floor=0)
