"""What a decision is told with: numbers, and short quotations of what only one text has.

A text that is not kept is at hand only now; so what the incoming one has alone is quoted here, and
what the other has alone is looked up when it is shown.
"""

from collections.abc import Mapping

from ingest.dedup.passages import quotes, shared
from ingest.dedup.signature import common_lead
from ingest.settle.finding import Found
from storage.model import StoredArticle


def compared(found: Found, other: StoredArticle) -> dict[str, object]:
    """Return what a text shares with another: its lead, and its passages."""
    passages = shared(found.extracted.text, other.site, frozenset(other.fingerprint.passages))
    here, there = passages.count + len(passages.others), len(other.fingerprint.passages)
    return {
        "lead": _lead(found, other),
        "passages": [here, there],
        "passages_shared": passages.count,
        "only_here": quotes(passages.others),
    }


def seen_from(other: StoredArticle, found: Found) -> dict[str, object]:
    """Return what ``compared`` does from the other's side; its own words are not at hand."""
    passages = shared(found.extracted.text, other.site, frozenset(other.fingerprint.passages))
    here, there = len(other.fingerprint.passages), passages.count + len(passages.others)
    return {
        "lead": _lead(found, other),
        "passages": [here, there],
        "passages_shared": passages.count,
    }


def _lead(found: Found, other: StoredArticle) -> float:
    return round(common_lead(found.extracted.fingerprint, other.fingerprint), 3)


def left_out(found: Found) -> Mapping[str, object]:
    """Return what of a text its site prints under other headlines, and was not signed."""
    if not found.residue:
        return {}
    return {"left_out": len(found.residue), "left_out_quotes": quotes(found.residue)}
