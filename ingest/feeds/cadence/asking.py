"""Which address a feed is asked at, and on which condition."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from ingest.types import Feed, Fetched, Validators
from storage.model import FeedState

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request for a feed. Without validators it is unconditional: asks for the feed whole."""

    url: str
    validators: Validators

    @property
    def is_whole(self) -> bool:
        """Whether the feed is asked for whole."""
        return self.validators.etag is None and self.validators.last_modified is None


def body_hash(body: bytes) -> str:
    """Return the digest by which an unchanged body is known: SHA-256 in hexadecimal."""
    return sha256(body).hexdigest()


def is_same_body(state: FeedState, fetched: Fetched) -> bool:
    """Whether an answer's body is the last one's, byte for byte, so that it need not be parsed.

    A delta (226) is no whole body: two of the same bytes may stand for different feeds.
    """
    return not fetched.is_delta and body_hash(fetched.body) == state.body_hash


def request_for(state: FeedState, feed: Feed, *, now: datetime) -> Request:
    """Return how to ask for a feed.

    The validators go back as they came. Where the server gave none, the ``Date`` of its last
    whole answer stands in for ``Last-Modified``, as caches do (RFC 9110 section 13.1.3); never
    beside a validator, and once a day the feed is asked for whole, in case such a date misleads.

    Args:
        state: What is known of the feed.
        feed: The feed as configured. Under another address than the state's nothing is known.
        now: The time of the request.
    """
    if state.url != feed.url:
        return Request(url=feed.url, validators=Validators())
    url = state.address or feed.url
    if has_validators(state):
        validators = Validators(
            etag=state.etag, last_modified=state.last_modified, url=state.validators_url
        )
    elif state.answer_date is not None and was_whole_today(state, now):
        validators = Validators(last_modified=state.answer_date, url=state.validators_url)
    else:
        validators = Validators()
    return Request(url=url, validators=validators)


def has_validators(state: FeedState) -> bool:
    """Whether the server gave anything to ask conditionally with."""
    return state.etag is not None or state.last_modified is not None


def was_whole_today(state: FeedState, now: datetime) -> bool:
    """Whether the feed was asked for whole within the last 24 hours."""
    return state.full_at is not None and now - DAY < state.full_at <= now + DAY
