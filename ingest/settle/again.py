"""A text of an article that is stored: the same, none of its own, or its next revision."""

from dataclasses import replace

from ingest.articles.urls import canonical_url
from ingest.finding import Found
from ingest.rows import article_row, stored_article
from ingest.settle.case import Case, aliases_of
from ingest.settle.place import place
from storage.model import EntryCommit, Outcome, Reason, StoredArticle, TextSource


def told_again(case: Case, found: Found, previous: StoredArticle) -> EntryCommit:
    """Return what becomes of a text whose article is stored."""
    aliases = aliases_of((found.extracted.canonical_url, *found.urls))
    if found.extracted.text_source is TextSource.FEED and previous.text_source is TextSource.PAGE:
        # What a feed gives is no later version of what its page says.
        detail = f"the text of the page is kept: {previous.canonical_url}"
        return replace(_unchanged(case, Reason.KNOWN_URL, detail, previous), aliases=aliases)
    if previous.fingerprint.content_hash == found.extracted.fingerprint.content_hash:
        detail = f"the text is that of revision {previous.revision} of {previous.canonical_url}"
        return replace(_unchanged(case, Reason.SAME_TEXT, detail, previous), aliases=aliases)
    if _only_claims(found, previous):
        detail = f"{found.url} names {previous.canonical_url} as its address, whose text is kept"
        return _unchanged(case, Reason.KNOWN_URL, detail, previous)
    return replace(_revised(case, found, previous), aliases=aliases)


def _unchanged(case: Case, reason: Reason, detail: str, previous: StoredArticle) -> EntryCommit:
    change = case.change(Outcome.UNCHANGED, reason, detail, article=previous.article_id)
    return EntryCommit(change=change)


def _only_claims(found: Found, previous: StoredArticle) -> bool:
    """Whether a page merely names the address of an article that was read at that address."""
    return canonical_url(
        previous.url
    ) == previous.canonical_url and previous.canonical_url not in aliases_of(found.urls)


def _revised(case: Case, found: Found, previous: StoredArticle) -> EntryCommit:
    stored = stored_article(case.state, found, previous=previous)
    if previous.duplicate_of is not None:
        return place(case, found, stored, Outcome.REVISED)
    change = case.change(
        Outcome.REVISED,
        Reason.TEXT_CHANGED,
        f"the text differs from that of revision {previous.revision}",
        article=stored.article_id,
        evidence={"revision": stored.revision},
    )
    row = article_row(case.state, found, stored)
    return EntryCommit(change=change, stored=stored, rows=(row,))
