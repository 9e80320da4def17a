"""Which story an article belongs to, among those that are stored."""

from collections.abc import Sequence
from datetime import datetime

from ingest.dedup.decision import Copy, Incoming, Original, Update, decide
from ingest.dedup.sample import likeness
from ingest.settle.case import Circumstances
from storage.ledger.base import LedgerWriter
from storage.model import Match, Reason, StoredArticle
from storage.regroup import Verdict, Word

# Candidates that are verified for one article, by the bands of its text and by those of its lead.
CANDIDATES = 8

# Of the containment it takes, what a candidate must seem to have to be looked at more closely.
FLOOR = 0.5


def choose(
    ledger: LedgerWriter, stored: StoredArticle, *, since: datetime, run: Circumstances
) -> Original | Copy | Update:
    """Return what an article is among those fetched at ``since`` or later.

    A person's word comes before the numbers.
    """
    said = ledger.stories.verdicts([stored.article_id])
    apart = _apart(stored, said)
    together = [it for it in said if it.word is Word.TOGETHER]
    if together and (joined := _joined(ledger, stored, together, apart)):
        return joined
    if not run.fold or stored.feed_id in run.unfolded:
        return Original()
    print_, unfolded = stored.fingerprint, run.unfolded
    exact = [
        it
        for it in ledger.articles_by_hash(print_.content_hash, since=since)
        if it.feed_id not in unfolded and _open(ledger, it, apart)
    ]
    near: Sequence[StoredArticle] = ()
    if all(it.article_id == stored.article_id for it in exact):
        floor = run.rules.least_containment * FLOOR
        near = ledger.articles_near(
            print_, since=since, limit=CANDIDATES, floor=floor, but=unfolded
        )
    return decide(
        incoming(stored),
        exact=exact,
        near=[it for it in near if _open(ledger, it, apart)],
        rules=run.rules,
    )


def may_join(ledger: LedgerWriter, stored: StoredArticle, first: StoredArticle) -> bool:
    """Whether a person's word allows a stored article in the story of another."""
    said = ledger.stories.verdicts([stored.article_id])
    apart = _apart(stored, said)
    return first.article_id not in apart and _open(ledger, first, apart)


def incoming(stored: StoredArticle) -> Incoming:
    """Return an article as it is decided on."""
    return Incoming(
        article_id=stored.article_id,
        site=stored.site,
        published_at=stored.published_at,
        first_seen_at=stored.first_seen_at,
        fingerprint=stored.fingerprint,
        language=stored.language,
    )


def _joined(
    ledger: LedgerWriter, stored: StoredArticle, said: Sequence[Verdict], apart: set[str]
) -> Copy | None:
    """Return the copy that a person made of it, by the latest word that can be followed."""
    for verdict in said:
        other = ledger.article(verdict.other_than(stored.article_id))
        if other is not None and _open(ledger, other, apart):
            own, its = stored.fingerprint, other.fingerprint
            found = likeness(own.sample, its.sample, (own.shingles, its.shingles))
            return Copy(
                of=other,
                match=Match.JOINED,
                reason=Reason.JOINED,
                similarity=found.jaccard,
                containment=found.containment,
                evidence={"rule": "a person's word", "said_at": verdict.said_at.isoformat()},
            )
    return None


def _apart(stored: StoredArticle, said: Sequence[Verdict]) -> set[str]:
    return {it.other_than(stored.article_id) for it in said if it.word is Word.APART}


def _open(ledger: LedgerWriter, other: StoredArticle, apart: set[str]) -> bool:
    """Whether an article's story may be joined: none of it was set apart, nor is to leave it."""
    if other.misplaced:
        return False
    return not apart or all(
        member.article_id not in apart for member in ledger.stories.members(other.story_id)
    )
