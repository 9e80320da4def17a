"""What every feed format needs to make an entry: fields cleaned, bounded, absolute."""

import re
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Final
from urllib.parse import urljoin

from ingest.text import clean_line, clean_text, safe_link
from ingest.types import ParsedEntry

MOST_ENTRIES: Final = 10_000
"""More than any feed has; a document with more is read as far as this."""

MAX_TAGS: Final = 64
MAX_NAME: Final = 200
MAX_GUID: Final = 1024

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_DIGEST: Final = 32


def absolute(link: object, base: str) -> str | None:
    """Return ``link`` as an absolute http(s) address, resolved against ``base``."""
    if not isinstance(link, str) or not link.strip():
        return None
    try:
        return safe_link(urljoin(base, clean_line(link)))
    except ValueError:
        return None


def names(values: Iterable[object]) -> tuple[str, ...]:
    """Return tags or people's names: cleaned, each once, in the order given, at most 64."""
    lines = (clean_line(value)[:MAX_NAME].strip() for value in values if isinstance(value, str))
    return tuple(dict.fromkeys(line for line in lines if line))[:MAX_TAGS]


def without_outlet(people: tuple[str, ...], outlet: str | None) -> tuple[str, ...]:
    """Return people's names but for one that is the outlet's."""
    return tuple(name for name in people if name.casefold() != (outlet or "").casefold())


def language_tag(value: object) -> str | None:
    """Return a language tag (BCP 47) in lower case, or ``None`` if the value is none."""
    tag = clean_line(value).replace("_", "-") if isinstance(value, str) else ""
    return tag.lower() if _LANGUAGE.fullmatch(tag) else None


def line(value: object) -> str | None:
    """Return a string on one line, or ``None`` if nothing is left of it."""
    return (clean_line(value) or None) if isinstance(value, str) else None


def block(value: object) -> str | None:
    """Return a string of several lines, or ``None`` if nothing is left of it."""
    return (clean_text(value).strip() or None) if isinstance(value, str) else None


def guid_of(own: object, link: str | None, *parts: str | None) -> str:
    """Return an entry's GUID: the feed's own, else the link, else a digest of its words."""
    guid = str(own) if isinstance(own, (str, int, float)) else ""
    guid = clean_line(guid) or link or f"sha256:{_digest(*parts)}"
    return guid if len(guid) <= MAX_GUID else f"sha256:{_digest(guid)}"


def told_apart(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """Return the entries with GUIDs that are unique, in the order given.

    Entries that share a GUID but neither link nor title are different ones under a GUID wrongly
    used again: all of them get a digest of link and title added to it, so that what an entry
    is called depends neither on its place nor on which of the others are still in the feed.
    The same entry given more than once is kept once, in its newest form.
    """
    newest: dict[tuple[str, str | None, str | None], ParsedEntry] = {}
    for entry in entries:
        key = (entry.guid, entry.link, entry.title)
        if key not in newest or _age(entry) > _age(newest[key]):
            newest[key] = entry
    uses: dict[str, int] = {}
    for guid, _, _ in newest:
        uses[guid] = uses.get(guid, 0) + 1
    return tuple(
        replace(entry, guid=f"{guid}#{_digest(link, title)}") if uses[guid] > 1 else entry
        for (guid, link, title), entry in newest.items()
    )


def _age(entry: ParsedEntry) -> tuple[str, str, str]:
    """What orders two forms of one entry, whichever came first in the document."""
    updated = entry.updated_at.isoformat() if entry.updated_at else ""
    published = entry.published_at.isoformat() if entry.published_at else ""
    return updated, published, _digest(entry.summary, entry.content, *entry.tags)


def _digest(*parts: str | None) -> str:
    joined = "\x00".join(part or "" for part in parts)
    return sha256(joined.encode("utf-8")).hexdigest()[:_DIGEST]
