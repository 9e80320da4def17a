"""The identity of an article."""

from hashlib import sha256

from ingest.articles import urls
from storage.model import EntryState, StoredArticle, TextSource

_DIGITS = 20
_SITEMAP = "sitemap:"


def article_id(canonical_url: str) -> str:
    """Return the id of the article at a canonical URL: 20 hex digits of its SHA-256.

    80 bits: among a thousand million articles a collision has odds of about one in a million.
    """
    return sha256(canonical_url.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def sitemap_guid(canonical_url: str) -> str:
    """Return the GUID of an entry that a feed missed and a sitemap has.

    Not the address alone, which may be what the feed itself calls another entry.
    """
    return _SITEMAP + canonical_url


def is_read(stored: StoredArticle, state: EntryState, key: str) -> bool:
    """Whether ``stored`` is the article that the entry links to, as its page gives it.

    It is not if only a feed gave its text; if another page merely claimed the address as its
    canonical one; or if another entry of the same feed brought it, for then the feed has two
    things to say at one address, or one address at which the page changes. An entry filled in
    from a sitemap is no such other one: the feed has it under a GUID that the sitemap does not say.
    """
    claimed = key == stored.canonical_url and key != urls.canonical_url(stored.url)
    filled = any((guid or "").startswith(_SITEMAP) for guid in (stored.guid, state.guid))
    sibling = stored.feed_id == state.feed_id and stored.guid != state.guid and not filled
    return stored.text_source is TextSource.PAGE and not claimed and not sibling
