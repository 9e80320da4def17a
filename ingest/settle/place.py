"""A text among the stories: a copy, a story's better original, or a new story."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from ingest.dedup.decision import Copy, Incoming, Original, decide, precedes
from ingest.feeds.diff import entry_id_of
from ingest.finding import Found
from ingest.rows import article_row, demoted_row, duplicate_row
from ingest.settle.case import Case
from storage.model import EntryCommit, Outcome, OutcomeChange, Reason, StoredArticle

# Candidates that are verified for one article, by the bands of its text and by those of its lead.
CANDIDATES = 8

# Of the containment it takes, what a candidate must seem to have to be looked at more closely.
FLOOR = 0.5


def place(case: Case, found: Found, stored: StoredArticle, outcome: Outcome) -> EntryCommit:
    """Return what becomes of an article's text, ``outcome`` being what it is if it is no copy."""
    decision = _decide(case, stored)
    match decision:
        case Original():
            return _original(case, found, stored, decision, outcome)
        case Copy():
            first = case.ledger.first_of_story(decision.of.story_id) or decision.of
            if precedes(stored, first):
                return _better_original(case, found, stored, first, copy=decision, outcome=outcome)
            return _copy(case, found, stored, first, decision)
        case _:
            assert_never(decision)


def _decide(case: Case, stored: StoredArticle) -> Original | Copy:
    if not case.run.fold:
        return Original()
    ledger, rules, print_ = case.ledger, case.run.rules, stored.fingerprint
    return decide(
        Incoming(
            article_id=stored.article_id,
            site=stored.site,
            published_at=stored.published_at,
            first_seen_at=stored.first_seen_at,
            fingerprint=print_,
        ),
        exact=ledger.articles_by_hash(print_.content_hash, since=case.since),
        near=ledger.articles_near(
            print_, since=case.since, limit=CANDIDATES, floor=rules.containment * FLOOR
        ),
        rules=rules,
    )


def _original(
    case: Case, found: Found, stored: StoredArticle, decision: Original, outcome: Outcome
) -> EntryCommit:
    reason, detail = (
        (Reason.FIRST_SEEN, "no stored article has this text or one near it")
        if outcome is Outcome.NEW
        else (Reason.TEXT_CHANGED, "the text is no longer near that of its story")
    )
    change = case.change(
        outcome,
        reason,
        found.note or detail,
        article=stored.article_id,
        evidence=_nearest(decision),
    )
    row = article_row(case.state, found, stored)
    return EntryCommit(change=change, stored=stored, rows=(row,))


def _copy(
    case: Case, found: Found, stored: StoredArticle, first: StoredArticle, copy: Copy
) -> EntryCommit:
    stored = replace(stored, story_id=first.story_id, duplicate_of=first.article_id)
    change = case.change(
        Outcome.DUPLICATE,
        copy.reason,
        f"a copy of {first.canonical_url}",
        article=stored.article_id,
        evidence={"of": copy.of.article_id, **copy.evidence},
    )
    row = duplicate_row(case.state, found, stored, copy, keep_text=case.run.keep_duplicate_text)
    return EntryCommit(change=change, stored=stored, rows=(row,))


def _better_original(
    case: Case,
    found: Found,
    stored: StoredArticle,
    first: StoredArticle,
    *,
    copy: Copy,
    outcome: Outcome,
) -> EntryCommit:
    """Store the article as its story's first copy and fold the former first into it."""
    stored = replace(stored, story_id=first.story_id)
    change = case.change(
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
        case.ledger.unflushed_article(first.article_id, first.revision),
        keep_text=case.run.keep_duplicate_text,
    )
    demotion = OutcomeChange(
        entry_id=entry_id_of(first.feed_id, first.guid or ""),
        feed_id=first.feed_id,
        guid=first.guid or "",
        url=first.url,
        title=first.title,
        article_id=first.article_id,
        changed_at=case.at,
        run_id=case.run.run_id,
        outcome=Outcome.DUPLICATE,
        reason=Reason.BETTER_ORIGINAL,
        detail=f"{stored.canonical_url} comes before it (by published time, then sighting, id)",
        evidence=json.dumps(copy.evidence),
    )
    return EntryCommit(
        change=change,
        stored=stored,
        rows=(article_row(case.state, found, stored),),
        demoted=(demoted, row, demotion),
    )


def _nearest(original: Original) -> Mapping[str, object]:
    """Return what an original's nearest neighbour was and why it is not a copy of that."""
    nearest = original.nearest
    if nearest is None:
        return original.evidence
    return {**original.evidence, "nearest": nearest.article.canonical_url, **nearest.evidence}
