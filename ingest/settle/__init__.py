"""From what was found to what is committed: each entry's outcome, with its article and fold.

Runs inside one ledger transaction, so that two processes never miss each other's copies: what
is read here cannot change before what is decided from it is written.
"""

from collections.abc import Sequence
from datetime import datetime

from ingest.settle.case import Case, Circumstances, circumstances, fold_rules
from ingest.settle.conclude import conclude
from ingest.settle.finding import Finding, Found
from storage.ledger.base import LedgerWriter
from storage.model import EntryState, OutcomeChange

__all__ = ["Circumstances", "circumstances", "fold_rules", "settle", "settle_all"]


def settle(
    ledger: LedgerWriter, state: EntryState, finding: Finding, at: datetime, run: Circumstances
) -> tuple[OutcomeChange, ...]:
    """Decide and commit one entry; return its change of outcome, and those of ones it demoted.

    Nothing is returned if another process has settled the entry already.
    """
    if not ledger.is_pending(state.entry_id):
        return ()
    return ledger.commit(conclude(Case(ledger=ledger, state=state, at=at, run=run), finding))


def settle_all(
    ledger: LedgerWriter,
    items: Sequence[tuple[EntryState, Finding, datetime]],
    run: Circumstances,
) -> list[tuple[OutcomeChange, ...]]:
    """Decide and commit several entries, one after the other, as ``settle`` does each."""
    if run.fold and len(items) > 1:
        found = (finding for _, finding, _ in items if isinstance(finding, Found))
        ledger.expect([one.extracted.fingerprint for one in found])
    return [settle(ledger, state, finding, at, run) for state, finding, at in items]
