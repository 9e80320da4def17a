"""The subscriber: asks hubs, answers them, and takes in what they push.

What is decided is decided by pure functions beside this; here it is carried out and written down.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Final, Self, assert_never

from ingest.clock import Clock
from ingest.committing.commits import Commits
from ingest.feeds.cadence.words import length
from ingest.fetch.client import Fetcher
from ingest.types import Fault, Feed, Fetched
from ingest.websub import protocol, states
from ingest.websub.plan import Age, Ask, End, Forget, Open, Step, plan
from ingest.websub.reliance import Reliance
from ingest.websub.signature import is_signed
from storage.ledger.base import Ledger
from storage.subscription import Subscription

log = logging.getLogger(__name__)

Push = Callable[[Feed, Fetched], Coroutine[None, None, None]]

# Section 7 asks for a quick answer. A push is acknowledged once it is committed, so that a kill
# in between has the hub send it again, but no later than this.
ACKNOWLEDGE: Final = timedelta(seconds=5)

# Hubs that are being asked at once, so that thousands of new subscriptions go out bit by bit.
MOST_ASKED = 32

# Pushes that are being taken in; the hub of one more is asked to come again.
MOST_PUSHES = 16

_RANDOM_BYTES = 32

# Pushes are 226 to the poller: part of a feed, which says nothing of the rest (RFC 3229).
_PART = 226


class Subscriber:
    """Keeps a subscription for each feed that names a hub; an async context manager.

    Leaving the context gives up the requests under way: they are made again.
    """

    def __init__(
        self,
        *,
        base: str,
        feeds: Sequence[Feed],
        commits: Commits,
        fetcher: Fetcher,
        push: Push,
        reliance: Reliance,
        clock: Clock,
    ) -> None:
        self._base = base
        self._feeds = {feed.id: feed for feed in feeds}
        self._commits = commits
        self._fetcher = fetcher
        self._push = push
        self._reliance = reliance
        self._clock = clock
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._pushes: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._reliance.listen(at=self._clock())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), *self._pushes, return_exceptions=True)

    async def tick(self) -> None:
        """Take the steps that are due; hubs are being asked when this returns."""
        now = self._clock()
        for step in await self._commits.read(partial(self._plan, now=now)):
            if isinstance(step, Ask):
                if len(self._asking) < MOST_ASKED and step.token not in self._asking:
                    task = asyncio.create_task(self._ask(step.token), name="ask a hub")
                    self._asking[step.token] = task
                    task.add_done_callback(partial(self._asked, step.token))
            else:
                await self._commits.read(partial(self._take, step=step, now=now))

    async def verify(self, token: str, query: str) -> str | None:
        """Answer a hub's GET on a callback: with the text to send back, or ``None`` for a 404."""
        now = self._clock()
        return await self._commits.read(partial(_verify, token=token, query=query, now=now))

    async def knows(self, token: str) -> bool | None:
        """Whether pushes to this callback are wanted; ``None`` if no hub was ever told of it."""
        found = await self._commits.read(lambda ledger: ledger.subscriptions.one(token))
        return None if found is None or not found.verified_at else states.may_push(found)

    @property
    def has_room(self) -> bool:
        """Whether one more push may be taken in: each holds its body in memory."""
        return len(self._pushes) < MOST_PUSHES

    async def receive(
        self, token: str, body: bytes, *, content_type: str, signature: str | None
    ) -> None:
        """Take in what came to a callback; drop it if it is not wanted or not rightly signed.

        Which feed it is for, the callback alone says: section 7 has the ``Link`` headers of a
        push say nothing of that.
        """
        subscription = await self._commits.read(lambda ledger: ledger.subscriptions.one(token))
        if subscription is None or not states.may_push(subscription):
            return
        feed = self._feeds.get(subscription.feed_id)
        if not is_signed(signature, body, subscription.secret):
            log.warning("%s: a push is ignored: not rightly signed", subscription.feed_id)
            await self._commits.read(
                lambda ledger: ledger.subscriptions.change(token, states.ignored)
            )
        elif feed is not None:
            pushed = Fetched(
                requested_url=subscription.topic,
                url=subscription.topic,
                status=_PART,
                headers={"content-type": content_type},
                body=body,
                wire_bytes=len(body),
            )
            task = asyncio.create_task(self._push(feed, pushed), name=f"push {feed.id}")
            self._pushes.add(task)
            task.add_done_callback(self._pushes.discard)
            task.add_done_callback(_tell_bug)
            await asyncio.wait({task}, timeout=ACKNOWLEDGE.total_seconds())

    def _plan(self, ledger: Ledger, *, now: datetime) -> list[Step]:
        return list(
            plan(
                ledger.subscriptions.offers(),
                ledger.subscriptions.all(),
                configured=self._feeds,
                base=self._base,
                now=now,
            )
        )

    def _take(self, ledger: Ledger, *, step: Open | Age | End | Forget, now: datetime) -> None:
        book = ledger.subscriptions
        match step:
            case Open():
                book.open(
                    states.opened(
                        feed_id=step.feed_id,
                        hub=step.hub,
                        topic=step.topic,
                        base=self._base,
                        token=secrets.token_urlsafe(_RANDOM_BYTES),
                        secret=secrets.token_urlsafe(_RANDOM_BYTES),
                        now=now,
                    )
                )
            case Age():
                _change(ledger, step.token, partial(states.aged, now=now), now)
            case End():
                _change(ledger, step.token, partial(states.unwanted, why=step.why, now=now), now)
            case Forget():
                book.forget(step.token)
            case _:
                assert_never(step)

    async def _ask(self, token: str) -> None:
        now = self._clock()
        subscription = await self._commits.read(
            lambda ledger: ledger.subscriptions.change(token, partial(states.asked, now=now))
        )
        if subscription is None:
            return
        answer = await self._fetcher.post_form(
            subscription.hub, protocol.request_form(subscription)
        )
        if isinstance(answer, Fault):
            log.warning(
                "%s: the hub %s: %s: %s",
                subscription.feed_id,
                subscription.hub,
                answer.reason,
                answer.detail,
            )
            fail = partial(states.failed, fault=answer, now=self._clock())
            await self._commits.read(lambda ledger: ledger.subscriptions.change(token, fail))

    def _asked(self, token: str, task: asyncio.Task[None]) -> None:
        del self._asking[token]
        _tell_bug(task)


