"""From feedparser's dictionaries to our values, field by field."""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import struct_time
from typing import Final

from ingest.feeds.dates import parse_date
from ingest.feeds.markup import as_html, title_line
from ingest.feeds.reading import (
    absolute,
    block,
    guid_of,
    language_tag,
    line,
    names,
    without_outlet,
)
from ingest.types import ParsedEntry

_IMAGE_NAME: Final = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:\?|$)", re.IGNORECASE)

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What is known of the whole document while its entries are read.

    ``authors`` are those of entries that name none.
    """

    base: str
    atom: bool
    full_text: bool
    now: datetime
    authors: tuple[str, ...] = ()

    def entry(self, entry: Fields) -> ParsedEntry:
        """Read one of feedparser's entries."""
        link = self._link(entry)
        title = title_of(entry)
        summary, content = self._texts(entry)
        published, updated, raw = self._dates(entry)
        return ParsedEntry(
            guid=guid_of(raw_value(entry, "id"), link, title, summary, content),
            link=link,
            title=title,
            authors=names(_people(entry)) or self.authors,
            published_at=published,
            updated_at=updated,
            raw_date=raw,
            summary=summary,
            content=content,
            language=_language(entry),
            tags=names(
                raw_value(tag, "term") or raw_value(tag, "label") for tag in dicts(entry, "tags")
            ),
            image_url=self._image(entry),
        )

    def _link(self, entry: Fields) -> str | None:
        """The entry's page: the publisher's own address where a proxy's stands in its place."""
        others = (
            raw_value(link, "href")
            for link in dicts(entry, "links")
            if raw_value(link, "rel") in {"alternate", "related", None}
        )
        found = (raw_value(entry, "feedburner_origlink"), raw_value(entry, "link"), *others)
        link = next(filter(None, (absolute(link, self.base) for link in found)), None)
        own = raw_value(entry, "id")
        # An RSS guid that is an address is one that can be fetched, whatever isPermaLink says.
        return link or (None if self.atom or not isinstance(own, str) else absolute(own, ""))

    def _texts(self, entry: Fields) -> tuple[str | None, str | None]:
        """The summary and the full text, both as HTML; the first only if it says something else."""
        detail = raw_value(entry, "summary_detail")
        summary = _markup(
            raw_value(entry, "summary"), detail if isinstance(detail, Mapping) else {}
        )
        bodies = [_markup(raw_value(part, "value"), part) for part in dicts(entry, "content")]
        longest = max((body for body in bodies if body), key=len, default=None)
        if self.full_text:
            return (None if summary == longest else summary), longest
        return max((text for text in (summary, longest) if text), key=len, default=None), None

    def _dates(self, entry: Fields) -> tuple[datetime | None, datetime | None, str | None]:
        """Published, updated, and the date as the feed has it.

        In RSS, ``dc:date`` is when an item was published; feedparser calls it updated.
        """
        published, updated, created = (
            (raw_value(entry, name), raw_value(entry, f"{name}_parsed"))
            for name in ("published", "updated", "created")
        )
        if not published[0]:
            published, updated = (
                (created, updated) if self.atom or created[0] else (updated, (None,) * 2)
            )
        raw = next((line(raw) for raw, _ in (published, updated) if line(raw)), None)
        return self._moment(*published), self._moment(*updated), raw

    def _moment(self, raw: object, hint: object) -> datetime | None:
        struct = hint if isinstance(hint, struct_time) else None
        return parse_date(raw if isinstance(raw, str) else None, now=self.now, hint=struct)

    def _image(self, entry: Fields) -> str | None:
        pictures = [
            *(
                raw_value(media, "url")
                for media in dicts(entry, "media_content")
                if _is_image(media)
            ),
            *(raw_value(media, "url") for media in dicts(entry, "media_thumbnail")),
            *(
                raw_value(link, "href")
                for link in dicts(entry, "links")
                if raw_value(link, "rel") == "enclosure" and _is_image(link)
            ),
        ]
        own = raw_value(entry, "image")
        if isinstance(own, Mapping):
            pictures.append(raw_value(own, "href"))
        return next(filter(None, (absolute(picture, self.base) for picture in pictures)), None)


def raw_value(mapping: Fields, key: str) -> object:
    """A value as it stands: feedparser's own lookup maps one key to another, and warns."""
    return dict.get(mapping, key) if isinstance(mapping, dict) else mapping.get(key)


def dicts(entry: Fields, key: str) -> list[Fields]:
    """The mappings in a list under a key; none if it is no list."""
    values = raw_value(entry, key)
    return (
        [value for value in values if isinstance(value, Mapping)]
        if isinstance(values, list)
        else []
    )


def title_of(mapping: Fields) -> str | None:
    """The title as plain text, whatever kind of text the feed calls it."""
    title, detail = raw_value(mapping, "title"), raw_value(mapping, "title_detail")
    kind = raw_value(detail, "type") if isinstance(detail, Mapping) else None
    is_html = kind in {"text/html", "application/xhtml+xml"}
    return (title_line(title, is_html=is_html) or None) if isinstance(title, str) else None


def authors_of(feed: Fields) -> tuple[str, ...]:
    """The feed's own authors, who wrote the entries that name none (RFC 4287 section 4.2.1).

    The outlet's name in this place is nobody's.
    """
    return without_outlet(names(_people(feed)), title_of(feed))


def _markup(value: object, detail: Fields) -> str | None:
    """A text construct as HTML."""
    text = block(value)
    return (
        as_html(html.unescape(text)) if text and raw_value(detail, "type") == "text/plain" else text
    )


def _people(entry: Fields) -> Iterable[object]:
    people = [raw_value(author, "name") for author in dicts(entry, "authors")]
    author = raw_value(entry, "author")
    # a mail address alone is not a name
    return (name for name in (people if any(people) else [author]) if name and "@" not in str(name))


def _language(entry: Fields) -> str | None:
    details = [
        *dicts(entry, "content"),
        raw_value(entry, "summary_detail"),
        raw_value(entry, "title_detail"),
    ]
    tags = [raw_value(entry, "language")]
    tags += [raw_value(detail, "language") for detail in details if isinstance(detail, Mapping)]
    return next(filter(None, map(language_tag, tags)), None)


def _is_image(media: Fields) -> bool:
    kind = str(raw_value(media, "type") or raw_value(media, "medium") or "")
    address = str(raw_value(media, "url") or raw_value(media, "href") or "")
    return kind.startswith("image") if kind else bool(_IMAGE_NAME.search(address))
