"""What extraction leaves around an article, and the rules by which it goes.

Two kinds of rules. On the page's tree, before extraction: comment forms, known by their
structure. On the paragraphs, after it: repeats of the title, blocks that are links, and short
paragraphs of a few classes known by their words. Word rules hold only for short paragraphs
(``SHORT`` words), so that a real sentence of some length is never lost to them.
"""

# ruff: noqa: RUF001 - the words of other languages and their punctuation are meant

import re
from collections.abc import Iterable, Sequence
from typing import Final

from lxml.html import HtmlElement

from ingest.articles.language import count_words
from ingest.articles.paragraphs import Paragraph

SHORT: Final = 30
_LINKS: Final = 0.8
_LINK_WORDS: Final = 3
_TITLE_WITHIN: Final = 3
_KICKER: Final = 8
_CREDIT: Final = 15
_FORM_TEXT: Final = 600

# Names that WordPress, Drupal, Disqus and their many descendants give their comment forms.
_FORM_NAME: Final = re.compile(
    r"(?:^|\s)(?:respond|reply-?title|comment-?respond|(?:wp-)?comments?[-_]?(?:reply-)?form"
    r"(?:[-_]wrapper|[-_]container)?|reply[-_]?form|disqus_thread)(?:\s|$)",
    re.IGNORECASE,
)
_HOLDERS: Final = frozenset({"html", "body", "main", "article"})


def prune_comment_forms(tree: HtmlElement) -> None:
    """Remove comment forms from the tree, wherever they stand, in place.

    A comment form is an element named as one, or a ``form`` with a ``textarea``. What holds
    the article itself (some systems wrap the whole page in one form) stays.
    """
    forms = [element for element in tree.iter() if _is_comment_form(element)]
    dropped: set[HtmlElement] = set()
    for form in forms:
        if form.getparent() is None or any(above in dropped for above in form.iterancestors()):
            continue
        if not _holds_article(form):
            dropped.add(form)
    for form in dropped:
        form.drop_tree()


def _is_comment_form(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str):
        return False
    if element.tag == "form" and element.find(".//textarea") is not None:
        return True
    names = (element.get("id"), element.get("class"))
    return any(name is not None and _FORM_NAME.search(name) for name in names)


def _holds_article(element: HtmlElement) -> bool:
    if element.tag in _HOLDERS or element.find(".//h1") is not None:
        return True
    if element.find(".//article") is not None:
        return True
    return sum(len(p.text_content()) for p in element.iter("p")) > _FORM_TEXT


_COMMENT_FORM: Final = re.compile(
    r"""^(?:
      (?:leave|post|add|write)\ (?:a|your)\ (?:reply|comment)\b
    | (?:leave\ a\ reply|reply)$
    | your\ e-?mail\ address\ will\ not\ be\ published
    | required\ fields\ are\ marked
    | save\ my\ name,\ e-?mail
    | (?:you\ must|please)\ (?:be\ logged\ in|log\ ?in|sign\ in|register)\b.*\bcomment
    | schreibe?\ (?:einen|uns\ einen)\ kommentar | kommentar\ (?:schreiben|hinterlassen|verfassen)
    | (?:deine|ihre)\ e-mail-adresse\ wird\ nicht\ ver
    | laisser\ un\ commentaire | votre\ adresse\ e-?mail\ ne\ sera\ pas\ publi
    | deja\ (?:un\ comentario|una\ respuesta)
    | tu\ (?:dirección\ de\ )?correo\ electrónico\ no\ será\ publicad
    | lascia\ un\ commento | il\ tuo\ indirizzo\ email\ non\ sarà\ pubblicato
    | deixe\ (?:um|seu|uma)\ (?:comentário|resposta)
    | o\ seu\ endereço\ de\ e-?mail\ não\ será\ publicado
    | (?:geef|plaats|laat)\ een\ (?:reactie|antwoord) | je\ e-mailadres\ wordt\ niet
    | lämna\ ett\ svar | skriv\ en\ kommentar | legg\ (?:igjen|inn)\ en\ kommentar
    | dodaj\ komentarz | twój\ adres\ e-?mail\ nie\ zostanie
    | добавить\ комментарий | ваш\ (?:адрес\ )?e-?mail\ (?:адрес\ )?не\ будет\ опубликован
    | bir\ (?:yanıt|cevap)\ yazın | e-posta\ (?:adresiniz|hesabınız)\ yayı
    | اترك\ (?:تعليق|ردا?) | コメントを(?:残す|書く) | メールアドレスが公開されることはありません
    | 发表(?:评论|回复) | 發佈留言 | 댓글\ ?(?:남기기|쓰기|달기)
    )""",
    re.VERBOSE,
)

