"""What a person searches for, as the search index is asked it."""

import re
from dataclasses import dataclass

from storage.answers.selection import moment
from storage.errors import QueryError

SEPARATOR = "\x1f"

# Scripts written without spaces between words, and Hangul, whose words carry their particles.
_DENSE = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\u1b00-\u1b7f"
    "\u3005-\u3007\u3040-\u312f\u3130-\u318f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf"
    "\ua980-\ua9ff\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f"
    "\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
HAS_DENSE = re.compile(f"[{_DENSE}]")
# Between two letters of which one is dense; marks (not \w) stay with the letter they stand on.
_BOUNDARY = re.compile(rf"(?<=[{_DENSE}])(?=[^\W_])|(?<=[^\W_])(?=(?=[{_DENSE}])\w)")
CONTROLS = {code: " " for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
_TERM = re.compile(r'(-?(?:title:)?)"([^"]*)"?|(\S+)')
_FILTER = re.compile(r"(site|feed|language|since|until):(\S+)")
_CONDITIONS = {
    "site": "docs.site = ?",
    "feed": "docs.feed_id = ?",
    "language": "docs.language = ?",
    "since": "docs.dated_at >= ?",
    "until": "docs.dated_at < ?",
}
_LETTER = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search as the index is asked it: an FTS5 expression, conditions and their values."""

    match: str
    conditions: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


def asked(words: str) -> Asked:
    """Turn a person's words into what the index is asked; whatever they write, it is valid.

    All terms must be there: a word, ``"words in a row"``, ``begin*``; ``title:`` before one looks
    in titles alone; ``-term`` must not be there. ``site:``, ``feed:``, ``language:``, ``since:``
    and ``until:`` (a day or a time; not included) narrow what is found.

    Raises:
        QueryError: there is no word to look for, or a time is none.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    conditions: list[str] = []
    values: list[str] = []
    for found in _TERM.finditer(words.encode(errors="ignore").decode().translate(CONTROLS)):
        before, quoted, bare = found.groups()
        if bare is not None and (narrowing := _FILTER.fullmatch(bare)):
            name, value = narrowing.groups()
            conditions.append(_CONDITIONS[name])
            dated = name in ("since", "until")
            values.append(moment(value).isoformat() if dated else value)
            continue
        text: str = before + quoted if bare is None else bare
        excluded = text.startswith("-")
        text = text.removeprefix("-")
        in_title = text.startswith("title:")
        text = text.removeprefix("title:")
        if not _LETTER.search(text):
            continue
        prefix = bare is not None and text.endswith("*")
        phrase = segmented(text).replace('"', " ")
        column = "title : " if in_title else ""
        term = f'{column}"{phrase}"' + (" *" if prefix else "")
        (unwanted if excluded else wanted).append(term)
    if not wanted:
        raise QueryError("give at least one word to look for")
    match = " AND ".join(wanted)
    if unwanted:
        match = f"({match}) NOT ({' OR '.join(unwanted)})"
    return Asked(match=match, conditions=tuple(conditions), values=tuple(values))


def segmented(text: str) -> str:
    """Put the separator between letters that a space would not part."""
    return _BOUNDARY.sub(SEPARATOR, text) if HAS_DENSE.search(text) else text
