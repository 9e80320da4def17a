"""What a site prints under many headlines is left out before its text is signed."""

from dataclasses import replace
from datetime import datetime

from ingest.articles.urls import site_of
from ingest.dedup.passages import residue, shared
from ingest.dedup.signature import fingerprint
from ingest.settle.finding import Found
from storage.ledger.base import LedgerWriter
from storage.model import Fingerprint


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
    left_out = residue_of(ledger, own, since=since, headlines=headlines)
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


def residue_of(
    ledger: LedgerWriter, print_: Fingerprint, *, since: datetime, headlines: int
) -> frozenset[int]:
    """Return the passages of a text that its site prints under so many other headlines."""
    if not print_.passages:
        return frozenset()
    seen = ledger.passages_seen(print_.passages, headline=print_.headline, since=since)
    return residue(seen, headlines)
