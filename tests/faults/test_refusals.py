"""A disk that refuses the first, the second, the third … operation of a crawl, for each reason."""

import errno
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from tests.conftest import TABLE
from tests.faults.newsroom import Newsroom, crawl
from tests.faults.refusing import REFUSALS, Quota, Refusing
from tests.faults.test_kills import KILLS
from tests.faults.truth import flaws, said_of
from tests.ledger.values import NOON

SMALL = Newsroom(items=6)
SYNCS = {"sync", "sync folders", "sync the folder", "commit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a disk refuses: once or from then on, all operations or some, at least so many."""

    code: int
    lasting: bool
    among: Collection[str] | None = None
    times: int = 60


KINDS = {
    "full for a moment": Kind(code=errno.ENOSPC, lasting=False),
    "full": Kind(code=errno.ENOSPC, lasting=True),
    "read-only": Kind(code=errno.EROFS, lasting=True),
    "not permitted": Kind(code=errno.EACCES, lasting=False),
    "error on sync": Kind(code=errno.EIO, lasting=False, among=SYNCS, times=25),
    "error on rename": Kind(code=errno.EIO, lasting=True, among={"rename"}, times=4),
}


# One sweep for all that refuse the same operations, taking turns; the long form makes one of each.
IN_TURN = [tuple(KINDS)[:4], *((name,) for name in tuple(KINDS)[4:])]
SWEEPS = IN_TURN if KILLS <= 100 else [(name,) for name in KINDS]
STEP = 3 if KILLS <= 100 else 1  # and others each day; no divisor of how many take turns


@pytest.mark.parametrize("names", SWEEPS, ids=", ".join)
def test_a_disk_that_refuses_any_one_operation_costs_no_row_and_doubles_none(
    root: Path, record_property: Callable[[str, object], None], names: Sequence[str]
) -> None:
    step = min(STEP, KINDS[names[0]].times // 4)  # where there are few, at each
    tally: Counter[str] = Counter()
    for number in count(1 + datetime.now(UTC).toordinal() % step, step):
        name = names[number % len(names)]
        kind = KINDS[name]
        store, told = root / str(number), set[str]()
        hook = Refusing(number, kind.code, lasting=kind.lasting, among=kind.among)
        with suppress(*REFUSALS):
            crawl(store, SMALL, at=NOON, on_step=hook, tell=told.update)
        assert flaws(store, SMALL, told=told, done=False) == [], number
        crawl(store, SMALL, at=NOON + timedelta(minutes=1))
        assert flaws(store, SMALL, done=True) == [], number
        tally[f"with an operation refused ({name})"] += hook.refused
        if not hook.refused:
            runs = 2 * (tally.total() + 1)
            rows = SMALL.items * (tally.total() + 1)
            record_property(TABLE, said_of(tally, runs=runs, rows=rows, flaws=[]))
            assert number > kind.times
            return


@pytest.mark.parametrize("free", range(20_000, 400_000, 80_000))
def test_a_store_that_grows_to_a_quota_goes_on_where_it_stood(root: Path, free: int) -> None:
    hook, newsroom, told = Quota(root, free), Newsroom(items=30), set[str]()
    with pytest.raises(REFUSALS):
        crawl(root, newsroom, at=NOON, on_step=hook, tell=told.update)
    assert hook.refused
    assert flaws(root, newsroom, told=told, done=False) == []
    crawl(root, newsroom, at=NOON)
    assert flaws(root, newsroom, done=True) == []
