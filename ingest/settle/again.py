"""A text of an article that is stored: the same, none of its own, or its next revision."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ingest.articles.urls import canonical_url
from ingest.dedup.decision import Copy, Update
from ingest.dedup.passages import residue, telling, version
from ingest.settle.case import Case, aliases_of
from ingest.settle.decided import decided
from ingest.settle.evidence import compared, left_out
from ingest.settle.finding import Found
from ingest.settle.place import place
from ingest.settle.rows import article_row, stored_article
from storage.model import EntryCommit, Outcome, Reason, StoredArticle, TextSource

# A text that was stored so many times is stored no more: its page flips between a few texts.
MOST_RETURNS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Why a text is taken for one of a stored article. ``detail`` begins the sentence on it."""

    reason: Reason
    detail: str = ""
    evidence: Mapping[str, object] = field(default_factory=dict)


SAME_URL: Final = Ground(reason=Reason.TEXT_CHANGED)
SAME_GUID: Final = Ground(
    reason=Reason.TEXT_CHANGED,
    detail="its entry leads elsewhere now, and ",
    evidence={"rule": "same guid, text near"},
)


def newer_text(copy: Copy) -> Ground:
    """Return the ground of a text that is near an older one of its own site."""
    detail = f"a newer text of {copy.of.canonical_url} on its own site: "
    evidence = {**copy.evidence, "rule": "newer text of the same site"}
    return Ground(reason=Reason.NEWER_TEXT, detail=detail, evidence=evidence)


def told_again(case: Case, found: Found, previous: StoredArticle) -> EntryCommit:
    """Return what becomes of a text read at an address whose article is stored."""
    settled = keeps_page(found, previous) or _is_same(found, previous)
    if not settled and _only_claims(found, previous):
        kept = previous.canonical_url
        detail = f"{found.url} names {kept} as its address, whose text is kept"
        return _unchanged(case, Reason.KNOWN_URL, detail, previous)
    return next_text(case, found, previous, SAME_URL)


def next_text(case: Case, found: Found, previous: StoredArticle, ground: Ground) -> EntryCommit:
    """Return what becomes of a text of a stored article, whatever address it was read at."""
    aliases = aliases_of((found.extracted.canonical_url, *found.urls))
    return replace(_settled(case, found, previous, ground), aliases=aliases)


def keeps_page(found: Found, previous: StoredArticle) -> bool:
    """Whether the text is a feed's where a page's is stored: no later version of what that says."""
    fed = found.extracted.text_source is TextSource.FEED
    return fed and previous.text_source is TextSource.PAGE


def _is_same(found: Found, previous: StoredArticle) -> bool:
    return previous.fingerprint.content_hash == found.extracted.fingerprint.content_hash


def _set_apart(case: Case, found: Found, previous: StoredArticle) -> EntryCommit:
    """Place a text anew that was not kept when its article was to leave its story, or lead it."""
    if previous.duplicate_of is None:
        return _leading(case, found, previous)
    commit = _placed(case, found, stored_article(case.state, found, previous=previous), Outcome.NEW)
    if commit.change.outcome is not Outcome.NEW:
        return commit
    detail = f"no copy any more, by a person's word or today's rules: {previous.canonical_url}"
    return replace(commit, change=replace(commit.change, reason=Reason.SET_APART, detail=detail))


def _leading(case: Case, found: Found, previous: StoredArticle) -> EntryCommit:
    """Store the text of an article that leads its story since the first was taken down."""
    stored = stored_article(case.state, found, previous=previous)
    detail = f"leads its story, whose first was taken down: {previous.canonical_url}"
    change = case.change(Outcome.NEW, Reason.SET_APART, detail, article=stored.article_id)
    return EntryCommit(change=change, stored=stored, rows=(article_row(case.state, found, stored),))


def _placed(case: Case, found: Found, stored: StoredArticle, outcome: Outcome) -> EntryCommit:
    decision = decided(case, stored)
    if isinstance(decision, Update):
        decision = decision.copy
    return place(case, found, stored, decision, outcome)


def _only_claims(found: Found, previous: StoredArticle) -> bool:
    """Whether a page merely names the address of an article that was read at that address."""
    return canonical_url(
        previous.url
    ) == previous.canonical_url and previous.canonical_url not in aliases_of(found.urls)


def _settled(case: Case, found: Found, previous: StoredArticle, ground: Ground) -> EntryCommit:
    known = f"revision {previous.revision} of {previous.canonical_url}"
    if keeps_page(found, previous):
        detail = f"the text of the page is kept: {previous.canonical_url}"
        return _unchanged(case, Reason.KNOWN_URL, detail, previous)
    if previous.misplaced:
        return _set_apart(case, found, previous)
    if _is_same(found, previous):
        return _unchanged(case, Reason.SAME_TEXT, f"the text is that of {known}", previous)
    evidence = {**ground.evidence, **compared(found, previous), **left_out(found)}
    if _tells_the_same(case, found, previous):
        detail = f"what differs from {known} is no news: short lines, or what its site prints often"
        return _unchanged(case, Reason.SAME_PASSAGES, detail, previous, evidence)
    times = case.ledger.times_stored(previous.article_id, version(found.extracted.fingerprint))
    if times >= MOST_RETURNS:
        detail = f"a text that was stored {times} times came back; {known} stays the last"
        return _unchanged(case, Reason.SEEN_BEFORE, detail, previous, evidence | {"stored": times})
    return _revised(case, found, previous, replace(ground, evidence=evidence))


def _unchanged(
    case: Case,
    reason: Reason,
    detail: str,
    previous: StoredArticle,
    evidence: Mapping[str, object] | None = None,
) -> EntryCommit:
    article = previous.article_id
    change = case.change(Outcome.UNCHANGED, reason, detail, article=article, evidence=evidence)
    return EntryCommit(change=change)


def _tells_the_same(case: Case, found: Found, previous: StoredArticle) -> bool:
    """Whether the two texts differ in nothing that tells something and is the article's own."""
    own, old = found.extracted.fingerprint, previous.fingerprint
    if version(own) == version(old):
        return True
    told = telling(own.passages)
    changed = told ^ telling(old.passages)
    if not changed or changed >= told:
        return False
    lesson = found.extracted.lesson
    changed -= frozenset(lesson.passages if lesson else ())
    if not changed or not case.run.fold:
        return not changed
    seen = case.ledger.passages_seen(list(changed), headline=own.headline, since=case.since)
    return changed <= residue(seen, case.run.rules.headlines)


def _revised(case: Case, found: Found, previous: StoredArticle, ground: Ground) -> EntryCommit:
    stored = stored_article(case.state, found, previous=previous)
    if previous.duplicate_of is not None:
        return _placed(case, found, stored, Outcome.REVISED)
    change = case.change(
        Outcome.REVISED,
        ground.reason,
        f"{ground.detail}the text differs from that of revision {previous.revision}",
        article=stored.article_id,
        evidence={"revision": stored.revision, **ground.evidence},
    )
    links = [link.article_id for link in case.ledger.related(stored.article_id)]
    row = article_row(case.state, found, stored, related=links)
    return EntryCommit(
        change=change, stored=stored, rows=(row,), version=version(stored.fingerprint)
    )
