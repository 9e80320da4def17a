"""Which of the findings leads to what: nothing to store, a text of a known article, a new one."""

from dataclasses import replace
from typing import assert_never

from ingest.articles.identity import article_id
from ingest.dedup.decision import Update
from ingest.settle.again import SAME_GUID, keeps_page, newer_text, next_text, told_again
from ingest.settle.case import Case, aliases_of
from ingest.settle.decided import decided, under_same_guid
from ingest.settle.finding import Finding, Found, Known, Postponed, Refused, taken_down
from ingest.settle.place import place
from ingest.settle.rows import stored_article
from ingest.settle.sightings import sighted
from ingest.settle.signing import without_residue
from storage.model import EntryCommit, Outcome, Reason, Retry


def conclude(case: Case, finding: Finding) -> EntryCommit:
    """Return what is to be written for an entry of which this was found."""
    match finding:
        case Found():
            return _told(sighted(_found(case, _signed(case, finding)), finding), finding)
        case Known(article_id=known, url=url, urls=urls):
            detail = f"links to an article that is stored already: {url}"
            change = case.change(Outcome.UNCHANGED, Reason.KNOWN_URL, detail, article=known)
            return EntryCommit(change=change, aliases=aliases_of(urls))
        case Refused(outcome=outcome, reason=reason, detail=detail):
            if case.state.article_id is not None:
                outcome, detail = Outcome.UNCHANGED, f"kept as it was stored; now: {detail}"
            return sighted(EntryCommit(change=case.change(outcome, reason, detail)), finding)
        case Postponed(reason=reason, detail=detail):
            retry = Retry(attempts=case.state.attempts + 1, due_at=case.at + finding.wait)
            return EntryCommit(change=case.change(Outcome.PENDING, reason, detail), retry=retry)
        case _:
            assert_never(finding)


def _told(commit: EntryCommit, found: Found) -> EntryCommit:
    if found.origin is None:
        return commit
    detail = f"{found.origin}; {commit.change.detail}"
    return replace(commit, change=replace(commit.change, detail=detail))


def _signed(case: Case, found: Found) -> Found:
    if not case.run.fold:
        return found
    headlines = case.run.rules.headlines
    return without_residue(case.ledger, found, since=case.since, headlines=headlines)


def _found(case: Case, found: Found) -> EntryCommit:
    canonical = found.extracted.canonical_url
    takedown = case.ledger.takedowns.find(
        aliases_of((canonical, *found.urls)), feed_id=case.state.feed_id, guid=case.state.guid
    )
    if takedown is not None:
        return conclude(case, taken_down(takedown))
    previous = case.ledger.article(article_id(canonical)) or case.ledger.article_by_url(
        (canonical,)
    )
    if previous is not None:
        return told_again(case, found, previous)
    stored = stored_article(case.state, found)
    moved = under_same_guid(case, stored)
    if moved is not None:
        return next_text(case, found, moved, SAME_GUID)
    decision = decided(case, stored)
    if isinstance(decision, Update):
        before = decision.copy.of
        if keeps_page(found, before):
            decision = decision.copy
        else:
            return next_text(case, found, before, newer_text(decision.copy))
    commit = place(case, found, stored, decision, Outcome.NEW)
    return replace(commit, aliases=aliases_of((canonical, *found.urls)))
