"""What a site prints under many headlines is left out before its text is signed."""

from dataclasses import replace
from datetime import datetime

from ingest.articles.urls import site_of
from ingest.dedup.passages import residue, shared
from ingest.dedup.signature import fingerprint
from ingest.finding import Found
from storage.ledger.base import LedgerWriter


def without_residue(
    ledger: LedgerWriter, found: Found, *, since: datetime, headlines: int
) -> Found:
    """Sign a text anew if some of it is what its site prints under many headlines.

    Args:
        ledger: Where the site's passages are known from.
        found: The text, signed whole.
        since: When an article must have been fetched to count.
        headlines: Under how many others a passage is residue.
    """
    extracted = found.extracted
    own = extracted.fingerprint
    if not own.passages:
        return found
    seen = ledger.passages_seen(own.passages, headline=own.headline, since=since)
    left_out = residue(seen, headlines)
    if not left_out:
        return found
    site = site_of(extracted.canonical_url)
    print_ = fingerprint(extracted.text, site=site, title=extracted.title, residue=left_out)
    others = frozenset(own.passages) - left_out
    return replace(
        found,
        extracted=replace(extracted, fingerprint=print_),
        residue=shared(extracted.text, site, others).others,
    )
