"""What the lake and the journal have of articles that are to get another place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import msgspec

from storage.model import Article, Duplicate
from storage.store import Store

R = TypeVar("R", Article, Duplicate)

_ARTICLE = tuple(field.name for field in fields(Article))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """``article``: a row with the text, if that is kept; ``duplicate``: the row of the fold."""

    article: Article | None = None
    duplicate: Duplicate | None = None


def kept_rows(store: Store, article_ids: Sequence[str]) -> dict[str, Kept]:
    """Return what is kept of articles, by their ids.

    The text of one that was stored and folded later stands among the revisions; that of one that
    was folded as it came is kept if the configuration asked for it.
    """
    folded = {row.article_id: row for row in _rows(store, Duplicate, "duplicates", article_ids)}
    texts: dict[str, Article] = {}
    for row in sorted(
        _rows(store, Article, "revisions", article_ids), key=lambda row: row.revision
    ):
        copy = folded.get(row.article_id)
        if copy is None or copy.content_hash == row.content_hash:
            texts[row.article_id] = row
    for key, copy in folded.items():
        if key not in texts and copy.text:
            texts[key] = _stored(copy)
    return {key: Kept(article=texts.get(key), duplicate=folded.get(key)) for key in article_ids}


def texts_of(store: Store, article_ids: Sequence[str]) -> Mapping[str, Article]:
    """Return a row with its text for each of the articles whose text is kept."""
    found = kept_rows(store, article_ids)
    return {key: kept.article for key, kept in found.items() if kept.article is not None}


def _rows(store: Store, kind: type[R], view: str, ids: Iterable[str]) -> list[R]:
    query = f"FROM {view} WHERE article_id IN (SELECT unnest($1))"
    found = store.sql(query, [list(ids)]).to_pylist()
    return msgspec.convert(found, list[kind])  # type: ignore[valid-type]


def _stored(row: Duplicate) -> Article:
    shared = {name: getattr(row, name) for name in _ARTICLE}
    return replace(Article(**shared), text=row.text or "")