_NEWSLETTER: Final = re.compile(
    r"""^(?:
      (?:please\ )?(?:sign\ up|subscribe|register|get\ (?:the\ latest|our|all|more)|join)\b
      .*\b(?:newsletters?|inbox|e-?mails?|alerts|notifications|channel)\b
    | (?:jetzt\ )?(?:abonnieren|melden|jetzt)\b.*\bnewsletter
    | (?:suscr[ií]bete|suscríbase|inscrivez-vous|abonnez-vous|iscriviti|inscreva-se|assine)\b
      .*\b(?:bolet[ií]n|newsletter|infolettre|canale?)\b
    | подпи(?:шитесь|сывайтесь)\b
    )""",
    re.VERBOSE,
)

_PLATFORM: Final = (
    r"(?:facebook|twitter|instagram|whatsapp|telegram|google\ news|youtube|tiktok|linkedin|"
    r"threads|bluesky|mastodon)"
)
_FOLLOW: Final = re.compile(
    rf"""^(?:
      (?:follow|like|join|find|share|folgen|folge|teilen|suivez|partagez|s[ií]guenos|sigue|síganos|
         comparte|compartir|segui|seguici|condividi|siga|compartilhe|volg|følg|följ|śledź|
         следите|читайте|поделиться)\b
      .*\b{_PLATFORM}
    | (?:share|teilen|partager|compartir|condividi|compartilhar|del|dela|delen|udostępnij
         |поделиться)
      (?:\ (?:this|on|auf|sur|en|su|op|article|story|post|artikel|via))*\W*$
    | 分享(?:到|让更多人看到).*
    )""",
    re.VERBOSE,
)

_RELATED: Final = re.compile(
    r"""^\W*(?:
      read\ (?:more|also|next|this)(?:\ (?:on|from|about)\ [^:]{1,40})? | also\ read | see\ also
    | related(?:\ (?:articles?|stories|news|posts?|content|links?|topics?))?
    | more\ (?:on|about)\ this(?:\ (?:story|topic))?
    | recommended(?:\ (?:for\ you|stories|reading))?
    | lesen\ sie\ (?:auch|hier|dazu|mehr) | lesen\ sie\ dazu\ auch | mehr\ zum\ thema
    | auch\ interessant | das\ könnte\ sie\ auch\ interessieren
    | (?:à\ )?lire\ (?:aussi|également) | sur\ le\ même\ sujet
    | (?:lea|lee|leer|ver)\ (?:también|más) | te\ puede\ interesar
    | leggi\ anche | leia\ (?:também|mais) | veja\ também
    | les\ også | læs\ også | läs\ (?:mer|också|även) | lees\ (?:ook|meer)
    | (?:prze)?czytaj\ (?:też|także|również|więcej) | čtěte\ také
    | читайте\ также | по\ теме | ayrıca\ okuyun | اقرأ\ أيض[اً]+
    | 関連記事 | 相关(?:阅读|新闻|报道) | 相關(?:閱讀|新聞) | 관련\ ?기사
    )\s*(?:[:：|»>›→–-].*|\W*)$""",
    re.VERBOSE,
)

