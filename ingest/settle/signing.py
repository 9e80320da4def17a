"""What a site prints under many headlines is left out before its text is signed."""

from dataclasses import replace

from ingest.articles.urls import site_of
from ingest.dedup.passages import residue, shared
from ingest.dedup.signature import fingerprint
from ingest.finding import Found
from ingest.settle.case import Case


def without_residue(case: Case, found: Found) -> Found:
    """Sign a text anew if some of it is what its site prints under many headlines."""
    extracted = found.extracted
    own = extracted.fingerprint
    if not case.run.fold or not own.passages:
        return found
    seen = case.ledger.passages_seen(own.passages, headline=own.headline, since=case.since)
    left_out = residue(seen, case.run.rules.headlines)
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
