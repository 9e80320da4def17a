"""One entry before the ledger, and what holds for every entry of a run."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from ingest.articles.urls import canonical_url
from ingest.config import Config, DedupSettings, RetrySettings
from ingest.dedup.decision import FoldRules
from storage.ledger.base import LedgerWriter
from storage.model import EntryState, Outcome, OutcomeChange, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What holds for every entry of a run. Of the feeds ``unfolded`` nothing is folded."""

    run_id: str
    rules: FoldRules
    window: timedelta
    fold: bool
    keep_duplicate_text: bool
    retry: RetrySettings
    unfolded: frozenset[str] = frozenset()


def fold_rules(dedup: DedupSettings) -> FoldRules:
    """Return the fold's thresholds as they are configured."""
    rules = FoldRules(
        containment=dedup.containment,
        window=dedup.near_window,
        late_containment=dedup.late_containment,
        lead=dedup.lead,
        min_numbers=dedup.min_numbers,
        numbers=dedup.numbers,
        numbers_if_sure=dedup.numbers_if_sure,
        headlines=dedup.headlines,
    )
    languages = {
        language: replace(rules, **{key: it for key, it in asdict(own).items() if it is not None})
        for language, own in dedup.languages.items()
    }
    return replace(rules, languages=languages)


def circumstances(config: Config, *, run_id: str) -> Circumstances:
    """Return what holds for a run under this configuration."""
    return Circumstances(
        run_id=run_id,
        rules=fold_rules(config.dedup),
        window=config.dedup.window,
        fold=config.dedup.enabled,
        keep_duplicate_text=config.dedup.keep_text,
        retry=config.retry,
        unfolded=frozenset(feed.id for feed in config.feeds if not feed.fold),
    )


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
