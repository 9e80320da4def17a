"""What is to be exported: rows of one view, by time, feed, language and site."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

import pyarrow as pa

from storage.errors import QueryError


class View(StrEnum):
    """The views that can be exported."""

    ARTICLES = "articles"
    REVISIONS = "revisions"
    DUPLICATES = "duplicates"
    STORIES = "stories"
    POLLS = "polls"
    OUTCOMES = "outcomes"
    FEEDS = "feeds"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What a view can be narrowed by: ``time`` is its column, ``filed`` says that it has a day."""

    time: str
    order: str
    filed: bool = True
    feed: str | None = "feed_id = value"
    language: str | None = None
    site: str | None = None


_TEXTS = _Shape(
    time="fetched_at",
    order="fetched_at, article_id, revision",
    language="language = value",
    site="site = value",
)
_SHAPES: Mapping[View, _Shape] = MappingProxyType(
    {
        View.ARTICLES: _TEXTS,
        View.REVISIONS: _TEXTS,
        View.DUPLICATES: _TEXTS,
        View.STORIES: _Shape(
            time="first_seen_at",
            order="first_seen_at, story_id",
            filed=False,
            feed=None,
            site="list_contains(sites, value)",
        ),
        View.POLLS: _Shape(time="polled_at", order="polled_at, feed_id"),
        View.OUTCOMES: _Shape(
            time="changed_at", order="changed_at, entry_id, outcome <> 'pending', outcome"
        ),
        View.FEEDS: _Shape(time="polled_at", order="feed_id", filed=False),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Rows of ``view``; of an empty filter everything.

    ``since`` (inclusive) and ``until`` (exclusive) bound the time a row is filed under:
    ``fetched_at`` of articles, ``polled_at``, ``changed_at``; ``first_seen_at`` of stories.
    """

    view: View = View.ARTICLES
    since: datetime | None = None
    until: datetime | None = None
    feeds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()

    def query(self) -> str:
        """Return the SELECT; what it is narrowed by comes in the table ``wanted``.

        Raises:
            QueryError: the view has no such column to narrow it by.
        """
        shape = _SHAPES[self.view]
        where = " AND ".join(self._conditions(shape)) or "true"
        return f"{self._all()} WHERE {where} ORDER BY {shape.order}"

    def no_rows(self) -> str:
        """Return a SELECT that gives the columns and no rows."""
        return f"{self._all()} LIMIT 0"

    def _all(self) -> str:
        columns = "* EXCLUDE (dt)" if _SHAPES[self.view].filed else "*"
        return f"SELECT {columns} FROM {self.view}"  # noqa: S608 - our own words alone

    def wanted(self) -> pa.Table:
        """Return the values that the query looks for."""
        pairs = [(name, value) for name, _, values in self._filters() for value in values]
        return pa.table(
            {
                "kind": pa.array([kind for kind, _ in pairs], pa.string()),
                "value": pa.array([value for _, value in pairs], pa.string()),
            }
        )

    def _filters(self) -> tuple[tuple[str, str | None, tuple[str, ...]], ...]:
        shape = _SHAPES[self.view]
        return (
            ("feed", shape.feed, self.feeds),
            ("language", shape.language, self.languages),
            ("site", shape.site, self.sites),
        )

    def _conditions(self, shape: _Shape) -> Iterator[str]:
        # The day prunes whole folders; the time is exact.
        for sign, at in ((">=", self.since), ("<", self.until)):
            if at is not None:
                moment = at.astimezone(UTC)
                yield f"{shape.time} {sign} TIMESTAMPTZ '{moment.isoformat()}'"
                if shape.filed:
                    yield f"dt {sign[0]}= DATE '{moment.date().isoformat()}'"
        for kind, condition, values in self._filters():
            if not values:
                continue
            if condition is None:
                raise QueryError(f"{self.view} cannot be narrowed by {kind}")
            yield f"EXISTS (FROM wanted WHERE kind = '{kind}' AND {condition})"
