"""Where the two sides of a comparison come from: the store, the web, or a file. Stores nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from ingest.articles.language import count_words
from ingest.dedup.decision import FoldRules
from ingest.dedup.signature import SCHEME, fingerprint
from ingest.errors import NewsfoldError, UsageError
from ingest.inspection.comparison import Origin, Side
from ingest.inspection.explain import find_article
from ingest.reading.single import entry_for
from ingest.settle.finding import Found
from ingest.settle.rows import stored_article
from ingest.settle.signing import without_residue
from ingest.text import safe_link
from ingest.types import Extracted, Fault, Fetched, Page
from storage.ledger.base import Ledger
from storage.model import Article, Duplicate, StoredArticle
from storage.store import Store

LARGEST: Final = 32 << 20
"""Bytes of the largest file that is read."""

_BEGINNING: Final = 1024
_HTML: Final = (b"<!doctype html", b"<html", b"<?xml", b"<head", b"<body", b"<article")

Fetch = Callable[[str], tuple[Fetched, Extracted] | Fault]
Extract = Callable[[Page], Extracted | Fault]


class Sides:
    """Finds what a name means: a file, else what the store knows by it, else a page on the web.

    Args:
        store: The store and its ledger, if there is one.
        rules: The rules, by which residue is told.
        window: How far back what the store holds is looked at.
        now: The present time, at which what is not stored is taken to be seen.
        fetch: Fetches an address and extracts the article there.
        extract: Extracts the article of a page that is at hand.
    """

    def __init__(
        self,
        *,
        store: tuple[Store, Ledger] | None,
        rules: FoldRules,
        window: timedelta,
        now: datetime,
        fetch: Fetch,
        extract: Extract,
    ) -> None:
        self._store = store
        self._rules = rules
        self._window = window
        self._now = now
        self._fetch = fetch
        self._extract = extract

    @property
    def ledger(self) -> Ledger | None:
        """The store's ledger, if there is one."""
        return self._store[1] if self._store else None

    def find(self, asked: str) -> Side:
        """Return the side that is asked for.

        Raises:
            UsageError: it is neither a file, nor known, nor an address.
            NewsfoldError: it cannot be read or fetched, or has no text.
        """
        path = Path(asked)
        if path.is_file():
            return self._from_file(asked, path)
        if (known := self._known(asked)) is not None:
            return known
        link = safe_link(asked)
        if link is None:
            raise UsageError(
                f"{asked}: is no file, no http or https URL, and no id of a stored article"
            )
        answer = self._fetch(link)
        if isinstance(answer, Fault):
            raise NewsfoldError(f"{link}: {answer.reason}: {answer.detail}")
        fetched, extracted = answer
        return self._side(asked, Origin.WEB, extracted, fetched.url)

    def _known(self, asked: str) -> Side | None:
        if self._store is None:
            return None
        store, ledger = self._store
        article = find_article(asked, ledger=ledger, store=store)
        if article is None:
            return None
        if ledger.fold_scheme() not in (None, SCHEME):
            raise NewsfoldError(
                f"{asked}: is signed under {ledger.fold_scheme()}, which cannot be compared with "
                f"{SCHEME}"
            )
        text = _kept_text(store, article)
        return Side(asked=asked, origin=Origin.STORE, article=article, text=text)

    def _from_file(self, asked: str, path: Path) -> Side:
        if path.stat().st_size > LARGEST:
            raise NewsfoldError(f"{path}: is larger than {LARGEST >> 20} MB")
        body, url = path.read_bytes(), path.absolute().as_uri()
        if not _is_html(path, body):
            return self._side(asked, Origin.FILE, _plain(body, url), url)
        extracted = self._extract(Page(url=url, body=body, content_type="text/html"))
        if isinstance(extracted, Fault):
            raise NewsfoldError(f"{path}: {extracted.reason}: {extracted.detail}")
        return self._side(asked, Origin.FILE, extracted, url)

    def _side(self, asked: str, origin: Origin, extracted: Extracted, url: str) -> Side:
        if not extracted.text.strip():
            raise NewsfoldError(f"{asked}: no article text was found in it")
        now = self._now
        found = Found(extracted=extracted, url=url, urls=(url,), fetched_at=now)
        if self._store is not None and origin is Origin.WEB:
            with self._store[1].writing() as writer:
                found = without_residue(
                    writer, found, since=now - self._window, headlines=self._rules.headlines
                )
        return Side(
            asked=asked,
            origin=origin,
            article=stored_article(entry_for(url, None, now=now), found),
            text=extracted.text,
            residue=found.residue,
        )


def _kept_text(store: Store, article: StoredArticle) -> str | None:
    """Return an article's text, if its newest one is kept."""
    key = article.article_id
    rows: list[Article | Duplicate] = [*store.get(key), *store.copies(key)]
    own = (r for r in rows if (r.article_id, r.revision) == (key, article.revision))
    return next((row.text for row in own if row.text), None)


def _is_html(path: Path, body: bytes) -> bool:
    begins = body[:_BEGINNING].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return path.suffix.lower() in {".html", ".htm", ".xhtml"} or begins.startswith(_HTML)


def _plain(body: bytes, url: str) -> Extracted:
    text = body.decode("utf-8", "replace")
    return Extracted(
        canonical_url=url,
        text=text,
        fingerprint=fingerprint(text),
        word_count=count_words(text),
    )
