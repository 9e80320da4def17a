"""Everything that is known of a URL, an id or a feed: what happened to it, when, and by which rule.

Reads what each stage wrote down as it decided; decides nothing anew.
"""

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from ingest.articles.urls import canonical_url, site_of
from ingest.config import Config
from ingest.dedup.passages import quotes, shared
from ingest.text import safe_link
from storage.ledger.base import Ledger
from storage.model import (
    Article,
    Duplicate,
    EntryState,
    FeedState,
    Outcome,
    OutcomeChange,
    Poll,
    Related,
    StoredArticle,
)
from storage.store import Store
from storage.subscription import Subscription
from storage.takedown import Takedown

POLLS = 10
"""Polls of a feed that are told of."""

_CLOSE = 5_000  # URLs of a site among which the nearest is looked for
_LEAST_PREFIX = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleAccount:
    """What became of an address, an entry or an article.

    ``asked`` are the addresses that were looked for: as given and in canonical form. ``entries``
    are those that led to it, with the state they are in now; ``history`` every change of theirs,
    in order of time. ``article`` is its place in the fold, if it got one; ``fold`` the numbers of
    that if it is a copy of ``original``. ``copies`` are the articles folded into it, ``related``
    those that are near it and no copies. ``only_there`` quotes what the text that it was last
    compared with has alone, where that is kept.
    """

    asked: tuple[str, ...]
    entries: tuple[EntryState, ...]
    history: tuple[OutcomeChange, ...]
    article: StoredArticle | None = None
    original: StoredArticle | None = None
    fold: Duplicate | None = None
    copies: tuple[StoredArticle, ...] = ()
    related: tuple[tuple[StoredArticle, Related], ...] = ()
    only_there: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAccount:
    """What a feed has been doing. ``polls`` are its last ones, newest first."""

    state: FeedState
    polls: tuple[Poll, ...]
    entries: dict[Outcome, int]
    subscriptions: tuple[Subscription, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It was never seen. ``hints`` say what is known of things near it."""

    asked: tuple[str, ...]
    hints: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenDown:
    """It led to an article that was taken down."""

    asked: tuple[str, ...]
    takedown: Takedown


Account = ArticleAccount | FeedAccount | TakenDown | Unknown


def explain(what: str, *, ledger: Ledger, store: Store, config: Config | None) -> Account:
    """Return all that is known of ``what``.

    Args:
        what: A URL, the id of a feed, an entry or an article, or the beginning of an article's.
        ledger: The ledger of the data folder.
        store: The store of the same folder.
        config: The configuration, if there is one, for hints.

    Raises:
        QueryError: several ids begin so.
    """
    asked = _addresses(what)
    entries = _entries(ledger, what, asked)
    article = _article(ledger, store, what, asked, entries)
    if article is not None:
        also = ledger.entries_matching(article_id=article.article_id)
        entries = {entry.entry_id: entry for entry in (*entries.values(), *also)}
    if article is not None or entries:
        return _account(ledger, store, asked, entries, article)
    state = _feed(ledger, what, asked)
    if state is not None:
        return FeedAccount(
            state=state,
            polls=_polls(store, state.feed_id),
            entries=ledger.count_outcomes(state.feed_id),
            subscriptions=tuple(ledger.subscriptions.of_feed(state.feed_id)),
        )
    takedown = ledger.takedowns.find(asked, article_id=what)
    if takedown is not None:
        return TakenDown(asked=asked or (what,), takedown=takedown)
    return Unknown(asked=asked or (what,), hints=tuple(_hints(store, ledger, what, asked, config)))


def find_article(what: str, *, ledger: Ledger, store: Store) -> StoredArticle | None:
    """Return the article that a URL, or the id of an article or an entry, leads to.

    Raises:
        QueryError: several ids begin so.
    """
    asked = _addresses(what)
    return _article(ledger, store, what, asked, _entries(ledger, what, asked))


def _addresses(what: str) -> tuple[str, ...]:
    link = safe_link(what)
    return () if link is None else tuple(dict.fromkeys((what, link, canonical_url(link))))


def _entries(ledger: Ledger, what: str, asked: Sequence[str]) -> dict[str, EntryState]:
    found = ledger.entries_matching(entry_id=what)
    for url in asked:
        found += ledger.entries_matching(url=url)
    return {entry.entry_id: entry for entry in found}


def _article(
    ledger: Ledger,
    store: Store,
    what: str,
    asked: Sequence[str],
    entries: dict[str, EntryState],
) -> StoredArticle | None:
    if asked and (found := ledger.article_by_url(asked)):
        return found
    ids = [what] if not asked else []
    ids += [entry.article_id for entry in entries.values() if entry.article_id]
    for article_id in ids:
        if found := ledger.article(article_id):
            return found
    if not asked and len(what) >= _LEAST_PREFIX and (key := store.resolve(what)):
        return ledger.article(key)
    return None


def _account(
    ledger: Ledger,
    store: Store,
    asked: tuple[str, ...],
    entries: dict[str, EntryState],
    article: StoredArticle | None,
) -> ArticleAccount:
    story = ledger.story(article.story_id) if article else []
    others = [other for other in story if article and other.article_id != article.article_id]
    folded = article is not None and article.duplicate_of is not None
    history = _history(store, list(entries), article)
    return ArticleAccount(
        asked=asked,
        entries=tuple(sorted(entries.values(), key=lambda entry: entry.first_seen_at)),
        history=history,
        article=article,
        original=ledger.article(article.duplicate_of) if article and article.duplicate_of else None,
        fold=_fold(store, article.article_id) if article and folded else None,
        copies=() if folded else tuple(others),
        related=tuple(linked(ledger, article.article_id)) if article else (),
        only_there=only_there(store, article, history) if article else (),
    )


def linked(ledger: Ledger, article_id: str) -> Iterator[tuple[StoredArticle, Related]]:
    """Yield the articles that are near one and no copies of it, each with its link."""
    for link in ledger.related(article_id):
        other = ledger.article(link.article_id)
        if other is not None:
            yield other, link


def compared_in(
    article_id: str, history: Sequence[OutcomeChange]
) -> tuple[OutcomeChange, str] | None:
    """Return the last decision on an article that compared it with another, and that one's id."""
    for change in reversed(history):
        evidence = json.loads(change.evidence)
        other = evidence.get("of") or evidence.get("nearest_id")
        if change.article_id == article_id and isinstance(other, str):
            return change, other
    return None


def only_there(
    store: Store, article: StoredArticle, history: Sequence[OutcomeChange]
) -> tuple[str, ...]:
    """Quote what only the text that an article was last compared with has, if it is kept."""
    found = compared_in(article.article_id, history)
    if found is None:
        return ()
    rows: list[Article | Duplicate] = [*store.get(found[1]), *store.copies(found[1])]
    text = next((row.text for row in reversed(rows) if row.article_id == found[1] and row.text), "")
    others = shared(text or "", article.site, frozenset(article.fingerprint.passages)).others
    return tuple(quotes(others))


def _history(
    store: Store, entry_ids: list[str], article: StoredArticle | None
) -> tuple[OutcomeChange, ...]:
    query = """
        SELECT * FROM outcomes
        WHERE entry_id IN (SELECT unnest($ids)) OR article_id = $article
        ORDER BY changed_at, outcome <> 'pending'"""
    given = {"ids": entry_ids, "article": article.article_id if article else ""}
    return tuple(msgspec.convert(store.sql(query, given).to_pylist(), list[OutcomeChange]))


def _fold(store: Store, article_id: str) -> Duplicate | None:
    rows = store.sql("FROM duplicates WHERE article_id = $1", [article_id]).to_pylist()
    found = msgspec.convert(rows, list[Duplicate])
    return found[0] if found else None


def _feed(ledger: Ledger, what: str, asked: Sequence[str]) -> FeedState | None:
    named = (state for state in ledger.feeds() if state.name == what or state.url in asked)
    return ledger.feed(what) or next(named, None)


def _polls(store: Store, feed_id: str) -> tuple[Poll, ...]:
    query = f"FROM polls WHERE feed_id = $1 ORDER BY polled_at DESC LIMIT {POLLS}"
    return tuple(msgspec.convert(store.sql(query, [feed_id]).to_pylist(), list[Poll]))


def _hints(
    store: Store, ledger: Ledger, what: str, asked: Sequence[str], config: Config | None
) -> list[str]:
    if asked:
        return _near_addresses(store, asked[-1], config)
    known = sorted({state.feed_id for state in ledger.feeds()})
    near = difflib.get_close_matches(what, known, n=1)
    hints = [f'a feed with the id "{near[0]}" is known'] if near else []
    return [*hints, "an address begins with http:// or https://"]


def _near_addresses(store: Store, url: str, config: Config | None) -> list[str]:
    site, host = site_of(url), urlsplit(url).netloc
    hints = []
    configured = [f for f in config.feeds if site_of(f.url) == site] if config else []
    for feed in configured[:3]:
        same = canonical_url(feed.url) == url
        of_site = "that is the address of the feed" if same else f"{site} has the feed"
        hints.append(f"{of_site} {feed.id} ({feed.url})" + (", never polled yet" if same else ""))
    rows = store.sql(
        "SELECT DISTINCT url FROM outcomes WHERE contains(url, $1) ORDER BY url LIMIT $2",
        [f"//{host}/", _CLOSE],
    )
    urls: list[str] = rows["url"].to_pylist()
    if not urls:
        return [*hints, f"nothing of {site} was ever seen"]
    hints.append(f"{len(urls)} other addresses of {host} were seen")
    near = difflib.get_close_matches(url, urls, n=1, cutoff=0.8)
    return [*hints, *(f"the nearest is {found}" for found in near)]
