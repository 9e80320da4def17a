"""Short paragraphs that are no part of an article, known by their words in many languages.

A class of residue has one pattern. A pattern is anchored at the paragraph's start and tells residue
from a sentence that begins alike: by what must follow, or by nothing following.
"""

# ruff: noqa: RUF001 - the words of other languages and their punctuation are meant

import re
from typing import Final

_COMMENT_FORM: Final = r"""(?:
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
    )"""
COMMENT_FORM: Final = re.compile(f"^{_COMMENT_FORM}", re.VERBOSE)
WITHIN_COMMENT_FORM: Final = re.compile(_COMMENT_FORM, re.VERBOSE)
"""The words of a comment form anywhere, for a page that has no other text."""

_NEWSLETTER: Final = re.compile(
    r"""^(?:
      (?:please\ )?(?:sign\ up|subscribe|register|get\ (?:the\ latest|our|all|more)|join)\b
      .*\b(?:newsletters?|inbox|e-?mails?|alerts|notifications|channel)\b
    | (?=.*\b(?:newsletters?|inbox)\b).*\b(?:sign[-\ ]?up|subscrib|delivered|receive|abonn|anmeld
      |informiert|bestell|suscr[ií]b|inscri|iscriv|assine|zapisz|prenumer|aanmeld|tilmeld|meld\ deg)
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

# Who wrote with the author, where the text was before, when it was touched.
_CREDITS: Final = re.compile(
    r"""^(?:
      (?:additional\ )?reporting\ (?:by|from)\b | (?:edited|compiled|translated)\ by\b
    | .{0,200}\bcontributed\ to\ this\ (?:report|article|story)\b
    | this\ (?:story|article|report)\ (?:was|is|has\ been)\ (?:first\ |originally\ )?
      (?:published|updated|produced|translated|corrected)\b
    | updated?\ (?:at|on)\b | (?:mit|quellen?:)\ (?:\w+/)*(?:dpa|afp|reuters|sid|apa|material)\b
    | avec\ (?:afp|reuters)\b | \(?con\ información\ de\b
    )""",
    re.VERBOSE,
)

# What stands where a text is cut for those who do not pay.
_PAYWALL: Final = re.compile(
    r"""^(?:
      il\ vous\ reste\ \d | .*\bréservée?s?\ aux\ abonnés
    | this\ article\ is\ (?:only\ )?for\ subscribers | (?:to\ )?(?:continue|keep)\ reading\b
    | subscribe\ (?:to|now)\b | already\ a\ (?:subscriber|member)\b
    | (?:dieser|der)\ (?:artikel|text|beitrag)\ ist\ .*\babonnent
    | jetzt\ weiterlesen | weiterlesen\ mit\b
    | (?:contenido|artículo)\ (?:exclusivo|solo)\ para\ suscriptores | contenuto\ riservato
    | этот\ материал\ доступен\ только | この記事は(?:有料)?会員限定 | 残り\s?\d+\s?文字
    )""",
    re.VERBOSE,
)

# The outlet speaks to the reader instead of telling the news.
_INVITATION: Final = re.compile(
    r"""^(?:
      this\ is\ a\ (?:breaking|developing)\ (?:news\ )?story | more\ (?:to\ follow|follows)\b
    | you\ must\ .*\bcomment(?:ing|s)?\b | please\ log\ ?out\ and\b
    | join\ (?:our\ commenting|the\ (?:conversation|discussion)|thought-provoking)\b
    | (?:have|got|do\ you\ have)\ an?\ (?:news\ )?(?:tip|story)\b
    | for\ (?:more|all)\ (?:the\ )?(?:latest|stories|news)\b | read\ the\ (?:full|original)\b
    | check\ out\ our\b | listen\ (?:to\ .*\blive|back|live)\b | watch(?:\ live)?:
    | (?:did\ you\ like|was)\ this\ (?:article|story)\b
    | hat\ (?:ihnen|dir|euch)\ dieser\ artikel\ gefallen
    | haben\ sie\ (?:fragen|hinweise|anregungen)\b
    | cet\ article\ vous\ a\ (?:plu|intéressé) | ¿te\ (?:ha\ gustado|gustó)\ este
    | ti\ è\ piaciuto\ questo | gostou\ (?:da|desta|deste)\b
    )""",
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

CREDIT_LINE: Final = re.compile(
    r"^\W?(?:photo|foto|bild|image|picture|credit|crédito|photo credit|image credit|photo by|"
    r"fotograf|фото|写真|사진|图片来源)\s?[:：/]"
)

STOCK_PHRASES: Final = {
    "comment form": COMMENT_FORM,
    "newsletter": _NEWSLETTER,
    "follow us": _FOLLOW,
    "related articles": _RELATED,
    "label": _LABEL,
    "credits": _CREDITS,
    "paywall": _PAYWALL,
    "invitation": _INVITATION,
    "rights": _RIGHTS,
    "feed footer": _FEED_FOOTER,
}
"""The classes of residue by name; each pattern is for case-folded text."""
