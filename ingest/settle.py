"""From what was found to what is committed: each entry's outcome, with its article and fold.

Runs inside one ledger transaction, so that two processes never miss each other's copies: what
is read here cannot change before what is decided from it is written.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from ingest.articles.identity import article_id
from ingest.articles.urls import canonical_url, site_of
from ingest.config import RetrySettings
from ingest.dedup.decision import Copy, FoldRules, Incoming, Original, decide, precedes
from ingest.dedup.passages import residue
from ingest.dedup.signature import fingerprint
from ingest.feeds.diff import entry_id_of
from ingest.finding import Finding, Found, Known, Postponed, Refused
from ingest.rows import article_row, demoted_row, duplicate_row, stored_article
from storage.ledger.base import LedgerWriter
from storage.model import (
    EntryCommit,
    EntryState,
    Outcome,
    OutcomeChange,
    Reason,
    Retry,
    StoredArticle,
    TextSource,
)

# Candidates that are verified for one article, by the bands of its text and by those of its lead.
CANDIDATES = 8

# Of the containment it takes, what a candidate must seem to have to be looked at more closely.
FLOOR = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What holds for every entry of a run."""

    run_id: str
    rules: FoldRules
    window: timedelta
    fold: bool
    keep_duplicate_text: bool
    retry: RetrySettings


