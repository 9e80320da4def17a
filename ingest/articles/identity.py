"""The identity of an article."""

from hashlib import sha256

from ingest.articles import urls
from storage.model import EntryState, StoredArticle, TextSource

_DIGITS = 20


def article_id(canonical_url: str) -> str:
    """Return the id of the article at a canonical URL: 20 hex digits of its SHA-256.

    80 bits: among a thousand million articles a collision has odds of about one in a million.
    """
    return sha256(canonical_url.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def is_read(stored: StoredArticle, state: EntryState, key: str) -> bool:
    """Whether ``stored`` is the article that the entry links to, as its page gives it.

    It is not if only a feed gave its text; if another page merely claimed the address as its
    canonical one; or if another entry of the same feed brought it, for then the feed has two
    things to say at one address, or one address at which the page changes.
    """
    claimed = key == stored.canonical_url and key != urls.canonical_url(stored.url)
    sibling = stored.feed_id == state.feed_id and stored.guid != state.guid
    return stored.text_source is TextSource.PAGE and not claimed and not sibling
