"""The identity of an article."""

from hashlib import sha256

_DIGITS = 20


def article_id(canonical_url: str) -> str:
    """Return the id of the article at a canonical URL: 20 hex digits of its SHA-256.

    80 bits: among a thousand million articles a collision has odds of about one in a million.
    """
    return sha256(canonical_url.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
