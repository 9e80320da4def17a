"""From what a poll gave to what it taught."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from ingest.config import PollingSettings
from ingest.feeds.cadence.asking import Request
from ingest.feeds.cadence.faults import after_fault
from ingest.feeds.cadence.learnt import Learnt
from ingest.feeds.cadence.success import after_success
from ingest.types import Fault, Feed, Fetched, ParsedFeed
from storage.model import FeedState, Reason


def learn(
    state: FeedState,
    feed: Feed,
    answer: Fetched | Fault,
    document: ParsedFeed | Fault | None,
    *,
    request: Request,
    now: datetime,
    polling: PollingSettings,
    known: Collection[str] = (),
    pushed_until: datetime | None = None,
) -> Learnt:
    """Return what a poll taught: the feed's next state, and why that is asked when it is.

    Args:
        state: The state before the poll.
        feed: The feed as configured.
        answer: What came back.
        document: What it says, what is wrong with it, or ``None`` if there was nothing to parse.
        request: What was asked.
        now: The time of the poll.
        polling: The bounds of the time between polls.
        known: The GUIDs among the document's that the ledger has.
        pushed_until: Until when a hub brings the feed's news, so that polls only make sure.
    """
    if isinstance(answer, Fault):
        fault = answer
    elif isinstance(document, Fault):
        fault = replace(document, redirects=answer.redirects)
    else:
        return after_success(
            state,
            feed,
            document,
            answer,
            now=now,
            polling=polling,
            known=known,
            pushed_until=pushed_until,
        )
    return after_fault(state, feed, fault, now=now, polling=polling, whole=request.is_whole)


def learn_push(state: FeedState, document: ParsedFeed | Fault | None) -> Learnt:
    """Return what a push is told as. It may be a part of the feed, so that nothing is kept of it.

    Args:
        state: The state before the push.
        document: What was pushed, what is wrong with it, or ``None`` if it was polled already.
    """
    if isinstance(document, Fault):
        return Learnt(state=state, events=("pushed by the hub",))
    flaw = document.flaw if document else None
    return Learnt(state=replace(state, reason=Reason.PUSHED, detail=flaw, status=None))
