"""Articles as web pages, each outlet by its own template. Pure."""

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ingest.demo.outlet import Outlet
from ingest.demo.world import Published, World

TEMPLATES = Path(__file__).parent / "templates"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def environment() -> Environment:
    """Return the templates of pages and feeds, which escape what they are given."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["iso"] = _iso
    return templates


_TEMPLATES = environment()


def article_page(world: World, article: Published, *, amp: bool = False) -> bytes:
    """Return the article's page in its outlet's encoding.

    Characters which that encoding lacks become character references, as publishing systems
    do it.
    """
    outlet = article.outlet
    others = [other for other in world.articles(outlet) if other.item is not article.item]
    page = _TEMPLATES.get_template("amp.html" if amp else outlet.template).render(
        a=article,
        body=_body(article),
        outlet=outlet,
        others=others,
        home=world.bases[outlet.id],
        feed_url=world.feed_url(outlet),
        ld=_linked_data(world, article),
    )
    return page.encode(outlet.page_encoding, "xmlcharrefreplace")


def oversized_page(world: World, article: Published) -> bytes:
    """Return a live blog that never stops: the page with some 1.6 MB of updates in it."""
    page = article_page(world, article)
    update = "<p><b>{:02}:{:02}</b> The wind at the outer mole is still rising.</p>\n"
    updates = "".join(update.format(n // 60 % 24, n % 60) for n in range(24_000))
    return page.replace(b"</article>", updates.encode() + b"</article>")


def front_page(world: World, outlet: Outlet) -> bytes:
    """Return the outlet's front page: its headlines, and where its feed is."""
    page = _TEMPLATES.get_template("front.html").render(
        outlet=outlet,
        articles=world.articles(outlet),
        feed_url=world.feed_url(outlet),
    )
    return page.encode("utf-8")


def error_page(title: str, words: str) -> bytes:
    """Return the kind of page servers send with, or instead of, an error status."""
    return _TEMPLATES.get_template("error.html").render(title=title, words=words).encode("utf-8")


def _body(article: Published) -> list[tuple[str, str]]:
    headings = article.copy.headings
    return [("h2" if i in headings else "p", b) for i, b in enumerate(article.copy.blocks)]


def _linked_data(world: World, article: Published) -> dict[str, Any]:
    """Return the article as schema.org ``NewsArticle``."""
    outlet = article.outlet
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": {"@type": "WebPage", "@id": article.url},
        "headline": article.headline,
        "description": article.copy.summary,
        "datePublished": _iso(article.published),
        "dateModified": _iso(article.modified),
        "inLanguage": outlet.language,
        "articleSection": article.copy.section,
        "author": [{"@type": "Person", "name": article.copy.byline}],
        "publisher": {
            "@type": "NewsMediaOrganization",
            "name": outlet.name,
            "url": world.bases[outlet.id],
        },
    }
