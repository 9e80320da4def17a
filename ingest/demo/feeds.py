"""The outlets' feeds in RSS 2.0, RSS 1.0, Atom 1.0 (RFC 4287) and JSON Feed 1.1. Pure."""

import json
from datetime import datetime
from email.utils import format_datetime
from typing import Any, assert_never

from markupsafe import Markup

from ingest.demo.outlet import Damage, Format, Outlet
from ingest.demo.pages import environment, error_page
from ingest.demo.world import Entry, Published, World

_TEMPLATES = environment()
_TEMPLATES.filters["rfc5322"] = format_datetime

_TYPES = {
    Format.RSS20: "application/rss+xml",
    Format.RSS10: "application/rdf+xml",
    Format.ATOM10: "application/atom+xml",
    Format.JSON11: "application/feed+json",
}


def feed_document(world: World, outlet: Outlet) -> tuple[bytes, str]:
    """Return the outlet's feed and its Content-Type."""
    if outlet.damage is Damage.ERROR_PAGE:
        words = "The page you asked for could not be put together. Please try again later."
        return error_page("Error establishing a database connection", words), "text/html"
    entries = world.entries(outlet)
    match outlet.format:
        case Format.JSON11:
            text = json.dumps(_json_feed(world, outlet, entries), ensure_ascii=False, indent=1)
            body = text.encode("utf-8")
        case Format.RSS20 | Format.RSS10 | Format.ATOM10:
            body = _xml_feed(world, outlet, entries)
        case _:
            assert_never(outlet.format)
    if outlet.damage is Damage.MALFORMED:
        body = _damaged(body)
    charset = f"; charset={outlet.feed_encoding}" if outlet.charset_header else ""
    return body, _TYPES[outlet.format] + charset


def _xml_feed(world: World, outlet: Outlet, entries: list[Entry]) -> bytes:
    text = _TEMPLATES.get_template(f"{outlet.format}.xml").render(
        outlet=outlet,
        entries=entries,
        home=world.bases[outlet.id],
        feed_url=world.feed_url(outlet),
        changed=world.changed_at(outlet),
        html=_html,
    )
    return text.encode(outlet.feed_encoding, "xmlcharrefreplace")


def _json_feed(world: World, outlet: Outlet, entries: list[Entry]) -> dict[str, Any]:
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": world.bases[outlet.id],
        "feed_url": world.feed_url(outlet),
        "language": outlet.language,
        "items": [_json_item(entry) for entry in entries],
    }


def _json_item(entry: Entry) -> dict[str, Any]:
    article = entry.article
    return {
        "id": entry.guid,
        "url": entry.link,
        "title": article.headline,
        "summary": article.copy.summary,
        "content_html": _html(article),
        "date_published": _rfc3339(article.published),
        "authors": [{"name": article.copy.byline}],
        "tags": [article.copy.section],
    }


def _html(article: Published) -> str:
    """Return the whole text as the HTML that full-text feeds carry."""
    return "\n".join(str(Markup("<p>{}</p>").format(block)) for block in article.copy.blocks)


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _damaged(body: bytes) -> bytes:
    """Return the document with the three commonest wounds: all of its items can be saved.

    A control character that XML forbids, an ampersand left bare, and an end that never came.
    """
    head, separator, rest = body.partition(b"<item>")
    rest = rest.replace(b"</description>", b"\x0b Ocio & cultura.</description>", 1)
    whole, last, _ = rest.rpartition(b"</item>")
    return head + separator + whole + last
