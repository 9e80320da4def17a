"""What the ledger has near a text, and what is decided from that."""

from ingest.dedup.decision import Copy, Original, Update, is_same_article
from ingest.settle.case import Case
from ingest.settle.choice import choose, incoming
from storage.model import StoredArticle


def decided(case: Case, stored: StoredArticle) -> Original | Copy | Update:
    """Decide whether a text is a copy of a stored one, or a newer text of one on its site."""
    return choose(case.ledger, stored, since=case.since, run=case.run)


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