_LABEL: Final = re.compile(
    r"""^\W*(?:
      advertisements?|sponsored(?:\ content)?|article\ content|story\ continues\ below.*
    | article\ continues\ (?:below|after).*|loading|werbung|anzeige|publicidad|publicité|pubblicità
    | publicidade|annons|annonse|advertentie|reklama|реклама|reklam|広告|广告|廣告|광고
    | (?:skip|jump)\ to\ (?:content|main\ content)|go\ to\ accessibility\ shortcuts
    )\W*$""",
    re.VERBOSE,
)

_RIGHTS: Final = re.compile(
    r"^(?:©|\(c\)\s|copyright\b|all rights reserved|alle rechte vorbehalten|"
    r"tous droits réservés|todos los derechos reservados|tutti i diritti riservati|"
    r"todos os direitos reservados|все права защищены|無断転載|版权所有)"
)

# What WordPress appends to each entry of its feeds.
_FEED_FOOTER: Final = re.compile(
    r"^the post .{1,300} (?:first appeared|appeared first) on "
    r"|^continue reading\b|^\[(?:…|\.\.\.)\]$"
)

_CREDIT_LINE: Final = re.compile(
    r"^\W?(?:photo|foto|bild|image|picture|credit|crédito|photo credit|image credit|photo by|"
    r"fotograf|фото|写真|사진|图片来源)\s?[:：/]"
)

_STOCK_PHRASES: Final = (
    _COMMENT_FORM,
    _NEWSLETTER,
    _FOLLOW,
    _RELATED,
    _LABEL,
    _RIGHTS,
    _FEED_FOOTER,
)


def drop_residue(found: Sequence[Paragraph], titles: Iterable[str]) -> tuple[Paragraph, ...]:
    """Return the paragraphs that are the article's own.

    Args:
        found: The extracted paragraphs in order.
        titles: The titles the page gives itself; a repeat near the top is dropped.
    """
    headlines = [key for key in map(_key, titles) if key]
    ended = _comment_form_start(found)
    kept = [
        paragraph
        for index, paragraph in enumerate(found[:ended])
        if not (index < _TITLE_WITHIN and _is_title(paragraph, headlines))
        and not _is_links(paragraph)
        and not _is_stock_phrase(paragraph)
    ]
    while kept and (kept[-1].heading or _is_short_link(kept[-1])):
        kept.pop()  # a heading with nothing left under it, a link of a word or two
    start = next((i for i, paragraph in enumerate(kept) if not _is_short_link(paragraph)), 0)
    return tuple(kept[start:])


def _key(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _is_title(paragraph: Paragraph, headlines: Sequence[str]) -> bool:
    # Many sites put a kicker before the headline in the same heading.
    key = _key(paragraph.text)
    return any(
        key == headline
        or (
            key.endswith(headline)
            and count_words(headline) >= _LINK_WORDS
            and count_words(key) - count_words(headline) <= _KICKER
        )
        for headline in headlines
    )


def _is_short_link(paragraph: Paragraph) -> bool:
    # A long linked text is a linked sentence.
    return paragraph.links >= _LINKS and count_words(paragraph.text) <= SHORT


def _is_links(paragraph: Paragraph) -> bool:
    # One or two linked words amid the text may be a name in a list.
    return _is_short_link(paragraph) and count_words(paragraph.text) >= _LINK_WORDS


def _is_stock_phrase(paragraph: Paragraph) -> bool:
    words = count_words(paragraph.text)
    if words > SHORT:
        return False
    text = paragraph.text.casefold()
    if words <= _CREDIT and _CREDIT_LINE.match(text):
        return True
    return any(rule.match(text) for rule in _STOCK_PHRASES)


def _comment_form_start(found: Sequence[Paragraph]) -> int:
    # Field labels follow a form's first words; nothing long does, or it was no form.
    for index, paragraph in enumerate(found):
        if _COMMENT_FORM.match(paragraph.text.casefold()) and all(
            count_words(after.text) <= SHORT for after in found[index:]
        ):
            return index
    return len(found)
