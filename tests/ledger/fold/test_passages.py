"""Under how many headlines a site's passages were seen, wherever in the index they are."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from storage.ledger.base import LedgerWriter
from storage.ledger.codec import pack_bands
from storage.ledger.fold.block import SIGHTINGS
from storage.ledger.fold.index import OF_ONE_STORY
from storage.ledger.sqlite import SqliteLedger
from storage.model import StoredArticle
from tests.ledger.fold.desk import files, open_ledger, place, store
from tests.ledger.values import NOON

DAY = timedelta(days=1)
NOTICE, BYLINE, OWN = -(2**63), 7, 2**63 - 1


@pytest.fixture
def desk(path: Path) -> Iterator[SqliteLedger]:
    ledger = open_ledger(path)
    yield ledger
    ledger._fold.settle()
    assert ledger.fold_checks() == []
    ledger.close()


class Dropped(Exception):  # noqa: N818 - no error
    pass


def _drop(_: LedgerWriter) -> None:
    raise Dropped


def _printed(
    name: str,
    passages: Iterable[int],
    *,
    headline: int,
    story: str | None = None,
    at: datetime = NOON,
    revision: int = 0,
) -> StoredArticle:
    plain = place(name, at=at, revision=revision)
    print_ = replace(plain.fingerprint, passages=tuple(passages), headline=headline)
    return replace(plain, fingerprint=print_, story_id=story or name)


def _fill(ledger: SqliteLedger, first: int, last: int) -> None:
    for number in range(first, last):
        passages = (NOTICE, BYLINE) if number % 2 else (NOTICE,)
        store(ledger, _printed(f"a{number}", passages, headline=number + 1))


def _seen(
    ledger: SqliteLedger, *passages: int, headline: int = 0, since: datetime = NOON
) -> list[int]:
    with ledger.writing() as writer:
        seen = writer.passages_seen(passages, headline=headline, since=since)
    assert list(seen) == list(passages)
    return list(seen.values())


def test_headlines_are_counted_in_files_and_in_memory_alike(desk: SqliteLedger, path: Path) -> None:
    for count in range(1, 31):
        _fill(desk, count - 1, count)
        assert _seen(desk, NOTICE, OWN, BYLINE) == [count, 0, count // 2]
    desk._fold.settle()
    assert len(files(path)) > 1
    assert len(desk._fold._tail)


def test_the_texts_own_headline_and_its_other_articles_do_not_count(desk: SqliteLedger) -> None:
    _fill(desk, 0, 10)
    assert _seen(desk, NOTICE, BYLINE, headline=2) == [9, 4]
    assert _seen(desk, NOTICE, BYLINE, headline=1) == [9, 5]


def test_of_one_story_few_headlines_count_and_many_stories_under_one_count_once(
    desk: SqliteLedger,
) -> None:
    for number in range(12):
        store(desk, _printed(f"told {number}", (NOTICE,), headline=number + 1, story="one"))
        store(desk, _printed(f"titled {number}", (BYLINE,), headline=-1))
    assert _seen(desk, NOTICE, BYLINE) == [12 // OF_ONE_STORY, 1]


def test_an_article_whose_headline_changes_counts_as_one_story(desk: SqliteLedger) -> None:
    for revision in range(20):
        store(desk, _printed("live blog", (NOTICE,), headline=revision + 1, revision=revision))
        # What was replaced is there until files are merged.
        (seen,) = _seen(desk, NOTICE)
        assert 1 <= seen <= max(1, (revision + 1) // OF_ONE_STORY)


def test_articles_fetched_before_the_time_asked_for_do_not_count(path: Path) -> None:
    ledger = open_ledger(path, retention=10 * DAY)
    for number in range(32):
        at = NOON + number * DAY
        ledger.maintain(at=at)
        store(ledger, _printed(f"a{number}", (NOTICE,), headline=number + 1, at=at))
        ledger._fold.settle()
        assert _seen(ledger, NOTICE, since=at - 10 * DAY) == [min(number + 1, 11)]
        assert _seen(ledger, NOTICE, since=at - 3 * DAY) == [min(number + 1, 4)]
    assert ledger.fold_checks() == []
    ledger.close()


def test_what_a_dropped_transaction_added_does_not_count(desk: SqliteLedger) -> None:
    _fill(desk, 0, 7)
    lost = [_printed(f"b{number}", (NOTICE, OWN), headline=100 + number) for number in range(9)]
    with suppress(Dropped):
        store(desk, *lost, then=_drop)
    assert _seen(desk, NOTICE, OWN) == [7, 0]
    store(desk, *lost)
    assert _seen(desk, NOTICE, OWN) == [16, 9]


def test_two_processes_count_each_others_articles(desk: SqliteLedger, path: Path) -> None:
    other = open_ledger(path)
    for number in range(25):
        _fill((desk, other)[number % 3 == 0], number, number + 1)
        assert _seen(desk, NOTICE) == _seen(other, NOTICE) == [number + 1]
    other.close()


def test_a_ledger_opened_again_or_without_its_files_counts_the_same(path: Path) -> None:
    ledger = open_ledger(path)
    _fill(ledger, 0, 27)
    ledger.close()
    for keep in (True, False):
        for file in files(path):
            if not keep:
                file.unlink()
        ledger = open_ledger(path)
        assert _seen(ledger, NOTICE, BYLINE) == [27, 13]
        ledger._fold.settle()
        assert ledger.fold_checks() == []
        ledger.close()


def test_of_very_many_articles_only_the_newest_are_looked_at(path: Path) -> None:
    ledger = SqliteLedger(path)
    store(ledger, *(_printed(f"a{n}", (NOTICE,), headline=n + 1) for n in range(SIGHTINGS + 9)))
    assert _seen(ledger, NOTICE) == [SIGHTINGS]
    assert _seen(ledger, NOTICE, headline=SIGHTINGS + 9) == [SIGHTINGS - 1]
    ledger.close()


@pytest.mark.parametrize(
    ("passages", "said"),
    [
        ((NOTICE, OWN), "1 bands of articles are missing"),
        ((), "1 bands belong to no article's text"),
    ],
)
def test_the_check_of_the_files_looks_at_passages_too(
    path: Path, passages: tuple[int, ...], said: str
) -> None:
    ledger = open_ledger(path)
    store(ledger, *(_printed(f"a{number}", (NOTICE,), headline=1) for number in range(4)))
    assert ledger.fold_checks() == []
    with ledger._database.writing() as db:
        changed = [pack_bands(passages), "a2"]
        db.execute("UPDATE articles SET passages = ? WHERE article_id = ?", changed)
    (problem,) = ledger.fold_checks()
    assert problem.endswith(said)
    ledger.close()
