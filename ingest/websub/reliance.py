"""Polls and pushes of one feed, weighed against each other as each comes in."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from ingest.committing.commits import Commits
from ingest.websub.states import (
    caught_up,
    is_miss,
    is_relied_on,
    may_push,
    missed,
    pushed,
)
from storage.ledger.base import Ledger
from storage.model import FeedState
from storage.subscription import Subscription

Note = Callable[[Subscription], Subscription]


class Reliance:
    """What polls are to know of subscriptions. Nothing is relied on until somebody listens."""

    def __init__(self, commits: Commits) -> None:
        self._commits = commits
        self._listening_since: datetime | None = None

    async def listen(self, *, at: datetime) -> None:
        """Rely on pushes from now on; feeds that could have been pushed before are polled soon.

        Hubs try again for a while, but what was pushed while nobody listened may be lost.
        """
        self._listening_since = at
        await self._commits.read(partial(_catch_up, at=at))

    async def leave(self, *, at: datetime) -> None:
        """Give all subscriptions up, since nobody is to listen; polls go on as they would alone."""
        await self._commits.read(partial(_catch_up, at=at))
        await self._commits.read(_forget)

    async def weigh(self, state: FeedState, *, new: int, at: datetime) -> datetime | None:
        """Return until when pushes are relied on, so that the next poll may be late.

        A poll that found ``new`` entries which should have been pushed is noted at the
        subscription, and leaves the feed to its own rhythm.

        Args:
            state: The feed's state before the poll.
            new: How many new entries the poll found.
            at: The time of the poll.
        """
        since, before = self._listening_since, state.polled_at
        if since is None:
            return None
        listened = before is not None and since <= before
        until = None
        for subscription in await self._of(state.feed_id):
            if new and listened and is_miss(subscription, polled_before=before, now=at):
                await self._note(subscription, partial(missed, now=at))
            elif is_relied_on(subscription, now=at):
                until = subscription.expires_at
        return until

    async def credit(self, feed_id: str, topic: str, *, at: datetime) -> None:
        """Note that the hub of ``topic`` pushed something that could be used."""
        for subscription in await self._of(feed_id):
            if subscription.topic == topic and may_push(subscription):
                await self._note(subscription, partial(pushed, now=at))

    async def _of(self, feed_id: str) -> list[Subscription]:
        return await self._commits.read(lambda ledger: ledger.subscriptions.of_feed(feed_id))

    async def _note(self, subscription: Subscription, note: Note) -> None:
        token = subscription.token
        await self._commits.read(lambda ledger: ledger.subscriptions.change(token, note))


def _catch_up(ledger: Ledger, *, at: datetime) -> None:
    states = {state.feed_id: state for state in ledger.feeds()}
    for subscription in ledger.subscriptions.all():
        state = states.get(subscription.feed_id)
        if state is not None and is_relied_on(subscription, now=at):
            ledger.subscriptions.poll_by(state.feed_id, caught_up(state, now=at))


def _forget(ledger: Ledger) -> None:
    for subscription in ledger.subscriptions.all():
        ledger.subscriptions.forget(subscription.token)
