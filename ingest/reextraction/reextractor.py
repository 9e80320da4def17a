"""Archived pages extracted anew by today's extraction, without asking the network.

Of each page the capture that was fetched last is looked at, with what the feed said of it then and
what is known of its site now. What becomes of its text is decided as a crawl decides it; what does
not change a text is told and not written.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from ingest.articles.extract import EXTRACTOR, extract_page
from ingest.articles.identity import article_id
from ingest.articles.urls import host_of
from ingest.clock import Clock
from ingest.config import Config
from ingest.feeds.diff import pack
from ingest.reading.memory import known_site
from ingest.reextraction.chosen import Chosen, page_key
from ingest.settle import Circumstances
from ingest.settle.case import Case
from ingest.settle.conclude import conclude
from ingest.settle.finding import Found
from ingest.types import Extracted, Fault, FullText, Page, ParsedEntry
from ingest.workers.pool import Workers
from storage.archive.reader import Damage, Kept, archive_files, captures
from storage.ledger.base import Ledger
from storage.model import EntryState, Outcome, Reason, StoredArticle
from storage.store import Store

FIELDS: Final = (
    *("title", "authors", "published_at", "modified_at", "language", "summary", "tags"),
    "image_url",
)
_AT_ONCE: Final = 16  # pages in memory
_STORED: Final = """
    WITH stored AS (SELECT {columns}, text FROM articles
                    UNION ALL SELECT {columns}, text FROM duplicates)
    FROM stored WHERE article_id IN (SELECT unnest($1))"""


class Kind(StrEnum):
    """What extracting a page anew comes to."""

    UNCHANGED = "unchanged"
    TEXT_CHANGED = "text_changed"
    FIELDS_CHANGED = "fields_changed"
    NO_ARTICLE = "no_article"
    NEW_ARTICLE = "new_article"
    PASSED_OVER = "passed_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of one page.

    ``before`` and ``after`` are title and text, as far as there are or were any; ``fields`` names
    those that differ. ``outcome`` is what the entry comes to where that is written.
    """

    url: str
    kind: Kind
    article_id: str | None = None
    detail: str = ""
    before: tuple[str | None, str] | None = None
    after: tuple[str | None, str] | None = None
    fields: tuple[str, ...] = ()
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reextractor:
    """Looks at archived pages; made by ``ingest.offline.open_reextractor``."""

    config: Config
    ledger: Ledger
    store: Store
    run: Circumstances
    workers: Workers
    clock: Clock
    dry_run: bool

    async def pages(self, chosen: Chosen) -> AsyncIterator[Seen | Damage]:
        """Yield what comes of each chosen page, committed where a text changed; and damages."""
        files = archive_files(self.config.data)
        newest, damages = await asyncio.to_thread(_newest, files)
        for damage in damages:
            yield damage
        pages = (kept for kept in _these(files, newest) if chosen.has(kept))
        while batch := await asyncio.to_thread(lambda: list(islice(pages, _AT_ONCE))):
            found = await asyncio.gather(*(self._extract(kept) for kept in batch))
            rows = self._rows([_article_of(each) for each in found if isinstance(each, Extracted)])
            for kept, extracted in zip(batch, found, strict=True):
                yield self._decide(kept, extracted, rows)

    async def _extract(self, kept: Kept) -> Extracted | Fault:
        feed_id = str(kept.about.get("feed_id", ""))
        full_text = next(
            (feed.full_text for feed in self.config.feeds if feed.id == feed_id), FullText.AUTO
        )
        host = host_of(kept.url)
        known = self.ledger.sites.recall(host, feed_id, at=self.clock())
        return await self.workers.run(
            extract_page,
            Page(url=kept.url, body=kept.body, content_type=kept.content_type),
            _entry(kept),
            site=known_site(host, known, self.config.sites, full_text),
            with_markdown=self.config.extract.markdown,
        )

    def _rows(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return the newest rows of these articles, as far as they are stored."""
        columns = ", ".join(("article_id", *FIELDS))
        found = self.store.sql(_STORED.format(columns=columns), [list(ids)])
        return {row["article_id"]: row for row in found.to_pylist()}

    def _decide(
        self, kept: Kept, extracted: Extracted | Fault, rows: Mapping[str, Mapping[str, Any]]
    ) -> Seen:
        state = self._state(kept)
        if state is None or state.outcome is Outcome.PENDING:
            why = "its entry is pending" if state else "its entry is not in the ledger"
            return Seen(url=kept.url, kind=Kind.PASSED_OVER, detail=why)
        if isinstance(extracted, Fault) or not extracted.text:
            why = extracted.detail if isinstance(extracted, Fault) else "no article text was found"
            was = state.article_id is not None
            kind = Kind.NO_ARTICLE if was else Kind.UNCHANGED
            return Seen(url=kept.url, kind=kind, article_id=state.article_id, detail=why)
        stored = self._stored(extracted)
        if stored is not None and (passed := _overtaken(kept, stored)):
            return Seen(
                url=kept.url, kind=Kind.PASSED_OVER, article_id=stored.article_id, detail=passed
            )
        row = rows.get(stored.article_id) if stored is not None else None
        seen = self._commit(kept, extracted, state, is_stored=stored is not None)
        if seen.kind is Kind.UNCHANGED:
            return _with_fields(seen, extracted, row)
        before = (row["title"], row["text"] or "") if row is not None else None
        return replace(seen, before=before, after=(extracted.title, extracted.text))

    def _commit(
        self, kept: Kept, extracted: Extracted, state: EntryState, *, is_stored: bool
    ) -> Seen:
        """Decide a text as a crawl would, and write what changes it unless this is a dry run."""
        found = Found(
            extracted=extracted,
            url=kept.url,
            urls=(str(kept.about.get("requested_url") or kept.url), kept.url),
            fetched_at=kept.at,
            origin=f"re-extracted by {EXTRACTOR}",
        )
        at = self.clock()
        with self.ledger.writing() as writer:
            commit = conclude(Case(ledger=writer, state=state, at=at, run=self.run), found)
            change = commit.change
            seen = Seen(
                url=kept.url,
                kind=Kind.UNCHANGED,
                article_id=change.article_id,
                detail=change.detail or "",
            )
            if commit.stored is None:
                return seen
            if not self.dry_run:
                entry = _entry(kept) or ParsedEntry(guid=state.guid, link=state.url)
                again = replace(
                    state, reason=Reason.WAITING, detail=found.origin, payload=pack(entry)
                )
                writer.stories.read_again(again, run_id=self.run.run_id, at=at)
                writer.commit(commit)
            kind = Kind.TEXT_CHANGED if is_stored else Kind.NEW_ARTICLE
            return replace(seen, kind=kind, outcome=change.outcome)

    def _state(self, kept: Kept) -> EntryState | None:
        entry_id = str(kept.about.get("entry_id", ""))
        known = self.ledger.entries_matching(entry_id=entry_id)
        return next((each for each in known if each.entry_id == entry_id), None)

    def _stored(self, extracted: Extracted) -> StoredArticle | None:
        known = self.ledger.article(_article_of(extracted))
        return known or self.ledger.article_by_url((extracted.canonical_url,))


def _overtaken(kept: Kept, stored: StoredArticle) -> str:
    """Why a page is not what a stored text was read from, if it is not."""
    if stored.fetched_at > kept.at:
        return "a newer text is stored"
    if stored.url != kept.url:
        return f"its article was read at {stored.url}"
    return ""


def _with_fields(seen: Seen, extracted: Extracted, row: Mapping[str, Any] | None) -> Seen:
    """Tell which fields differ from those stored, where the text does not."""
    if row is None:
        return seen
    now = {name: _plain(getattr(extracted, name)) for name in FIELDS}
    differ = tuple(name for name in FIELDS if now[name] != _plain(row[name]))
    if not differ:
        return seen
    told = "; ".join(f"{name}: {row[name]!s} → {getattr(extracted, name)!s}" for name in differ)
    return replace(seen, kind=Kind.FIELDS_CHANGED, fields=differ, detail=told)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple | list) else value


def _article_of(extracted: Extracted) -> str:
    return article_id(extracted.canonical_url)


def _entry(kept: Kept) -> ParsedEntry | None:
    try:
        return msgspec.convert(kept.about["entry"], ParsedEntry)
    except (KeyError, msgspec.ValidationError):
        return None


Newest = Mapping[bytes, tuple[datetime, Path, int]]


def _newest(files: Sequence[Path]) -> tuple[Newest, list[Damage]]:
    """Find where the last capture of each page lies, and what is damaged."""
    newest: dict[bytes, tuple[datetime, Path, int]] = {}
    damages = []
    for file in files:
        for kept in captures(file, bodies=False):
            if isinstance(kept, Damage):
                damages.append(kept)
                continue
            key = page_key(kept.url)
            if key not in newest or newest[key][0] <= kept.at:
                newest[key] = (kept.at, file, kept.offset)
    return newest, damages


def _these(files: Sequence[Path], newest: Newest) -> Iterator[Kept]:
    places = {(file, offset) for _, file, offset in newest.values()}
    for file in files:
        for kept in captures(file):
            if isinstance(kept, Kept) and (file, kept.offset) in places:
                yield kept
