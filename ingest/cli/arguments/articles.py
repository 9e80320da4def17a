"""How people name an article: by an address in any form, an id, or the beginning of one."""

from ingest.articles.urls import canonical_url
from ingest.errors import NewsfoldError
from storage.store import Store


def article_named(store: Store, key: str) -> str:
    """Return the id of the article that is known by ``key``.

    Raises:
        NewsfoldError: there is none.
        QueryError: several ids begin so.
    """
    found = store.resolve(key) or store.resolve(canonical_url(key))
    if found is None:
        raise NewsfoldError(
            f'no stored article has the id or URL "{key}"; '
            "`newsfold why` says what became of an address, `newsfold search` finds by words"
        )
    return found
