"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ingest.feeds.channel import MAX_TTL, json_hub_of
from ingest.feeds.dates import parse_date
from ingest.feeds.markup import as_html, title_line
from ingest.feeds.reading import (
    absolute,
    block,
    guid_of,
    language_tag,
    line,
    names,
    told_apart,
    without_outlet,
)
from ingest.types import Fault, ParsedEntry, ParsedFeed
from storage.model import Reason

_VERSIONS: Final = {
    "https://jsonfeed.org/version/1": "json1",
    "https://jsonfeed.org/version/1.1": "json11",
}
_CONTENTS: Final = {"content_html", "content_text", "url", "title"}
_IMAGES: Final = "image/"
_BLANK: Final = "\x00\ufeff \t\r\n"


def looks_like_json(text: str) -> bool:
    """Whether a document's first character can only begin a JSON object or array."""
    return text.lstrip(_BLANK)[:1] in {"{", "["}


def parse_json_feed(text: str, *, url: str, now: datetime) -> ParsedFeed | Fault:
    """Parse a JSON Feed document.

    Args:
        text: The document.
        url: Where it came from, against which relative links are resolved.
        now: The current time, which bounds dates.
    """
    text = text.strip(_BLANK)
    try:
        # not strict: raw control characters in strings are common, and cleaned away later
        decoder = json.JSONDecoder(strict=False)
        document, end = decoder.raw_decode(text)
    except (ValueError, RecursionError) as error:
        return _not_a_feed(f"not readable as JSON: {error}", url)
    if not isinstance(document, dict):
        return _not_a_feed("a JSON document that is no JSON Feed", url)
    version, items = document.get("version"), document.get("items")
    known = isinstance(version, str) and "jsonfeed.org/version/" in version
    if not isinstance(items, list) or not (known or _has_entries(items)):
        return _not_a_feed("a JSON document that is no JSON Feed", url)
    flaws = [
        *([] if known else ["no JSON Feed version"]),
        *(["text after the document"] if end < len(text) else []),
        *(["it says that it is finished"] if document.get("expired") is True else []),
    ]
    readable = [item for item in items if isinstance(item, dict)]
    if len(readable) < len(items):
        flaws.append(f"{len(items) - len(readable)} items that are no objects")
    entries = (_entry(item, document, url=url, now=now) for item in readable)
    hub, topic = json_hub_of(document, url)
    return ParsedFeed(
        format=_VERSIONS.get(str(version).replace("http://", "https://").rstrip("/"), "json11"),
        title=line(document.get("title")),
        link=absolute(document.get("home_page_url"), url),
        language=language_tag(document.get("language")),
        entries=told_apart(entries),
        # A feed that is finished "will never update again": it is asked as rarely as may be.
        ttl=MAX_TTL if document.get("expired") is True else None,
        hub=hub,
        topic=topic,
        flaw="; ".join(flaws) or None,
    )


def _has_entries(items: list[object]) -> bool:
    """Whether a document without a version is a JSON Feed all the same."""
    first = items[0] if items else None
    return isinstance(first, dict) and "id" in first and bool(_CONTENTS & first.keys())


def _entry(
    item: Mapping[str, object], feed: Mapping[str, object], *, url: str, now: datetime
) -> ParsedEntry:
    link = absolute(item.get("url"), url) or absolute(item.get("external_url"), url)
    title = line(item.get("title"))
    summary = as_html(text) if (text := block(item.get("summary"))) else None
    content = block(item.get("content_html"))
    if content is None and (text := block(item.get("content_text"))):
        content = as_html(text)
    published, updated = line(item.get("date_published")), line(item.get("date_modified"))
    tags = item.get("tags")
    return ParsedEntry(
        guid=guid_of(item.get("id"), link, title, summary, content),
        link=link,
        title=(title_line(title, is_html=False) or None) if title else None,
        authors=_authors(item) or without_outlet(_authors(feed), line(feed.get("title"))),
        published_at=parse_date(published, now=now),
        updated_at=parse_date(updated, now=now),
        raw_date=published or updated,
        summary=summary,
        content=content,
        language=language_tag(item.get("language")) or language_tag(feed.get("language")),
        tags=names(tags) if isinstance(tags, list) else (),
        image_url=_image(item, url),
    )


def _authors(item: Mapping[str, object]) -> tuple[str, ...]:
    """The authors of 1.1, or the author of 1.0; a feed's are those of items that name none."""
    authors = item.get("authors")
    people = authors if isinstance(authors, list) else [item.get("author")]
    return names(person.get("name") for person in people if isinstance(person, dict))


def _image(item: Mapping[str, object], url: str) -> str | None:
    attachments = item.get("attachments")
    attached = [
        attachment.get("url")
        for attachment in (attachments if isinstance(attachments, list) else [])
        if isinstance(attachment, dict) and str(attachment.get("mime_type")).startswith(_IMAGES)
    ]
    found = (
        absolute(link, url) for link in (item.get("image"), item.get("banner_image"), *attached)
    )
    return next((link for link in found if link), None)


def _not_a_feed(detail: str, url: str) -> Fault:
    return Fault(reason=Reason.NOT_A_FEED, detail=detail, url=url)
