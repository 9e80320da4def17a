import json
from collections.abc import Mapping

import pytest

from ingest.articles.extract import extract_page
from ingest.types import Extracted, Fault, Page
from storage.model import Reason
from tests.articles.pages import TEMPLATES, page, paragraphs_html

SITE = "https://news.example.com"
STORY = (
    "The council of Northbridge voted on Tuesday to close the old harbour road to lorries.",
    "Residents had asked for the measure for years, pointing to noise and to two accidents.",
    "Hauliers said the detour would add twenty minutes to each journey and asked for talks.",
    "The closure begins on 1 May and will be reviewed after a year, the mayor said.",
)
HEADLINES = "".join(
    f"<li><a href='/news/{n}'>Council approves budget number {n} after talks</a></li>"
    for n in range(20)
)
TEASERS = "".join(
    f"<article><h2><a href='/n/{n}'>Harbour road number {n} is shut for good</a></h2>"
    f"<p>A few words on story {n}.</p></article>"
    for n in range(14)
)
LOGIN = (
    "<main><h1>Sign in</h1><form><label>E-mail <input name='mail'></label><label>Password "
    "<input type='password'></label><button>Sign in</button></form>"
    "<p>Sign in to go on reading the news of your region, every day and everywhere.</p></main>"
)
CONSENT = (
    "<main><h1>Before you go on</h1><p>We and our partners use cookies and ask your consent to "
    "process data. You may withdraw your consent at any time.</p><p>Cookies are kept for a year."
    "</p><button>Accept cookies</button></main>"
)


def typed(kind: str, **fields: object) -> str:
    node = {"@context": "https://schema.org", "@type": kind, **fields}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


UPDATES = [{"@type": "BlogPosting", "articleBody": f"Update {n}"} for n in range(12)]
NOT_ARTICLES: Mapping[str, tuple[str, bytes, str]] = {
    "front page": ("/", page(f"<main><h1>News</h1><ul>{HEADLINES}</ul></main>"), "section"),
    "section": ("/sport/", page(f"<main><h1>Sport</h1>{TEASERS}</main>"), "section"),
    "collection with a date": (
        "/tag/roads",
        page(
            f"<main><h1>Roads</h1><time datetime='2026-11-23'>today</time>{TEASERS}</main>",
            head=typed("CollectionPage"),
        ),
        "section",
    ),
    "gallery": (
        "/pictures/1",
        page(f"<main><h1>Six views</h1><p>{STORY[0]}</p></main>", head=typed("ImageGallery")),
        "gallery",
    ),
    "gallery by its address": (
        "/news/bildergalerie/hafen-1",
        page(f"<main><h1>Der Hafen</h1><p>{STORY[0]}</p></main>"),
        "gallery",
    ),
    "video": (
        "/watch/1",
        page(
            f"<main><h1>The road</h1><p>{STORY[0]}</p></main>",
            head='<meta property="og:type" content="video.other">',
        ),
        "video",
    ),
    "log-in": ("/login", page(LOGIN, title="Sign in"), "log-in"),
    "consent": ("/story", page(CONSENT, title="Before you go on"), "consent"),
    "live ticker": (
        "/live/1",
        page(
            TEMPLATES[0](paragraphs_html(STORY * 3), ""),
            head=typed("LiveBlogPosting", headline="Live", liveBlogUpdate=UPDATES),
        ),
        "live ticker",
    ),
}


def read(path: str, body: bytes) -> Extracted | Fault:
    return extract_page(Page(url=f"{SITE}{path}", body=body, content_type="text/html"), None)


@pytest.mark.parametrize("name", NOT_ARTICLES)
def test_a_page_of_another_kind_is_no_article_and_its_kind_is_told(name: str) -> None:
    path, body, kind = NOT_ARTICLES[name]
    found = read(path, body)
    assert isinstance(found, Fault), found.text
    assert found.reason is Reason.NOT_AN_ARTICLE
    assert kind in found.detail


@pytest.mark.parametrize(
    "title",
    [
        "404 Not Found",
        "Error 404",
        "Page not found | Example Gazette",
        "Seite nicht gefunden",
        "Page introuvable",
        "Página no encontrada",
        "Pagina non trovata",
        "Страница не найдена",
        "ページが見つかりません",
        "页面不存在",
        "Access Denied",
        "Just a moment...",
    ],
)
def test_an_error_page_that_says_all_is_well_is_known_by_its_words(title: str) -> None:
    content = f"<main><h1>{title}</h1><p>Try the search, or go back to where you were.</p></main>"
    found = read("/gone", page(content, title=title))
    assert isinstance(found, Fault)
    assert "error" in found.detail


@pytest.mark.parametrize(
    ("path", "head", "title"),
    [
        ("/story", typed("NewsArticle", headline="404 days in the harbour"), "404 days"),
        ("/story", typed("ImageGallery") + typed("NewsArticle"), "A road"),
        ("/story", '<meta property="og:type" content="video.other">', "A road"),
        ("/story", typed("LiveBlogPosting", liveBlogUpdate=UPDATES[:2]), "A road"),
        ("/news/photos/1", "", "A road"),
    ],
)
def test_a_long_text_makes_an_article_of_a_page_that_looks_like_another_kind(
    path: str, head: str, title: str
) -> None:
    content = TEMPLATES[0](
        paragraphs_html([f"{n}: {text}" for n in range(4) for text in STORY]), ""
    )
    found = read(path, page(content, head=head, title=title))
    assert isinstance(found, Extracted)
    assert STORY[3] in found.text


def test_a_short_article_with_many_links_around_it_is_one() -> None:
    content = (
        f"<ul>{HEADLINES}</ul><main><article><h1>Road shut</h1><p>{STORY[0]}</p></article></main>"
    )
    found = read("/news/1", page(content, head=typed("NewsArticle", datePublished="2026-11-23")))
    assert isinstance(found, Extracted)
    assert found.text == STORY[0]


def test_an_article_with_a_log_in_form_beside_it_is_one() -> None:
    content = TEMPLATES[0](paragraphs_html(STORY), "<form><input type='password'></form>")
    found = read("/news/1", page(content, head=typed("NewsArticle")))
    assert isinstance(found, Extracted)
    assert found.text == "\n\n".join(STORY)
