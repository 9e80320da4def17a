"""Pages that are not articles, told by what they declare and by what they are made of.

A page that declares itself an article (JSON-LD or Open Graph) and has a text is one. Of the rest,
each kind is told by one or two general signs, and never where the text is long: a wrong answer
here loses an article, the other way it only stores a poor one.
"""

# ruff: noqa: RUF001 - the words of other languages are meant

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from lxml.html import HtmlElement

from ingest.articles.jsonld import is_article_type
from ingest.articles.language import count_words

_LONG: Final = 150
_SHORT: Final = 60
_HEADLINE: Final = 4
_MANY_HEADLINES: Final = 10
_TEASER: Final = 40  # words that no teaser in a list has
_LIVE_UPDATES: Final = 5
_CONSENT_WORDS: Final = 20
_BLOCKS: Final = ("p", "li", "h1", "h2", "h3", "button", "label")

_GALLERIES: Final = frozenset({"ImageGallery", "MediaGallery"})
_LISTS: Final = frozenset({"CollectionPage", "SearchResultsPage", "ItemList", "ProfilePage"})
_GALLERY_PATH: Final = re.compile(
    r"/(?:photo-?)?(?:gallery|galleries|galerie|galeria|fotogaleria|fotostrecken?|bildergalerien?"
    r"|bildstrecken?|diaporama|slideshow|photos)(?:[/_.-]|$)",
    re.IGNORECASE,
)
_ERROR: Final = re.compile(
    r"""^\W*(?:
      (?:error\W+|http\W+)?(?:401|403|404|410|429|50[0-4])(?:\W|$)
    | (?:page|seite|story|article|file|site)\ (?:was\ )?(?:not\ found|nicht\ gefunden
      |cannot\ be\ found|unavailable) | not\ found$ | page\ (?:introuvable|non\ trouvée)
    | p[áa]gina\ (?:no\ encontrada|não\ encontrada|non\ trovata) | siden\ (?:findes|finnes)\ ikke
    | sidan\ (?:hittades|finns)\ inte | pagina\ niet\ gevonden | strona\ nie\ została\ znaleziona
    | страница\ не\ найдена | sayfa\ bulunamadı | الصفحة\ غير\ موجودة
    | (?:お探しの)?ページが?(?:は)?見つかりません | 页面(?:不存在|未找到|没有找到) | 頁面不存在
    | 페이지를\ 찾을\ 수\ 없
    | access\ (?:to\ this\ page\ has\ been\ )?denied | (?:403\ )?forbidden | just\ a\ moment
    | attention\ required | are\ you\ (?:a\ )?(?:human|robot) | verify\ you\ are\ human
    | (?:zugriff\ verweigert|accès\ refusé|acceso\ denegado|accesso\ negato|acesso\ negado)
    | (?:service|site)\ (?:temporarily\ )?unavailable | please\ enable\ (?:js|javascript)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_CONSENT: Final = re.compile(
    r"\b(?:cookies?|consent|einwilligung|zustimm\w+|consentement|consentimiento|consenso|"
    r"consentimento|toestemming|samtycke|samtykke|zgod\w+|соглас\w+)\b|同意|クッキー",
    re.IGNORECASE,
)


class Kind(StrEnum):
    """What a page is that is not an article."""

    ERROR = "an error page"
    LOGIN = "a log-in page"
    CONSENT = "a consent wall"
    LIVE = "a live ticker"
    GALLERY = "a gallery"
    VIDEO = "a video"
    SECTION = "a section front or list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a page is made of. ``headlines`` are links of four words or more."""

    password: bool = False
    headlines: int = 0
    link_words: int = 0
    words: int = 0
    consent_words: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What a page shows of its kind, before its body is looked for.

    ``types`` are its schema.org types, ``og_type`` its Open Graph type in lower case, ``titles``
    what it calls itself, ``path`` that of its address, ``dated`` whether it says when it was
    published, ``updates`` how many updates of a live ticker JSON-LD tells.
    """

    types: frozenset[str] = frozenset()
    og_type: str = ""
    titles: tuple[str, ...] = ()
    path: str = ""
    dated: bool = False
    updates: int = 0
    measure: Measure = field(default_factory=Measure)

    @property
    def declared(self) -> bool:
        """Whether the page says that it is an article."""
        return any(map(is_article_type, self.types)) or self.og_type == "article"


def measure(tree: HtmlElement) -> Measure:
    """Count what a page is made of: links, words, fields for passwords."""
    body = tree.find(".//body")
    if body is None:
        return Measure()
    links = [count_words(link.text_content()) for link in body.iter("a")]
    text = " ".join(block.text_content() for block in body.iter(*_BLOCKS))
    return Measure(
        password=bool(body.xpath(".//input[@type='password']")),
        headlines=sum(count >= _HEADLINE for count in links),
        link_words=sum(links),
        words=count_words(text),
        consent_words=len(_CONSENT.findall(text)),
    )


def not_an_article(signs: Signs, length: int, longest: int) -> Kind | None:
    """Return the kind of page that this is, or ``None`` where it may be an article.

    Args:
        signs: What the page shows.
        length: The words of the text that was extracted from it.
        longest: The words of its longest paragraph.
    """
    short = length < _LONG
    rules = {
        Kind.ERROR: short and any(map(_ERROR.match, signs.titles)),
        Kind.LIVE: signs.updates >= _LIVE_UPDATES,
        Kind.GALLERY: short and bool(signs.types & _GALLERIES or _GALLERY_PATH.search(signs.path)),
        Kind.VIDEO: length < _SHORT and _is_video(signs),
        Kind.LOGIN: length < _SHORT and _is_login(signs),
        Kind.CONSENT: short and _is_consent(signs.measure) and not signs.declared,
        Kind.SECTION: _is_list(signs, length, longest) and not signs.declared,
    }
    return next((kind for kind, holds in rules.items() if holds), None)


def _is_login(signs: Signs) -> bool:
    # Many an article has a form to log in beside it; no log-in page says when it was published.
    return signs.measure.password and not signs.dated and not signs.declared


def _is_consent(found: Measure) -> bool:
    return found.words < 2 * _LONG and found.consent_words * _CONSENT_WORDS > found.words


def _is_video(signs: Signs) -> bool:
    return signs.og_type.startswith("video") or (
        "VideoObject" in signs.types and not any(map(is_article_type, signs.types))
    )


def _is_list(signs: Signs, length: int, longest: int) -> bool:
    found = signs.measure
    if found.headlines < _MANY_HEADLINES or length >= found.link_words:
        return False
    if signs.types & _LISTS or signs.path in {"", "/"}:
        return True
    return not signs.dated and longest < _TEASER
