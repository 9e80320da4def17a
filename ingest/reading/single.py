"""Single pages given by hand: entries of no feed, under a feed id that no feed can have."""

import hashlib
from dataclasses import replace
from datetime import datetime

from ingest.errors import UsageError
from ingest.feeds.diff import entry_id_of, pack
from ingest.text import clean_line, safe_link
from ingest.types import ParsedEntry
from storage.model import EntryState, Outcome, Reason

# Ids of configured feeds begin with a letter or a digit.
FEED_ID = "_pages"


def link_of(url: str) -> str:
    """Return an address as a person gave it in the form that a link has in a feed.

    Raises:
        UsageError: it is not an http or https address.
    """
    link = safe_link(url)
    if link is None:
        raise UsageError(clean_line(f'"{url}" is not an http or https URL'))
    return link


def entry_for(link: str, known: EntryState | None, *, now: datetime) -> EntryState:
    """Return the pending entry for a page; one that is ``known`` is to be checked again."""
    payload = pack(ParsedEntry(guid=link, link=link))
    # Asked for again, it is to be looked at again: each asking has a hash of its own.
    asked = hashlib.sha256(f"{link} {now.isoformat()}".encode()).hexdigest()
    if known is not None:
        return replace(
            known,
            entry_hash=asked,
            outcome=Outcome.PENDING,
            reason=Reason.WAITING,
            recheck=True,
            attempts=0,
            due_at=now,
            payload=payload,
        )
    return EntryState(
        entry_id=entry_id_of(FEED_ID, link),
        feed_id=FEED_ID,
        guid=link,
        url=link,
        title=None,
        entry_hash=asked,
        first_seen_at=now,
        last_seen_at=now,
        outcome=Outcome.PENDING,
        reason=Reason.WAITING,
        recheck=True,
        due_at=now,
        payload=payload,
    )
