"""Articles that lose their place as a story's first: to a better original, or to a shared copy.

A cut text and another cut of the same need not be near each other; the whole of it is a copy of
both. Had it come first both would have joined its story, so when it comes later those that are
alone in their stories join the one that it is in, and the order of arrival matters less.
"""

import json
from dataclasses import replace

from ingest.dedup.decision import Copy, is_contained, precedes
from ingest.dedup.sample import likeness
from ingest.feeds.diff import entry_id_of
from ingest.settle.case import Case
from ingest.settle.evidence import seen_from
from ingest.settle.finding import Found
from ingest.settle.rows import demoted_row
from storage.model import Duplicate, Match, Outcome, OutcomeChange, Reason, StoredArticle

Folded = tuple[StoredArticle, Duplicate, OutcomeChange]


def story_of(case: Case, decision: Copy) -> tuple[StoredArticle, tuple[Copy, ...]]:
    """Return the first of the story that a copy belongs to, and what else it is a copy of alone.

    The story is that of the article it shares most with. If that is alone in it, it is of those
    that are alone the one whose article precedes the others'.
    """
    story = case.ledger.story(decision.of.story_id)
    also = {copy.of.story_id: copy for copy in reversed(decision.also)}
    also.pop(decision.of.story_id, None)
    alone = [copy for copy in also.values() if len(case.ledger.story(copy.of.story_id)) == 1]
    if len(story) != 1:
        return (story[0] if story else decision.of), tuple(alone)
    first = decision
    for copy in alone:
        if precedes(copy.of, first.of):
            first = copy
    return first.of, tuple(copy for copy in (decision, *alone) if copy is not first)


def give_way(
    case: Case, found: Found, leader: StoredArticle, former: StoredArticle, copy: Copy
) -> Folded:
    """Fold a story's former first into the article that precedes it, of which this text is.

    What that is a ``copy`` of may be another of the story: then the numbers of these two are taken.
    """
    if copy.of.article_id != former.article_id:
        copy = _measured(case, leader, former)
    detail = f"{leader.canonical_url} comes before it (by published time, then sighting, id)"
    folded = replace(former, duplicate_of=leader.article_id)
    told = _told(found, leader, copy)
    return _folded(case, folded, copy, told, reason=Reason.BETTER_ORIGINAL, detail=detail)


def _measured(case: Case, leader: StoredArticle, former: StoredArticle) -> Copy:
    own, other = leader.fingerprint, former.fingerprint
    found = likeness(own.sample, other.sample, (own.shingles, other.shingles))
    same = own.content_hash == other.content_hash
    contained = is_contained(found, case.run.rules)
    match = Match.EXACT if same else Match.CONTAINED if contained else Match.NEAR
    return Copy(
        of=former,
        match=match,
        reason=Reason.BETTER_ORIGINAL,
        similarity=found.jaccard,
        containment=found.containment,
        evidence={
            "rule": "both are of one story",
            "containment": round(found.containment, 3),
            "similarity": round(found.jaccard, 3),
        },
    )


def gather(
    case: Case, found: Found, shared: StoredArticle, leader: StoredArticle, copy: Copy
) -> Folded:
    """Fold an article that was alone in its story into that of a text that is a copy of both."""
    folded = replace(copy.of, story_id=leader.story_id, duplicate_of=leader.article_id)
    detail = f"{shared.canonical_url} is a copy of it and of the story of {leader.canonical_url}"
    told = _told(found, shared, copy)
    return _folded(case, folded, copy, told, reason=Reason.SHARED_COPY, detail=detail)


def _told(found: Found, by: StoredArticle, copy: Copy) -> str:
    """Return what a former original is a copy by, from its side."""
    numbers = {} if copy.match is Match.EXACT else seen_from(copy.of, found)
    return json.dumps({"of": by.article_id, **copy.evidence, **numbers})


def _folded(
    case: Case, folded: StoredArticle, copy: Copy, evidence: str, *, reason: Reason, detail: str
) -> Folded:
    row = demoted_row(
        folded,
        copy,
        case.ledger.unflushed_article(folded.article_id, folded.revision),
        keep_text=case.run.keep_duplicate_text,
    )
    change = OutcomeChange(
        entry_id=entry_id_of(folded.feed_id, folded.guid or ""),
        feed_id=folded.feed_id,
        guid=folded.guid or "",
        url=folded.url,
        title=folded.title,
        article_id=folded.article_id,
        changed_at=case.at,
        run_id=case.run.run_id,
        outcome=Outcome.DUPLICATE,
        reason=reason,
        detail=detail,
        evidence=evidence,
    )
    return folded, row, change
