"""From what was found to what is committed: each entry's outcome, with its article and fold.

Runs inside one ledger transaction, so that two processes never miss each other's copies: what
is read here cannot change before what is decided from it is written.
"""

from datetime import datetime

from ingest.finding import Finding
from ingest.settle.case import Case, Circumstances, circumstances, fold_rules
from ingest.settle.conclude import conclude
from storage.ledger.base import LedgerWriter
from storage.model import EntryState, OutcomeChange

__all__ = ["Circumstances", "circumstances", "fold_rules", "settle"]


def settle(
    ledger: LedgerWriter, state: EntryState, finding: Finding, at: datetime, run: Circumstances
) -> tuple[OutcomeChange, ...]:
    """Decide and commit one entry; return its change of outcome, and those of ones it demoted.

    Nothing is returned if another process has settled the entry already.
    """
    if not ledger.is_pending(state.entry_id):
        return ()
    return ledger.commit(conclude(Case(ledger=ledger, state=state, at=at, run=run), finding))
