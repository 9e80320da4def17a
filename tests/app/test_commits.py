import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.committing.commits import Commits
from storage.model import Outcome, Reason
from tests.app.desk import OTHER, RUN, TEXT, Desk
from tests.ledger.values import entry, poll


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.ledger.close()


def test_an_entry_that_cannot_be_written_does_not_cost_the_others_theirs(desk: Desk) -> None:
    good, bad = desk.announce("good"), desk.announce("bad")
    unwritable = desk.found("bad", OTHER)
    unwritable = replace(unwritable, extracted=replace(unwritable.extracted, title="\ud800"))

    async def commit_both() -> None:
        commits = Commits(desk.ledger, RUN)
        async with asyncio.TaskGroup() as group:
            group.create_task(commits.entry(bad, unwritable, at=desk.at))
            group.create_task(commits.entry(good, desk.found("good", TEXT), at=desk.at))
        await commits.close()

    asyncio.run(commit_both())
    assert desk.entry("good").outcome is Outcome.NEW
    assert desk.entry("bad").outcome is Outcome.PENDING
    assert desk.entry("bad").reason is Reason.INTERNAL_ERROR
    assert desk.entry("bad").due_at == desk.at + RUN.retry.backoff


def test_a_ledger_that_fails_is_not_taken_for_an_entry_s_fault(desk: Desk) -> None:
    state = desk.announce("any")
    finding = desk.found("any", TEXT)

    async def commit() -> None:
        commits = Commits(desk.ledger, RUN)
        try:
            desk.ledger.close()
            await commits.entry(state, finding, at=desk.at)
        finally:
            await commits.close()

    with pytest.raises(Exception, match="closed"):
        asyncio.run(commit())


def test_a_poll_that_cannot_be_written_does_not_cost_the_others_theirs(desk: Desk) -> None:
    good, bad = poll(entry("a"), feed="good"), poll(entry("b"), feed="bad")
    bad = replace(bad, poll=replace(bad.poll, detail="\ud800"))

    async def commit_both() -> tuple[object, object]:
        commits = Commits(desk.ledger, RUN)
        try:
            return await asyncio.gather(
                commits.poll(bad), commits.poll(good), return_exceptions=True
            )
        finally:
            await commits.close()

    refused, written = asyncio.run(commit_both())
    assert isinstance(refused, UnicodeEncodeError)
    assert written == good.pending
    assert desk.ledger.feed("good") == good.state
    assert desk.ledger.feed("bad") is None


def test_what_is_read_together_fails_alone(desk: Desk) -> None:
    async def read_both() -> tuple[object, object]:
        commits = Commits(desk.ledger, RUN)
        try:
            return await asyncio.gather(
                commits.read(lambda ledger: ledger.feeds()[1_000]),
                commits.read(lambda ledger: ledger.feed("nobody")),
                return_exceptions=True,
            )
        finally:
            await commits.close()

    failed, answered = asyncio.run(read_both())
    assert isinstance(failed, IndexError)
    assert answered is None
