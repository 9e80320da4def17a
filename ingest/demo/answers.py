"""What an outlet answers to a request. Pure."""

import gzip
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import assert_never

from ingest.demo import pages
from ingest.demo.feeds import feed_document
from ingest.demo.outlet import Fate, Outlet
from ingest.demo.server import Answer, Manner, Question
from ingest.demo.world import Published, World


def respond(world: World, outlet: Outlet, question: Question) -> Answer:
    """Return the outlet's answer to a question."""
    if question.method not in ("GET", "HEAD"):
        return _error(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})
    match question.target:
        case "/":
            return _page(pages.front_page(world, outlet), "text/html; charset=utf-8")
        case "/robots.txt":
            return _robots(outlet)
        case outlet.feed_path:
            return _feed(world, outlet, question)
        case _:
            return _story(world, outlet, question)


def _robots(outlet: Outlet) -> Answer:
    if outlet.disallow is None:
        return _error(HTTPStatus.NOT_FOUND)
    rules = f"User-agent: *\nDisallow: {outlet.disallow}\n".encode()
    return Answer(status=HTTPStatus.OK, headers={"Content-Type": "text/plain"}, body=rules)


def _story(world: World, outlet: Outlet, question: Question) -> Answer:
    path, _, query = question.target.partition("?")
    for article in world.articles(outlet):
        item = article.item
        wanted_path, _, wanted_query = item.path.partition("?")
        if path == wanted_path and query.startswith(wanted_query):
            return _article(world, article, question)
        if path == item.linked:
            return _error(HTTPStatus.MOVED_PERMANENTLY, {"Location": article.url})
        if path == item.amp_path:
            body = pages.article_page(world, article, amp=True)
            return _page(body, "text/html; charset=utf-8")
    return _error(HTTPStatus.NOT_FOUND)


def _feed(world: World, outlet: Outlet, question: Question) -> Answer:
    """Answer by RFC 9110 section 13.2.2: If-None-Match first, else If-Modified-Since."""
    body, content_type = feed_document(world, outlet)
    changed = world.changed_at(outlet).astimezone(UTC)
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(changed, usegmt=True),
        "Cache-Control": "max-age=60",
    }
    known = question.headers.get("if-none-match")
    since = question.headers.get("if-modified-since")
    if known is not None:
        fresh = etag in [tag.strip().removeprefix("W/") for tag in known.split(",")]
    else:
        fresh = since is not None and _not_before(since, changed)
    if fresh:
        return Answer(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["Content-Type"] = content_type
    return Answer(status=HTTPStatus.OK, headers=headers, body=body)


def _not_before(http_date: str, moment: datetime) -> bool:
    try:
        return parsedate_to_datetime(http_date).replace(tzinfo=UTC) >= moment
    except ValueError:
        return False  # RFC 9110 section 13.1.3: a date that cannot be read is no condition


def _article(world: World, article: Published, question: Question) -> Answer:
    outlet = article.outlet
    charset = f"; charset={outlet.page_encoding}" if outlet.charset_header else ""
    content_type = f"text/html{charset}"
    match article.item.fate:
        case Fate.NOT_FOUND:
            return _error(HTTPStatus.NOT_FOUND)
        case Fate.GONE:
            return _error(HTTPStatus.GONE)
        case Fate.SLOW:
            body = pages.article_page(world, article)
            return _page(body, content_type, manner=Manner.DRIPPING)
        case Fate.OVERSIZED:
            body = pages.oversized_page(world, article)
            return _page(body, content_type, manner=Manner.CHUNKED)
        case Fate.SERVED | Fate.DISALLOWED | Fate.MOVED:
            body = pages.article_page(world, article)
            if outlet.gzip and "gzip" in question.headers.get("accept-encoding", ""):
                return _page(gzip.compress(body, mtime=0), content_type, coding="gzip")
            return _page(body, content_type)
        case _:
            assert_never(article.item.fate)


def _page(
    body: bytes, content_type: str, *, manner: Manner = Manner.WHOLE, coding: str | None = None
) -> Answer:
    headers = {"Content-Type": content_type}
    if coding is not None:
        headers |= {"Content-Encoding": coding, "Vary": "Accept-Encoding"}
    return Answer(status=HTTPStatus.OK, headers=headers, body=body, manner=manner)


def _error(status: HTTPStatus, headers: Mapping[str, str] | None = None) -> Answer:
    body = pages.error_page(f"{status.value} {status.phrase}", status.description or status.phrase)
    content_type = {"Content-Type": "text/html; charset=utf-8"}
    return Answer(status=status, headers=content_type | dict(headers or {}), body=body)
