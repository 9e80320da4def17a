"""A feed's state after an answer that could be used."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from ingest.config import PollingSettings
from ingest.feeds.cadence import gaps, moves
from ingest.feeds.cadence.asking import body_hash, has_validators, was_whole_today
from ingest.feeds.cadence.learnt import Learnt
from ingest.feeds.cadence.plan import begin
from ingest.feeds.cadence.rhythm import interval_of
from ingest.feeds.cadence.wishes import heard
from ingest.feeds.reading import absolute
from ingest.http_date import http_date
from ingest.types import Feed, Fetched, ParsedFeed
from storage.model import FeedState, Reason

_PUSHED = "WebSub (pushes arrive, so polls are rare)"
_MISSED = "no entry in common with the last poll: some may have been missed"


def after_success(
    state: FeedState,
    feed: Feed,
    parsed: ParsedFeed | None,
    fetched: Fetched,
    *,
    now: datetime,
    polling: PollingSettings,
    known: Collection[str] = (),
    pushed_until: datetime | None = None,
) -> Learnt:
    """Return what an answer taught: the feed's next state, with when to ask again and why.

    What the answer's ``Link`` headers say of WebSub goes before what the document says
    (WebSub, section 4).

    Args:
        state: The state before the poll.
        feed: The feed as configured.
        parsed: The document, or ``None`` if there was none to parse (304, same body).
        fetched: The answer.
        now: The time of the poll.
        polling: The bounds of the time between polls.
        known: The GUIDs among the document's that the ledger has.
        pushed_until: Until when a hub brings the feed's news, so that polls only make sure.
    """
    reason = Reason.FETCHED
    # An index of sitemaps may stay as it is while what it lists has changed.
    if parsed is None:
        reason = Reason.NOT_MODIFIED if fetched.not_modified else Reason.SAME_BODY
    gap = gaps.is_gap(state, parsed, fetched, known)
    place = moves.after_answer(state, fetched, now=now)
    wishes = heard(state, parsed, fetched)
    after = replace(
        _checked(state, fetched, now=now),
        name=feed.name,
        title=(parsed.title if parsed else None) or state.title,
        link=parsed.link if parsed else state.link,
        hub=absolute(fetched.links.get("hub"), fetched.url) or (parsed or state).hub,
        topic=absolute(fetched.links.get("self"), fetched.url) or (parsed or state).topic,
        body_hash=_digest(state, fetched),
        polled_at=now,
        ok_at=now,
        failures=0.0,
        ok=True,
        reason=reason,
        # A document that did not change still has the flaw it had.
        detail=parsed.flaw if parsed else (state.detail if state.ok else None),
        status=fetched.status,
        held_until=None,
        retired=False,
        fresh_seconds=wishes.fresh.total_seconds() or None,
        ttl_seconds=wishes.ttl.total_seconds() or None,
        skip_hours=tuple(sorted(wishes.skip_hours)),
        skip_days=tuple(sorted(wishes.skip_days)),
        address=place.address,
        moved_to=place.moved_to,
        moved_since=place.moved_since,
        gaps=state.gaps + gap,
        gap_at=now if gap else state.gap_at,
    )
    interval, why = interval_of(state, feed, parsed, now=now, partial=fetched.is_delta)
    reasons: tuple[str, ...] = (why,)
    if parsed is not None:
        interval, reasons = gaps.shortened((interval, why), feed, after.gap_at, now=now)
    plan = begin(interval, reasons, feed.id, now=now, polling=polling)
    kept = plan.bound()
    plan.spread()
    plan.lengthen(wishes.ttl, "the feed's ttl")
    plan.lengthen(wishes.fresh, "the answer's freshness")
    if pushed_until is not None:
        # Up to the end of the hub's lease. The feed's own rhythm is kept for afterwards.
        plan.lengthen(min(polling.max_interval, pushed_until - now), _PUSHED)
    if after.full_at is not None and (blind := _blind(state, after, fetched, now)):
        plan.wait_a_day(after.full_at, blind)
    plan.rest(wishes)
    return Learnt(
        state=replace(
            after,
            interval_seconds=kept.total_seconds(),
            next_due_at=plan.due,
            schedule=tuple(plan.reasons),
        ),
        events=tuple(filter(None, (_MISSED if gap else None, place.event))),
        gap=gap,
    )


def _checked(state: FeedState, fetched: Fetched, *, now: datetime) -> FeedState:
    """The state with what the next request can be made conditional with.

    A whole answer replaces both validators with what it has: a ``Last-Modified`` from before is
    not kept beside a new ``ETag``. A 304 replaces those that it repeats (RFC 9110 section
    15.4.5). A 226's are those of the whole feed as it now is (RFC 3229 section 10.4.1); one that
    has none leaves the old ones, against which the next delta says some things twice.
    """
    sent = fetched.validators
    full_at = state.full_at if fetched.conditional else now
    if fetched.not_modified or (
        fetched.is_delta and sent.etag is None and sent.last_modified is None
    ):
        return replace(
            state,
            etag=sent.etag or state.etag,
            last_modified=sent.last_modified or state.last_modified,
            full_at=full_at,
        )
    date = fetched.headers.get("date")
    return replace(
        state,
        etag=sent.etag,
        last_modified=sent.last_modified,
        validators_url=fetched.url,
        answer_date=date if date and http_date(date) else None,
        full_at=full_at,
    )


def _digest(state: FeedState, fetched: Fetched) -> str | None:
    """The hash of the feed's whole body as far as it is known, which after a delta it is not."""
    if fetched.not_modified:
        return state.body_hash
    return None if fetched.is_delta else body_hash(fetched.body)


def _blind(state: FeedState, after: FeedState, fetched: Fetched, now: datetime) -> str | None:
    """Why the next request could not be conditional, if so."""
    if not has_validators(after) and after.answer_date is None:
        return "its server gives nothing to ask conditionally with, so all of it is asked for"
    asked = has_validators(state) or state.answer_date is not None
    if asked and not fetched.conditional and was_whole_today(state, now):
        return "its address leads elsewhere each time, so all of it is asked for"
    return None
