"""Fetched pages kept as they were, where that is configured, before anything is made of them."""

import asyncio
from datetime import datetime

import msgspec

from ingest.types import Fetched, ParsedEntry
from storage.archive.records import Capture
from storage.archive.writer import Archive
from storage.model import EntryState


async def archive_page(
    archive: Archive, fetched: Fetched, state: EntryState, entry: ParsedEntry, *, at: datetime
) -> None:
    """Keep a page with what led to it; returns once it outlasts this process.

    Args:
        archive: Where.
        fetched: The answer.
        state: The entry in the ledger.
        entry: The feed's own words, as extraction is given them.
        at: When it was fetched.

    Raises:
        OSError: the disk is full or refuses.
    """
    await asyncio.to_thread(archive.put, _capture(fetched, state, entry, at))


def _capture(fetched: Fetched, state: EntryState, entry: ParsedEntry, at: datetime) -> Capture:
    return Capture(
        url=fetched.url,
        at=at,
        status=fetched.status,
        body=fetched.body,
        headers=tuple(fetched.headers.items()),
        sent=fetched.sent,
        about={
            "feed_id": state.feed_id,
            "entry_id": state.entry_id,
            "guid": state.guid,
            "requested_url": fetched.requested_url,
            "redirects": [list(hop) for hop in fetched.redirects],
            "entry": msgspec.to_builtins(entry),
        },
    )
