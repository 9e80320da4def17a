"""One entry before the ledger, and what holds for every entry of a run."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.articles.urls import canonical_url
from ingest.config import RetrySettings
from ingest.dedup.decision import FoldRules
from storage.ledger.base import LedgerWriter
from storage.model import EntryState, Outcome, OutcomeChange, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What holds for every entry of a run."""

    run_id: str
    rules: FoldRules
    window: timedelta
    fold: bool
    keep_duplicate_text: bool
    retry: RetrySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One entry before the ledger, in whose write transaction it is decided."""

    ledger: LedgerWriter
    state: EntryState
    at: datetime
    run: Circumstances

    @property
    def since(self) -> datetime:
        """When an article must have been fetched to be looked at as a copy."""
        return self.at - self.run.window

    def change(
        self,
        outcome: Outcome,
        reason: Reason,
        detail: str,
        *,
        article: str | None = None,
        evidence: Mapping[str, object] | None = None,
    ) -> OutcomeChange:
        """Return the entry's change of outcome."""
        return OutcomeChange(
            entry_id=self.state.entry_id,
            feed_id=self.state.feed_id,
            guid=self.state.guid,
            url=self.state.url,
            title=self.state.title,
            article_id=article,
            changed_at=self.at,
            run_id=self.run.run_id,
            outcome=outcome,
            reason=reason,
            detail=detail,
            evidence=json.dumps(evidence or {}),
        )


def aliases_of(urls: Iterable[str]) -> tuple[str, ...]:
    """Return the addresses by which an article is known, each once."""
    return tuple(dict.fromkeys(canonical_url(url) for url in urls))
