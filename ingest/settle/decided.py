"""What the ledger has near a text, and what is decided from that."""

from ingest.dedup.decision import Copy, Incoming, Original, Update, decide, is_same_article
from ingest.settle.case import Case
from storage.model import StoredArticle

# Candidates that are verified for one article, by the bands of its text and by those of its lead.
CANDIDATES = 8

# Of the containment it takes, what a candidate must seem to have to be looked at more closely.
FLOOR = 0.5


def decided(case: Case, stored: StoredArticle) -> Original | Copy | Update:
    """Decide whether a text is a copy of a stored one, or a newer text of one on its site."""
    if not case.run.fold:
        return Original()
    ledger, rules, print_ = case.ledger, case.run.rules, stored.fingerprint
    return decide(
        incoming(stored),
        exact=ledger.articles_by_hash(print_.content_hash, since=case.since),
        near=ledger.articles_near(
            print_, since=case.since, limit=CANDIDATES, floor=rules.containment * FLOOR
        ),
        rules=rules,
    )


def under_same_guid(case: Case, stored: StoredArticle) -> StoredArticle | None:
    """Return the article that the entry led to before, if this may be its next text.

    A feed that moves its articles keeps their GUIDs; one that gives a GUID to the next article
    brings an unrelated text under it.
    """
    known = case.state.article_id
    before = case.ledger.article(known) if known is not None else None
    if before is None or not is_same_article(incoming(stored), before, case.run.rules):
        return None
    return before


def incoming(stored: StoredArticle) -> Incoming:
    """Return an article as it is decided on."""
    return Incoming(
        article_id=stored.article_id,
        site=stored.site,
        published_at=stored.published_at,
        first_seen_at=stored.first_seen_at,
        fingerprint=stored.fingerprint,
    )