def _tell_bug(task: asyncio.Task[None]) -> None:
    # A bug, but one subscription's alone: the others go on.
    if not task.cancelled() and (bug := task.exception()) is not None:
        log.error("could not %s", task.get_name(), exc_info=bug)


def _verify(ledger: Ledger, *, token: str, query: str, now: datetime) -> str | None:
    subscription = ledger.subscriptions.one(token)
    if subscription is None:
        return None
    answer = protocol.read_verification(subscription, query)
    match answer:
        case protocol.Confirm(challenge=challenge, lease=lease):
            _change(ledger, token, partial(states.confirmed, lease=lease, now=now), now)
            log.info("%s: the hub confirmed, for %s", subscription.feed_id, length(lease))
            return challenge
        case protocol.Release(challenge=challenge):
            ledger.subscriptions.forget(token)
            log.info("%s: the hub ended the subscription", subscription.feed_id)
            return challenge
        case protocol.Denial(why=why):
            _change(ledger, token, partial(states.denied, why=why, now=now), now)
            log.warning("%s: the hub denied the subscription: %s", subscription.feed_id, why)
            return ""
        case protocol.Unwanted(why=why):
            log.warning("%s: the hub asked for %s", subscription.feed_id, why)
            return None
        case _:
            assert_never(answer)


def _change(
    ledger: Ledger,
    token: str,
    change: Callable[[Subscription], Subscription],
    now: datetime,
) -> None:
    """Write a change down; where pushes can no longer be relied on, polls go on at once."""
    before = ledger.subscriptions.one(token)
    after = ledger.subscriptions.change(token, change)
    if before is None or after is None:
        return
    if after.state is not before.state:
        log.info("%s: %s: %s", after.feed_id, after.state, after.detail or after.reason)
    state = ledger.feed(after.feed_id)
    relied = states.has_proved_itself(before) and not states.is_relied_on(after, now=now)
    if relied and state is not None:
        ledger.subscriptions.poll_by(state.feed_id, states.resumed(state, now=now))
