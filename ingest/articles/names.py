"""Names: of authors, of outlets, and titles without the outlet's name."""

# ruff: noqa: RUF001 - full-width and typographic separators are meant

import html
import re
from collections.abc import Iterable
from typing import Final

from ingest.text import clean_line

_BYLINE: Final = re.compile(
    r"^(?:(?:written|posted|reported|published)?\s*by|text|autore?|auteur|author)\b\s*:?\s*"
    r"|^(?:von|por|par|av|af|door)\s+(?=[A-ZÀ-ÞА-Я])"
    r"|^(?:автор|作者|文)\s*[:：]\s*",
    re.IGNORECASE,
)
_LOWER_PARTICLE: Final = re.compile(r"^(?:von|av|af)\s+(?:der|den|dem|der|zu)\b")
_JOINED: Final = re.compile(r"\s*[;|•、]\s*|\s+(?:and|und|et|y|och|og|en|&|with|mit)\s+|\s+/\s+")
_NOT_A_NAME: Final = re.compile(
    r"https?:|www\.|@|[<>{}()\[\]]|\d{3}|\.(?:com|org|net|de|at|html)\b"
)
_ROLE: Final = frozenset(
    {"admin", "administrator", "staff", "editor", "editorial", "redaktion", "newsroom", "author"}
    | {"unknown", "anonymous", "null", "none", "undefined", "staffwriter", "redaction", "редакция"}
    | {"webdesk", "newsdesk", "redacción", "redacao", "redação", "redazione", "rédaction", "nan"}
)
_NO_LETTER: Final = re.compile(r"[\W_]+")
_LONGEST: Final = 60
_LONGEST_VALUE: Final = 1_000
_MOST_WORDS: Final = 6
_MOST: Final = 12
_SEPARATOR: Final = re.compile(r"\s+[-–—|·•»:]+\s+|\s*[|｜]\s*|\s+::\s+")
_TAG: Final = re.compile(r"<[^<>]{0,200}>")


def squash(text: str) -> str:
    """Return a name's letters and digits alone, case folded: the form in which names compare."""
    return _NO_LETTER.sub("", text.casefold())


def plain(text: str) -> str:
    """Return one line of text from a value that may hold entities and tags."""
    return clean_line(_TAG.sub(" ", html.unescape(text)))


def author_names(values: Iterable[str], outlets: frozenset[str]) -> tuple[str, ...]:
    """Return the names of people in what pages give as authors, each once, in order.

    Several names in one value are parted; "By", links, mail addresses, roles and the
    outlet's own name (``outlets``, squashed) are left out.
    """
    names: dict[str, str] = {}
    for value in values:
        for piece in _pieces(plain(value)[:_LONGEST_VALUE]):
            key = squash(piece)
            if key and _is_name(piece, key, outlets):
                names.setdefault(key, piece)
    return tuple(names.values())[:_MOST]


def _pieces(value: str) -> list[str]:
    found = []
    for part in _JOINED.split(_without_byline(value)):
        commas = [piece.strip() for piece in part.split(",") if piece.strip()]
        # "Ann Lee, Bo Ek" are two; "Lee, Ann" is one; "Ann Lee, Reuters" is one with a place.
        if len(commas) > 1 and " " not in commas[0]:
            found.append(part.strip())
        else:
            found.extend(piece for index, piece in enumerate(commas) if index == 0 or " " in piece)
    return [_without_byline(piece).strip(" .,-–—") for piece in found]


def _without_byline(value: str) -> str:
    return value if _LOWER_PARTICLE.match(value) else _BYLINE.sub("", value, count=1)


def _is_name(name: str, key: str, outlets: frozenset[str]) -> bool:
    return (
        len(name) <= _LONGEST
        and len(name.split()) <= _MOST_WORDS
        and any(character.isalpha() for character in name)
        and not _NOT_A_NAME.search(name.casefold())
        and key not in _ROLE
        and key not in outlets
    )


def without_site(title: str, outlets: frozenset[str], headlines: Iterable[str] = ()) -> str:
    """Return a title without the outlet's name at its end or start.

    What stands after the last separator (or before the first) is dropped when it is the
    outlet's name, or when the rest is the page's own headline.

    Args:
        title: The title as the page gives it.
        outlets: Names of the outlet, squashed.
        headlines: Headings of the page.
    """
    known = {squash(headline) for headline in headlines} - {""}
    breaks = list(_SEPARATOR.finditer(title))
    for found in reversed(breaks):
        head, tail = title[: found.start()].strip(), title[found.end() :].strip()
        if head and (squash(tail) in outlets or squash(head) in known):
            return without_site(head, outlets, headlines)
    if breaks:
        head, tail = title[: breaks[0].start()].strip(), title[breaks[0].end() :].strip()
        if tail and squash(head) in outlets:
            return tail
    return title