def settle(
    ledger: LedgerWriter, state: EntryState, finding: Finding, at: datetime, run: Circumstances
) -> tuple[OutcomeChange, ...]:
    """Decide and commit one entry; return its change of outcome, and those of ones it demoted.

    Nothing is returned if another process has settled the entry already.
    """
    if not ledger.is_pending(state.entry_id):
        return ()
    commit = _Case(ledger=ledger, state=state, at=at, run=run).conclude(finding)
    return ledger.commit(commit)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One entry before the ledger."""

    ledger: LedgerWriter
    state: EntryState
    at: datetime
    run: Circumstances

    def conclude(self, finding: Finding) -> EntryCommit:
        match finding:
            case Found():
                return self._found(finding)
            case Known(article_id=known, url=url, urls=urls):
                detail = f"links to an article that is stored already: {url}"
                change = self._change(Outcome.UNCHANGED, Reason.KNOWN_URL, detail, article=known)
                return EntryCommit(change=change, aliases=_aliases(urls))
            case Refused(outcome=outcome, reason=reason, detail=detail):
                if self.state.article_id is not None:
                    outcome, detail = Outcome.UNCHANGED, f"kept as it was stored; now: {detail}"
                return EntryCommit(change=self._change(outcome, reason, detail))
            case Postponed(reason=reason, detail=detail):
                retry = Retry(attempts=self.state.attempts + 1, due_at=self.at + finding.wait)
                return EntryCommit(
                    change=self._change(Outcome.PENDING, reason, detail), retry=retry
                )
            case _:
                assert_never(finding)

    def _found(self, found: Found) -> EntryCommit:
        found = self._without_residue(found)
        canonical = found.extracted.canonical_url
        aliases = _aliases((canonical, *found.urls))
        previous = self.ledger.article(article_id(canonical)) or self.ledger.article_by_url(
            (canonical,)
        )
        if previous is None:
            stored = stored_article(self.state, found)
            return replace(self._fold(found, stored, Outcome.NEW), aliases=aliases)
        fed = found.extracted.text_source is TextSource.FEED
        if fed and previous.text_source is TextSource.PAGE:
            # What a feed gives is no later version of what its page says.
            detail = f"the text of the page is kept: {previous.canonical_url}"
            change = self._change(
                Outcome.UNCHANGED, Reason.KNOWN_URL, detail, article=previous.article_id
            )
            return EntryCommit(change=change, aliases=aliases)
        if previous.fingerprint.content_hash == found.extracted.fingerprint.content_hash:
            detail = f"the text is that of revision {previous.revision} of {previous.canonical_url}"
            change = self._change(
                Outcome.UNCHANGED, Reason.SAME_TEXT, detail, article=previous.article_id
            )
            return EntryCommit(change=change, aliases=aliases)
        if self._only_claims(found, previous):
            detail = (
                f"{found.url} names {previous.canonical_url} as its address, whose text is kept"
            )
            change = self._change(
                Outcome.UNCHANGED, Reason.KNOWN_URL, detail, article=previous.article_id
            )
            return EntryCommit(change=change)
        stored = stored_article(self.state, found, previous=previous)
        if previous.duplicate_of is not None:
            return replace(self._fold(found, stored, Outcome.REVISED), aliases=aliases)
        change = self._change(
            Outcome.REVISED,
            Reason.TEXT_CHANGED,
            f"the text differs from that of revision {previous.revision}",
            article=stored.article_id,
            evidence={"revision": stored.revision},
        )
        row = article_row(self.state, found, stored)
        return EntryCommit(change=change, stored=stored, rows=(row,), aliases=aliases)

    def _without_residue(self, found: Found) -> Found:
        """Sign a text anew if some of it is what its site prints under many headlines."""
        extracted = found.extracted
        own = extracted.fingerprint
        if not self.run.fold or not own.passages:
            return found
        since = self.at - self.run.window
        seen = self.ledger.passages_seen(own.passages, headline=own.headline, since=since)
        left_out = residue(seen, self.run.rules.headlines)
        if not left_out:
            return found
        site = site_of(extracted.canonical_url)
        print_ = fingerprint(extracted.text, site=site, title=extracted.title, residue=left_out)
        return replace(found, extracted=replace(extracted, fingerprint=print_))

    def _only_claims(self, found: Found, previous: StoredArticle) -> bool:
        """Whether a page merely names the address of an article that was read at that address."""
        return canonical_url(
            previous.url
        ) == previous.canonical_url and previous.canonical_url not in _aliases(found.urls)

    def _fold(self, found: Found, stored: StoredArticle, outcome: Outcome) -> EntryCommit:
        """Place a text among the stories: a copy, a story's better original, or a new story."""
        decision = self._decide(stored)
        match decision:
            case Original():
                reason, detail = (
                    (Reason.FIRST_SEEN, "no stored article has this text or one near it")
                    if outcome is Outcome.NEW
                    else (Reason.TEXT_CHANGED, "the text is no longer near that of its story")
                )
                change = self._change(
                    outcome,
                    reason,
                    found.note or detail,
                    article=stored.article_id,
                    evidence=_nearest(decision),
                )
                row = article_row(self.state, found, stored)
                return EntryCommit(change=change, stored=stored, rows=(row,))
            case Copy():
                first = self.ledger.first_of_story(decision.of.story_id) or decision.of
                if precedes(stored, first):
                    return self._better_original(found, stored, first, decision, outcome)
                return self._copy(found, stored, first, decision)
            case _:
                assert_never(decision)

    def _decide(self, stored: StoredArticle) -> Original | Copy:
        if not self.run.fold:
            return Original()
        since = self.at - self.run.window
        print_ = stored.fingerprint
        return decide(
            Incoming(
                article_id=stored.article_id,
                site=stored.site,
                published_at=stored.published_at,
                first_seen_at=stored.first_seen_at,
                fingerprint=print_,
            ),
            exact=self.ledger.articles_by_hash(print_.content_hash, since=since),
            near=self.ledger.articles_near(
                print_, since=since, limit=CANDIDATES, floor=self.run.rules.containment * FLOOR
            ),
            rules=self.run.rules,
        )

    def _copy(
        self, found: Found, stored: StoredArticle, first: StoredArticle, copy: Copy
    ) -> EntryCommit:
        stored = replace(stored, story_id=first.story_id, duplicate_of=first.article_id)
        change = self._change(
            Outcome.DUPLICATE,
            copy.reason,
            f"a copy of {first.canonical_url}",
            article=stored.article_id,
            evidence={"of": copy.of.article_id, **copy.evidence},
        )
        row = duplicate_row(self.state, found, stored, copy, keep_text=self.run.keep_duplicate_text)
        return EntryCommit(change=change, stored=stored, rows=(row,))

    def _better_original(
        self,
        found: Found,
        stored: StoredArticle,
        first: StoredArticle,
        copy: Copy,
        outcome: Outcome,
    ) -> EntryCommit:
        """Store the article as its story's first copy and fold the former first into it."""
        stored = replace(stored, story_id=first.story_id)
        change = self._change(
            outcome,
            Reason.FIRST_SEEN if outcome is Outcome.NEW else Reason.TEXT_CHANGED,
            f"comes before {first.canonical_url}, which told the same story so far",
            article=stored.article_id,
            evidence={"of": copy.of.article_id, **copy.evidence},
        )
        demoted = replace(first, duplicate_of=stored.article_id)
        row = demoted_row(
            demoted,
            copy,
            self.ledger.unflushed_article(first.article_id, first.revision),
            keep_text=self.run.keep_duplicate_text,
        )
        demotion = OutcomeChange(
            entry_id=entry_id_of(first.feed_id, first.guid or ""),
            feed_id=first.feed_id,
            guid=first.guid or "",
            url=first.url,
            title=first.title,
            article_id=first.article_id,
            changed_at=self.at,
            run_id=self.run.run_id,
            outcome=Outcome.DUPLICATE,
            reason=Reason.BETTER_ORIGINAL,
            detail=f"{stored.canonical_url} comes before it (by published time, then sighting, id)",
            evidence=json.dumps(copy.evidence),
        )
        return EntryCommit(
            change=change,
            stored=stored,
            rows=(article_row(self.state, found, stored),),
            demoted=(demoted, row, demotion),
        )

    def _change(
        self,
        outcome: Outcome,
        reason: Reason,
        detail: str,
        *,
        article: str | None = None,
        evidence: Mapping[str, object] | None = None,
    ) -> OutcomeChange:
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


def _nearest(original: Original) -> Mapping[str, object]:
    """Return what an original's nearest neighbour was and why it is not a copy of that."""
    nearest = original.nearest
    if nearest is None:
        return original.evidence
    return {**original.evidence, "nearest": nearest.article.canonical_url, **nearest.evidence}


def _aliases(urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(canonical_url(url) for url in urls))
