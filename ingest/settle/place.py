"""A text among the stories: a copy, a story's better original, or a new story."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from ingest.dedup.decision import Copy, Original, precedes
from ingest.dedup.passages import version
from ingest.settle.case import Case
from ingest.settle.choice import may_join
from ingest.settle.evidence import compared, left_out
from ingest.settle.finding import Found
from ingest.settle.gathering import gather, give_way, story_of
from ingest.settle.rows import article_row, duplicate_row
from storage.model import (
    EntryCommit,
    Match,
    Outcome,
    Reason,
    Related,
    StoredArticle,
)

# An article is linked with the nearest of so many other stories.
MOST_RELATED = 8


def place(
    case: Case, found: Found, stored: StoredArticle, decision: Original | Copy, outcome: Outcome
) -> EntryCommit:
    """Return what becomes of an article's text, ``outcome`` being what it is if it is no copy."""
    match decision:
        case Original():
            commit = _original(case, found, stored, decision, outcome)
        case Copy():
            commit = _among(case, found, stored, decision, outcome)
        case _:
            assert_never(decision)
    return replace(commit, version=version(stored.fingerprint))


def _among(
    case: Case, found: Found, stored: StoredArticle, decision: Copy, outcome: Outcome
) -> EntryCommit:
    """Fold a copy into its story, and into the same story whatever else it is a copy of alone."""
    first, alone = story_of(case, decision)
    leads = precedes(stored, first)
    if leads:
        commit = _better_original(case, found, stored, first, copy=decision, outcome=outcome)
    else:
        commit = _copy(case, found, stored, first, decision)
    leader = replace(stored, story_id=first.story_id) if leads else first
    joining = [
        copy
        for copy in alone
        if precedes(leader, copy.of) and may_join(case.ledger, copy.of, leader)
    ]
    gathered = tuple(gather(case, found, stored, leader, copy) for copy in joining)
    return replace(commit, gathered=gathered)


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
        evidence={**_nearest(found, decision), **left_out(found)},
    )
    links = _links(decision)
    row = article_row(case.state, found, stored, related=[link.article_id for link in links])
    return EntryCommit(change=change, stored=stored, rows=(row,), related=links)


def _copy(
    case: Case, found: Found, stored: StoredArticle, first: StoredArticle, copy: Copy
) -> EntryCommit:
    stored = replace(stored, story_id=first.story_id, duplicate_of=first.article_id)
    change = case.change(
        Outcome.DUPLICATE,
        copy.reason,
        f"a copy of {first.canonical_url}",
        article=stored.article_id,
        evidence=_of(found, copy),
    )
    row = duplicate_row(case.state, found, stored, copy, keep_text=case.run.keep_duplicate_text)
    return EntryCommit(change=change, stored=stored, rows=(row,), related=())


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
        evidence=_of(found, copy),
    )
    return EntryCommit(
        change=change,
        stored=stored,
        rows=(article_row(case.state, found, stored),),
        demoted=give_way(case, found, stored, first, copy),
        related=(),
    )


def _of(found: Found, copy: Copy) -> Mapping[str, object]:
    """Return the numbers that make a copy one."""
    evidence = {"of": copy.of.article_id, **copy.evidence}
    if copy.match is not Match.EXACT:
        evidence |= compared(found, copy.of)
    return {**evidence, **left_out(found)}


def _nearest(found: Found, original: Original) -> Mapping[str, object]:
    """Return what an original's nearest neighbour was and why it is not a copy of that."""
    nearest = original.nearest
    if nearest is None:
        return original.evidence
    return {
        **original.evidence,
        "nearest": nearest.article.canonical_url,
        "nearest_id": nearest.article.article_id,
        **nearest.evidence,
        **compared(found, nearest.article),
    }


def _links(original: Original) -> tuple[Related, ...]:
    """Return the links to what is near: the nearest article of each story."""
    stories: dict[str, Related] = {}
    for near in original.related:
        link = Related(
            article_id=near.article.article_id,
            rule=near.rejection.value,
            similarity=round(near.similarity, 3),
            containment=round(near.containment, 3),
        )
        stories.setdefault(near.article.story_id, link)
    return tuple(stories.values())[:MOST_RELATED]
